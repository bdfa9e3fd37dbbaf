// SPDX-License-Identifier: BSL-1.0
#include "rivals/boost_context.hpp"
#include "rivals/boost_fiber.hpp"
#include "rows/greenlet_switch.hpp"
#include "rows/rows.hpp"
#include "timed_row.hpp"

namespace greenway::bench {

Family switch_rows() {
  return {
#if defined(GREENWAY_SWITCH_NATIVE)
    timed_row("switch/greenway/native", greenlet_round_trip),
        timed_row("switch/greenway/boost", greenway_on_boost::bench::greenlet_round_trip),
#else
    unmeasured_row("switch/greenway/native", "greenway-bench was built with GREENWAY_SWITCH=boost"),
        timed_row("switch/greenway/boost", greenlet_round_trip),
#endif
        timed_row("switch/boost_context", boost_context_round_trip),
        timed_row("switch/boost_fiber", boost_fiber_round_trip),
  };
}

Family switch_10k_rows() {
  return {
#if defined(GREENWAY_SWITCH_NATIVE)
    timed_row("switch_10k/greenway/native", greenlet_round_trip_of_10k),
        timed_row("switch_10k/greenway/boost", greenway_on_boost::bench::greenlet_round_trip_of_10k),
#else
    unmeasured_row("switch_10k/greenway/native", "greenway-bench was built with GREENWAY_SWITCH=boost"),
        timed_row("switch_10k/greenway/boost", greenlet_round_trip_of_10k),
#endif
        timed_row("switch_10k/boost_context", boost_context_round_trip_of_10k),
  };
}

}  // namespace greenway::bench
