// SPDX-License-Identifier: BSL-1.0
#include <greenway/runtime/task_group.hpp>

namespace greenway {

TaskGroup::TaskGroup() {
  if (!in_greenlet()) {
    loop_.emplace();
  }
}

TaskGroup::~TaskGroup() {
  cancel();
  wait_for_children();
}

void TaskGroup::cancel() noexcept {
  is_cancelled_ = true;
  // A child that ends takes itself off the list, but only once the loop has its turn.
  for (const auto& cancel_child : children_) {
    cancel_child();
  }
}

void TaskGroup::end(Children::iterator child, std::exception_ptr error) noexcept {
  children_.erase(child);
  is_empty_ = children_.empty();
  // What a child says after it was cancelled is the echo of the first error, or of nobody's interest.
  if (error != nullptr && !is_cancelled_) {
    error_ = std::move(error);
    cancel();
  }
  if (is_empty_ && waiter_ != nullptr) {
    waiter_->wake();
  }
}

void TaskGroup::wait_for_children() noexcept {
  if (is_empty_) {
    return;
  }
  if (loop_) {
    loop_->run_until(is_empty_);
    return;
  }
  Waiter waiter(WaitReason(WaitKind::task_group, this));
  waiter_ = &waiter;
  waiter.wait_always();
  waiter_ = nullptr;
}

void TaskGroup::wait() {
  if (!is_empty_ && !loop_) {
    Waiter waiter(WaitReason(WaitKind::task_group, this));
    waiter_ = &waiter;
    try {
      waiter.wait();
    } catch (...) {
      waiter_ = nullptr;
      cancel();
      wait_for_children();
      throw;
    }
    waiter_ = nullptr;
  }
  wait_for_children();
  is_cancelled_ = false;
  if (std::exception_ptr error = std::exchange(error_, nullptr)) {
    std::rethrow_exception(std::move(error));
  }
}

}  // namespace greenway
