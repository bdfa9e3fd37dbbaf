// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/stack_use.hpp
/// @brief How deep greenlets go: what StackOptions::size_bytes has to be.
///
/// Layer: runtime. All figures are whole pages, and count from the top of the stack to the lowest page that was touched.

#include <cstddef>
#include <vector>

#include <greenway/runtime/greenlet.hpp>

namespace greenway {

/// @param greenlet  One of this thread.
/// @return How many bytes of its stack have been touched; 0 for one that has no stack, because it is fresh, dead, a main
///         greenlet or none. Stacks are used again, so this includes what earlier greenlets touched of the same one, unless
///         it started while sample_stack_use() was on.
/// @throws GreenletError  It belongs to another thread.
[[nodiscard]] std::size_t stack_high_water(const Greenlet& greenlet);

/// What the greenlets that were made at one place in the program have used of their stacks.
struct StackUse {
  const void* spawned_at = nullptr;  ///< The code that made them: see describe_code().
  std::size_t greenlets = 0;         ///< So many have ended while stacks were sampled.
  std::size_t size_bytes = 0;        ///< The largest stack that one of them had.
  std::size_t high_water_bytes = 0;  ///< The most that one of them touched.
};

/// Measures the stack of each greenlet of this thread when it ends, from now on or no longer. Off at first, and then it
/// costs nothing. While it is on, each end takes some microseconds and leaves the stack with one page.
/// @param on  Whether to. Switched on it begins anew; switched off it keeps what was collected.
void sample_stack_use(bool on);

/// @return What has been collected on this thread, the place that needs most first.
[[nodiscard]] std::vector<StackUse> stack_use();

}  // namespace greenway
