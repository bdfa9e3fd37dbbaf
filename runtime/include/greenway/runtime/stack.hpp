// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/stack.hpp
/// @brief How much stack a greenlet gets, and where it comes from.
///
/// Layer: runtime.

#include <cstddef>

namespace greenway {

/// The stack of a greenlet. Plain data: start from the defaults, set what differs.
struct StackOptions {
  /// Usable bytes of address space, rounded up to a power of two, at least 16 KiB. Memory is committed page by page as
  /// it is touched, so a larger stack costs nothing until it is used. Under a sanitizer four times as much is mapped.
  std::size_t size_bytes = 256 * 1024;
};

/// What the stacks of this thread amount to now.
struct StackUsage {
  std::size_t mapped = 0;  ///< Stacks that exist.
  std::size_t idle = 0;    ///< Of those, how many wait for their next greenlet.
};

/// @return The usage of this thread's pool.
[[nodiscard]] StackUsage stack_usage() noexcept;

}  // namespace greenway
