// SPDX-License-Identifier: BSL-1.0
#include <greenway/runtime/counters.hpp>

#include "census.hpp"
#include "hub.hpp"

namespace greenway {

namespace detail {

void add_counters(RuntimeCounters& sum, const Hub& hub) noexcept {
  sum.spawned += hub.counts.spawned.value();
  sum.resumed += hub.counts.resumed.value();
  sum.suspended += hub.counts.suspended.value();
  sum.offloaded += hub.counts.offloaded.value();
  const StackUsage stacks = hub.stacks.usage();
  sum.stacks_mapped += stacks.mapped;
  sum.stacks_idle += stacks.idle;
  ++sum.threads;
}

}  // namespace detail

RuntimeCounters runtime_counters() {
  RuntimeCounters sum = detail::counters_of_ended_threads();
  sum.woken_from_afar = detail::wakes_from_afar.load(std::memory_order_relaxed);
  detail::for_each_hub([&](detail::Hub& hub) { detail::add_counters(sum, hub); });
  return sum;
}

RuntimeCounters thread_counters() {
  RuntimeCounters own;
  detail::add_counters(own, detail::this_hub());
  return own;
}

}  // namespace greenway
