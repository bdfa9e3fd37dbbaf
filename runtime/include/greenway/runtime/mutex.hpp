// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/mutex.hpp
/// @brief Mutual exclusion that may be held across a wait, for greenlets and threads alike; and its condition variable.
///
/// Layer: runtime. A `std::mutex` must not be held across a suspension: the greenlet that would unlock it may be the one
/// that the blocked thread has to run.

#include <mutex>

#include <greenway/runtime/deadline.hpp>
#include <greenway/runtime/detail/wait_queue.hpp>
#include <greenway/runtime/semaphore.hpp>

namespace greenway {

/// A lock: works with `std::lock_guard` and `std::unique_lock`. Handed over in FIFO order, not recursive, and not bound to
/// a thread: whoever holds it may let somebody else unlock it.
class Mutex {
 public:
  /// Unlocked.
  Mutex() noexcept : permit_(1, WaitKind::mutex) {}

  /// Waits until the mutex is the caller's.
  /// @throws Cancelled, WouldBlockLoop  It is not.
  void lock() { permit_.acquire(); }
  /// As lock(), with a bound.
  /// @param deadline  Until when at most.
  /// @throws TimeoutError, Cancelled, WouldBlockLoop  It is not the caller's.
  void lock(Deadline deadline) { permit_.acquire(deadline); }
  /// @return Whether the mutex was free, and is the caller's now.
  [[nodiscard]] bool try_lock() noexcept { return permit_.try_acquire(); }
  /// Hands it to the next who waits.
  void unlock() noexcept { permit_.release(); }

 private:
  Semaphore permit_;
};

/// A condition variable for Mutex.
class Condition {
 public:
  /// Releases the lock, waits for a notification, and takes the lock again: also when it throws.
  /// @param lock      Held.
  /// @param deadline  Until when at most; for the notification, not for taking the lock again.
  /// @return Whether it was notified; false when the deadline passed first.
  /// @throws Cancelled  The scope around the caller was cancelled; the lock is held.
  bool wait(std::unique_lock<Mutex>& lock, Deadline deadline = {});

  /// As above, until `is_true()`.
  /// @param lock      Held; held too when `is_true` is called.
  /// @param is_true   What is waited for.
  /// @param deadline  Until when at most.
  /// @return What `is_true()` returned last.
  /// @throws Cancelled  As above.
  template <class Predicate>
  bool wait(std::unique_lock<Mutex>& lock, Predicate is_true, Deadline deadline = {}) {
    while (!is_true()) {
      if (!wait(lock, deadline)) {
        return is_true();
      }
    }
    return true;
  }

  /// Notifies the one that has waited longest.
  void notify_one() noexcept;
  /// Notifies all that wait now.
  void notify_all() noexcept;

 private:
  std::mutex mutex_;
  detail::WaitQueue waiters_;
};

}  // namespace greenway
