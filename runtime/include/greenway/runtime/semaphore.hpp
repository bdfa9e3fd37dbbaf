// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/semaphore.hpp
/// @brief So many at a time: a semaphore for greenlets and threads alike.
///
/// Layer: runtime. Like everything in this family (Mutex, Condition, Event, Channel) it may be made before any loop
/// exists, serves in the order of arrival, and loses nothing to a waiter that is cancelled or times out.

#include <cstddef>
#include <mutex>

#include <greenway/runtime/deadline.hpp>
#include <greenway/runtime/detail/wait_queue.hpp>

namespace greenway {

/// A number of permits. Whoever waits gets the next one that is released, in FIFO order: nobody barges in.
///
/// @par Threads
/// Any greenlets and threads, of any loops.
class Semaphore {
 public:
  /// @param permits  At the beginning.
  explicit Semaphore(std::size_t permits) noexcept : permits_(permits) {}

  /// Takes a permit, and waits for one if there is none.
  /// @param deadline  Until when at most.
  /// @throws TimeoutError, Cancelled, WouldBlockLoop  No permit was taken.
  void acquire(Deadline deadline = {});

  /// Takes a permit if there is one now.
  /// @return Whether it was taken.
  [[nodiscard]] bool try_acquire() noexcept;

  /// Gives a permit back, or one more than there were.
  void release() noexcept;

 private:
  friend class Mutex;
  Semaphore(std::size_t permits, WaitKind kind) noexcept : permits_(permits), kind_(kind) {}

  std::mutex mutex_;
  std::size_t permits_;
  WaitKind kind_ = WaitKind::semaphore;  // or what this is the inside of
  detail::WaitQueue waiters_;
};

}  // namespace greenway
