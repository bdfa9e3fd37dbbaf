// SPDX-License-Identifier: BSL-1.0
#include "rivals/boost_fiber.hpp"

#include "row.hpp"

#if defined(GREENWAY_BENCH_BOOST_FIBER)

#include <boost/fiber/fiber.hpp>
#include <boost/fiber/operations.hpp>

namespace greenway::bench {

void boost_fiber_round_trip(benchmark::State& state) {
  bool is_done = false;
  boost::fibers::fiber other([&is_done] {
    while (!is_done) {
      boost::this_fiber::yield();
    }
  });
  for (auto _ : state) {
    boost::this_fiber::yield();
  }
  is_done = true;
  other.join();
}

}  // namespace greenway::bench

#else

namespace greenway::bench {

void boost_fiber_round_trip(benchmark::State&) {
  throw NotMeasured("Boost.Fiber was not installed when greenway-bench was built");
}

}  // namespace greenway::bench

#endif
