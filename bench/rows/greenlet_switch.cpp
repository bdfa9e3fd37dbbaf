// SPDX-License-Identifier: BSL-1.0
#include "rows/greenlet_switch.hpp"

#include <cstddef>
#include <vector>

#include <greenway/runtime/greenlet.hpp>
#include <greenway/runtime/stack.hpp>

namespace greenway::bench {

namespace {

// A scheduler's greenlets find it in one place for all, not each on a stack that has left the cache.
Greenlet scheduler;

/// @return A greenlet that rests, and whenever it is switched to switches back at once.
Greenlet make_returning() {
  Greenlet other([] {
    for (;;) {
      scheduler.switch_to();
    }
  });
  other.switch_to();
  return other;
}

}  // namespace

void greenlet_round_trip(benchmark::State& state) {
  // As the rival's, the stack is new: jump_fcontext keeps each stack's floating-point flags, and where those of two stacks
  // differ, as they do once one of them has rounded, a switch costs 50 ns more.
  release_idle_stacks();
  scheduler = Greenlet::current();
  const Greenlet other = make_returning();
  for (auto _ : state) {
    other.switch_to();
  }
}

void greenlet_round_trip_of_10k(benchmark::State& state) {
  scheduler = Greenlet::current();
  std::vector<Greenlet> others;
  for (int i = 0; i < 10'000; ++i) {
    others.push_back(make_returning());
  }
  std::size_t next = 0;
  for (auto _ : state) {
    others[next].switch_to();
    next = next + 1 == others.size() ? 0 : next + 1;
  }
}

}  // namespace greenway::bench
