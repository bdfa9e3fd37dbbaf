// SPDX-License-Identifier: BSL-1.0
#include "rivals/boost_context.hpp"

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include <boost/context/fiber.hpp>
#include <boost/context/pooled_fixedsize_stack.hpp>

namespace greenway::bench {

namespace context = boost::context;

namespace {

context::fiber return_at_once(context::fiber&& caller) {
  for (;;) {
    caller = std::move(caller).resume();
  }
}

}  // namespace

void boost_context_round_trip(benchmark::State& state) {
  context::fiber other(return_at_once);
  for (auto _ : state) {
    other = std::move(other).resume();
  }
}

void boost_context_round_trip_of_10k(benchmark::State& state) {
  std::vector<context::fiber> others;
  for (int i = 0; i < 10'000; ++i) {
    others.push_back(context::fiber(return_at_once).resume());
  }
  std::size_t next = 0;
  for (auto _ : state) {
    others[next] = std::move(others[next]).resume();
    next = next + 1 == others.size() ? 0 : next + 1;
  }
}

void boost_context_pooled_spawn(benchmark::State& state) {
  context::pooled_fixedsize_stack stacks;
  for (auto _ : state) {
    context::fiber(std::allocator_arg, stacks, [](context::fiber&& caller) { return std::move(caller); }).resume();
  }
}

}  // namespace greenway::bench
