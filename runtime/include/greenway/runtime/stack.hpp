// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/stack.hpp
/// @brief How much stack a greenlet gets, and where it comes from.
///
/// Layer: runtime.

#include <cstddef>

namespace greenway {

/// The stack of a greenlet. Plain data: start from the defaults, set what differs.
///
/// @par Overflow
/// The page below each stack is a guard: touching it ends the process by SIGSEGV (report_stack_overflows() says who did).
/// A frame of more than a page can step over it, unless it is compiled with `-fstack-clash-protection`. Guards are marks in
/// the page table where the kernel has them (Linux 6.13), so that a million stacks are a few memory maps; elsewhere each
/// takes two of the `vm.max_map_count` maps that a process may have, 65,530 by default, of which a sixteenth is left to the
/// rest of the program. The environment variable
/// `GREENWAY_STACK_GUARD`, read at the first stack, forces the one or the other: `madvise` or `mprotect`. Any other value,
/// or `madvise` where the kernel has it not, makes each first switch throw ArgumentError.
///
/// @par Cost
/// A greenlet that rests holds one page of memory, and 520 bytes of page tables where a page has 4 KiB.
struct StackOptions {
  /// Usable bytes of address space, rounded up to a power of two, at least 16 KiB. Memory is committed page by page as
  /// it is touched, so a larger stack costs nothing until it is used. Under a sanitizer four times as much is mapped.
  std::size_t size_bytes = 256 * 1024;
};

/// What the stacks of this thread amount to now.
struct StackUsage {
  std::size_t mapped = 0;  ///< Stacks that exist, and may hold memory.
  std::size_t idle = 0;    ///< Of those, how many wait for their next greenlet.
};

/// @return The usage of this thread's pool.
[[nodiscard]] StackUsage stack_usage() noexcept;

/// What a thread keeps of the stacks that no greenlet uses. Plain data.
struct StackLimits {
  /// So many idle stacks of each size keep their memory, all that their greenlets have touched, for the next ones. When
  /// there are more, the memory of those that were used least recently is given back to the system, 64 at a time, by the
  /// greenlet whose end made them too many. Each size keeps up to 128 in any case.
  std::size_t idle_kept = 1024;
};

/// Sets the limits of all threads, from now on. What is idle already is given back as further greenlets end, or by
/// release_idle_stacks().
/// @param limits  See there.
void set_stack_limits(StackLimits limits) noexcept;

/// @return The limits in force.
[[nodiscard]] StackLimits stack_limits() noexcept;

/// Gives the memory of all stacks of this thread that no greenlet uses back to the system, after a burst for instance. The
/// greenlets that come next pay for a page each, as the first ones did. Where the system refuses a new stack this is done
/// before ResourceExhausted is thrown.
void release_idle_stacks() noexcept;

}  // namespace greenway
