// SPDX-License-Identifier: BSL-1.0
#include <greenway/base/error.hpp>
#include <greenway/runtime/cancel.hpp>
#include <greenway/runtime/channel.hpp>
#include <greenway/runtime/event.hpp>
#include <greenway/runtime/mutex.hpp>
#include <greenway/runtime/semaphore.hpp>

namespace greenway {

void Semaphore::acquire(Deadline deadline) {
  std::unique_lock lock(mutex_);
  if (permits_ != 0) {
    --permits_;
  } else if (!waiters_.wait(lock, deadline, WaitReason(kind_, this))) {
    throw TimeoutError("no permit of a semaphore, or no mutex, was to be had before the deadline");
  }
}

bool Semaphore::try_acquire() noexcept {
  const std::lock_guard lock(mutex_);
  if (permits_ == 0) {
    return false;
  }
  --permits_;
  return true;
}

void Semaphore::release() noexcept {
  const std::lock_guard lock(mutex_);
  // Straight to the next who waits: a permit that were free for a moment could be taken by somebody who came later.
  if (!waiters_.serve_one()) {
    ++permits_;
  }
}

bool Condition::wait(std::unique_lock<Mutex>& lock, Deadline deadline) {
  std::unique_lock own(mutex_);
  lock.unlock();
  struct Relock {
    std::unique_lock<std::mutex>& own;
    std::unique_lock<Mutex>& lock;
    ~Relock() noexcept(false) {
      own.unlock();
      // Nobody may leave without the lock, cancelled or not.
      struct Unbounded : CancelScope {
        Unbounded() noexcept : CancelScope(Deadline(), true) {}
      };
      const Unbounded shield;
      lock.lock();
    }
  };
  const Relock relock{own, lock};
  return waiters_.wait(own, deadline, WaitReason(WaitKind::condition, this));
}

void Condition::notify_one() noexcept {
  const std::lock_guard lock(mutex_);
  waiters_.serve_one();
}

void Condition::notify_all() noexcept {
  const std::lock_guard lock(mutex_);
  while (waiters_.serve_one()) {
  }
}

void Event::set() noexcept {
  const std::lock_guard lock(mutex_);
  is_set_ = true;
  while (waiters_.serve_one()) {
  }
}

void Event::clear() noexcept {
  const std::lock_guard lock(mutex_);
  is_set_ = false;
}

bool Event::is_set() const noexcept {
  const std::lock_guard lock(mutex_);
  return is_set_;
}

void Event::wait(Deadline deadline) {
  std::unique_lock lock(mutex_);
  if (!is_set_ && !waiters_.wait(lock, deadline, WaitReason(WaitKind::event, this))) {
    throw TimeoutError("an event was not set before the deadline");
  }
}

namespace detail {

void throw_channel_closed() { throw ResourceClosedError("the channel is closed: nothing can be sent any more"); }

void throw_channel_timed_out() { throw TimeoutError("the channel was not ready before the deadline"); }

}  // namespace detail

}  // namespace greenway
