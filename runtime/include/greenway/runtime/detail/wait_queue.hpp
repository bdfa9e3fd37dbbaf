// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/detail/wait_queue.hpp
/// @brief Greenlets and threads that wait for the same thing, in the order of their arrival.

#include <mutex>

#include <greenway/runtime/deadline.hpp>
#include <greenway/runtime/wait_reason.hpp>
#include <greenway/runtime/waiter.hpp>

namespace greenway::detail {

/// A FIFO of waiters. Every function is called with the lock held that guards what is waited for.
///
/// Being served is one step: whoever serves takes the waiter out, and from then on it has got what it waited for, even if
/// it is cancelled or its deadline passes at the same moment. So nothing is handed to somebody who has left.
class WaitQueue {
 public:
  WaitQueue() noexcept = default;
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;

  /// Waits at the end of the queue, with the lock released meanwhile.
  /// @param lock      Held; held again afterwards, also when it throws.
  /// @param deadline  Until when at most.
  /// @param reason    What for.
  /// @return Whether the caller was served; false when the deadline passed first.
  /// @throws Cancelled, WouldBlockLoop  As Waiter::wait; the caller was not served.
  bool wait(std::unique_lock<std::mutex>& lock, Deadline deadline, WaitReason reason = {});

  /// Serves the first.
  /// @return Whether there was one.
  bool serve_one() noexcept;

  /// @return Whether nobody waits.
  [[nodiscard]] bool is_empty() const noexcept { return first_ == nullptr; }

 private:
  struct Place;
  void unlink(Place& place) noexcept;

  Place* first_ = nullptr;
  Place* last_ = nullptr;
};

}  // namespace greenway::detail
