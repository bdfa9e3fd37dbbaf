// SPDX-License-Identifier: BSL-1.0
#include <greenway/runtime/detail/wait_queue.hpp>

namespace greenway::detail {

/// On the stack of the one who waits.
struct WaitQueue::Place {
  explicit Place(WaitReason reason) noexcept : waiter(reason) {}

  Waiter waiter;
  Place* previous = nullptr;
  Place* next = nullptr;
  bool is_served = false;
};

bool WaitQueue::wait(std::unique_lock<std::mutex>& lock, Deadline deadline, WaitReason reason) {
  Place place(reason);
  place.previous = last_;
  (last_ != nullptr ? last_->next : first_) = &place;
  last_ = &place;
  lock.unlock();
  try {
    place.waiter.wait(deadline);
  } catch (...) {
    lock.lock();
    if (place.is_served) {
      return true;  // the cancellation shows at the next suspension point
    }
    unlink(place);
    throw;
  }
  // Whoever serves wakes under the lock: once it is ours, nobody refers to this place any more.
  lock.lock();
  if (!place.is_served) {
    unlink(place);
  }
  return place.is_served;
}

bool WaitQueue::serve_one() noexcept {
  if (first_ == nullptr) {
    return false;
  }
  Place& served = *first_;
  unlink(served);
  served.is_served = true;
  served.waiter.wake();
  return true;
}

void WaitQueue::unlink(Place& place) noexcept {
  (place.previous != nullptr ? place.previous->next : first_) = place.next;
  (place.next != nullptr ? place.next->previous : last_) = place.previous;
}

}  // namespace greenway::detail
