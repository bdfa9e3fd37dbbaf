// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/std_future.hpp
/// @brief Lets await_only() and await_fallback() wait for `std::future` and `std::shared_future`.
///
/// Layer: runtime. Including it is all: `auto value = await_only(std::move(future));`
///
/// The standard's futures cannot call back. For one that is not ready yet a helper thread blocks until it is; they are kept
/// for the next, and there are at most 1024 (ResourceExhausted). One that is ready costs neither thread nor switch, and a
/// deferred one runs in place.
///
/// A greenlet that is cancelled leaves at once: the future owns all that it uses. The helper keeps it, and waits on until
/// it is ready, so that a future of `std::async` blocks nobody else by its destructor; the value is dropped.

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <utility>

#include <greenway/runtime/operation.hpp>
#include <greenway/runtime/task.hpp>

namespace greenway::detail {

/// Runs `work`, which blocks, on a thread that is kept for such.
/// @throws ResourceExhausted  There is no thread to be had.
void run_on_waiting_thread(std::function<void()> work);

/// The wait for a future as an operation.
template <class T, class F>
class FutureOperationState final : public TypedOperationState<T> {
 public:
  explicit FutureOperationState(F future)
      : TypedOperationState<T>(GreenletOptions()), wait_(std::make_shared<Wait>(std::move(future))) {}

 private:
  /// Shared with the helper.
  struct Wait {
    explicit Wait(F awaited) : future(std::move(awaited)) {}
    F future;
    std::mutex mutex;
    FutureOperationState* state = nullptr;  // null: nobody waits any more
  };

  void launch() override {
    if (!wait_->future.valid()) {
      throw std::future_error(std::future_errc::no_state);
    }
    if (wait_->future.wait_for(std::chrono::seconds(0)) != std::future_status::timeout) {
      take();
      return;
    }
    wait_->state = this;
    run_on_waiting_thread([wait = wait_] {
      wait->future.wait();
      const std::lock_guard lock(wait->mutex);
      if (wait->state != nullptr) {
        // It has not ended, so its host is there.
        wait->state->host()->post([state = StateHandle<FutureOperationState>(wait->state->self())] { state->arrived(); });
      }
    });
  }

  FutureOperationState* self() noexcept {
    this->retain();
    return this;
  }

  void arrived() noexcept {
    if (leave()) {
      take();
    }
  }

  void take() noexcept {
    this->outcome_.capture([this]() -> T { return wait_->future.get(); });
    this->translate();
    this->finished();
  }

  void deliver_cancel() noexcept override {
    if (leave()) {
      this->fail(std::make_exception_ptr(Cancelled()));
      this->finished();
    }
  }

  /// @return Whether the wait was still on.
  bool leave() noexcept {
    const std::lock_guard lock(wait_->mutex);
    return std::exchange(wait_->state, nullptr) != nullptr;
  }

  void execute() noexcept override {}

  std::shared_ptr<Wait> wait_;
};

template <class T>
struct AwaitAdapter<std::future<T>> {
  static Operation<T> adapt(std::future<T> future) {
    return Operation<T>(new FutureOperationState<T, std::future<T>>(std::move(future)));
  }
};

/// Yields a copy, since what a shared future refers to may go with it.
template <class T>
struct AwaitAdapter<std::shared_future<T>> {
  static Operation<T> adapt(std::shared_future<T> future) {
    return Operation<T>(new FutureOperationState<T, std::shared_future<T>>(std::move(future)));
  }
};

}  // namespace greenway::detail
