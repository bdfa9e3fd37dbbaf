// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/event.hpp
/// @brief Something that happens once, or until it is cleared, and that greenlets and threads wait for.
///
/// Layer: runtime. Source: Python's `asyncio.Event`.

#include <mutex>

#include <greenway/runtime/deadline.hpp>
#include <greenway/runtime/detail/wait_queue.hpp>

namespace greenway {

/// A flag that can be waited for.
///
/// @par Threads
/// Any greenlets and threads, of any loops.
class Event {
 public:
  /// Sets the flag and wakes all that wait.
  void set() noexcept;
  /// Clears the flag.
  void clear() noexcept;
  /// @return Whether the flag is set.
  [[nodiscard]] bool is_set() const noexcept;
  /// Waits until the flag is set. One that is cleared again at once has been set all the same.
  /// @param deadline  Until when at most.
  /// @throws TimeoutError, Cancelled, WouldBlockLoop  It was not.
  void wait(Deadline deadline = {});

 private:
  mutable std::mutex mutex_;
  bool is_set_ = false;
  detail::WaitQueue waiters_;
};

}  // namespace greenway
