// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/task.hpp
/// @brief A lazy coroutine for programs that are written for no loop in particular.
///
/// Layer: runtime.

#include <coroutine>
#include <exception>
#include <type_traits>
#include <utility>

#include <greenway/runtime/operation.hpp>
#include <greenway/runtime/outcome.hpp>

namespace greenway {

template <class T = void>
class Task;

namespace detail {

/// Common to the promises of all tasks.
class TaskPromiseBase {
 public:
  TaskContext* context = nullptr;                    ///< Of the whole chain of tasks.
  std::coroutine_handle<> continuation = nullptr;    ///< The task that awaits this one.
  void (*on_end)(void*) = nullptr;                   ///< Instead of a continuation, of the outermost.
  void* argument = nullptr;                          ///< Passed to on_end.

  std::suspend_always initial_suspend() noexcept { return {}; }
  auto final_suspend() noexcept {
    struct Final {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<>) noexcept {
        if (promise.continuation) {
          return promise.continuation;
        }
        promise.on_end(promise.argument);
        return std::noop_coroutine();
      }
      void await_resume() noexcept {}
      TaskPromiseBase& promise;
    };
    return Final{*this};
  }
};

template <class T>
class TaskPromise final : public TaskPromiseBase {
 public:
  Task<T> get_return_object() noexcept;
  void unhandled_exception() noexcept { outcome.fail(std::current_exception()); }
  template <class V>
  void return_value(V&& value) noexcept {
    outcome.capture([&]() -> T { return std::forward<V>(value); });
  }

  Outcome<T> outcome;
};

template <>
class TaskPromise<void> final : public TaskPromiseBase {
 public:
  Task<void> get_return_object() noexcept;
  void unhandled_exception() noexcept { outcome.fail(std::current_exception()); }
  void return_void() noexcept {
    outcome.capture([] {});
  }

  Outcome<void> outcome;
};

template <class T>
class TaskOperationState;

}  // namespace detail

/// A coroutine that runs when it is awaited, on the loop of whoever awaits it: `co_await` in another Task,
/// `await_only(task)` in a greenlet, `greenway::run(task)` anywhere else; with an Asio host, also `co_await` in
/// `asio::awaitable` and `task(token)`.
///
/// Its body is no greenlet: what is synchronous in it blocks. Cancelling it cancels the Operation that it waits for, and
/// each one after.
template <class T>
class [[nodiscard]] Task {
 public:
  /// The coroutine's promise.
  using promise_type = detail::TaskPromise<T>;
  /// The result's type.
  using value_type = T;

  /// @param other  Left without a coroutine.
  Task(Task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  /// @param other  Left without a coroutine.
  /// @return This.
  Task& operator=(Task&& other) noexcept {
    std::swap(coroutine_, other.coroutine_);
    return *this;
  }
  /// Destroys the coroutine wherever it stands; it is not being awaited.
  ~Task() {
    if (coroutine_) {
      coroutine_.destroy();
    }
  }

  /// Of `co_await task`.
  class Awaiter {
   public:
    /// @param coroutine  Not started.
    explicit Awaiter(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}
    /// @return False: nothing has run yet.
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    /// @param caller  A coroutine that knows its context: another Task's.
    /// @return The coroutine to run next.
    template <detail::HasTaskContext Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> caller) noexcept {
      coroutine_.promise().context = caller.promise().context;
      coroutine_.promise().continuation = caller;
      return coroutine_;
    }
    /// @return The value; its exception is rethrown here.
    T await_resume() { return std::move(coroutine_.promise().outcome).get(); }

   private:
    std::coroutine_handle<promise_type> coroutine_;
  };

  /// `co_await std::move(task)`, in another Task.
  /// @return The awaiter.
  Awaiter operator co_await() && noexcept { return Awaiter(coroutine_); }

  /// `task(token)`, with any Asio completion token: needs `greenway/asio/asio.hpp`.
  /// @param token  As of Operation.
  /// @return As of Operation.
  template <class Token>
  auto operator()(Token&& token) -> decltype(std::declval<Operation<T>>()(std::forward<Token>(token)));

 private:
  friend promise_type;
  friend class detail::TaskOperationState<T>;

  explicit Task(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}

  std::coroutine_handle<promise_type> coroutine_;
};

namespace detail {

template <class T>
Task<T> TaskPromise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<TaskPromise<T>>::from_promise(*this));
}

inline Task<void> TaskPromise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<TaskPromise<void>>::from_promise(*this));
}

/// An operation that runs a coroutine on the loop's own stack instead of a function in a greenlet.
template <class T>
class TaskOperationState final : public TypedOperationState<T> {
 public:
  TaskOperationState(GreenletOptions&& options, Task<T> task)
      : TypedOperationState<T>(std::move(options)), task_(std::move(task)) {}

 private:
  void launch() override {
    auto& promise = task_.coroutine_.promise();
    promise.context = &context_;
    promise.on_end = [](void* self) { static_cast<TaskOperationState*>(self)->end(); };
    promise.argument = this;
    context_.is_cancelled = this->is_cancel_requested();
    context_.host = this->host();
    this->retain();
    const OutsideGreenlet outside;
    task_.coroutine_.resume();
  }

  void end() noexcept {
    this->outcome_ = std::move(task_.coroutine_.promise().outcome);
    this->translate();
    this->finished();
    this->release();
  }

  void execute() noexcept override {}

  void deliver_cancel() noexcept override {
    context_.is_cancelled = true;
    if (context_.awaited != nullptr) {
      context_.awaited->cancel();
    }
  }

  Task<T> task_;
  TaskContext context_;
};

/// A host may teach await_only() to accept more: specialise with `static Task<R> adapt(A)`.
template <class A>
struct AwaitAdapter;

template <class A>
auto await_result() {
  if constexpr (requires { std::declval<A>().operator co_await(); }) {
    return std::type_identity<decltype(std::declval<A>().operator co_await().await_resume())>();
  } else if constexpr (requires { operator co_await(std::declval<A>()); }) {
    return std::type_identity<decltype(operator co_await(std::declval<A>()).await_resume())>();
  } else {
    return std::type_identity<decltype(std::declval<A>().await_resume())>();
  }
}

/// What `co_await` of an `A` yields.
template <class A>
using AwaitResult = typename decltype(await_result<A>())::type;

/// The parameter is part of the frame, or refers to the caller's awaitable, which outlives the wait.
template <class A>
Task<AwaitResult<A&&>> await_it(A awaitable) {
  co_return co_await std::forward<A>(awaitable);
}

template <class T>
Operation<T> as_operation(Operation<T> operation) {
  return operation;
}

template <class T>
Operation<T> as_operation(Task<T> task, Host* host = nullptr) {
  GreenletOptions options;
  options.host = host;
  return Operation<T>(new TaskOperationState<T>(std::move(options), std::move(task)));
}

template <class A>
auto as_operation(A&& awaitable) {
  if constexpr (requires { AwaitAdapter<std::remove_cvref_t<A>>::adapt(std::forward<A>(awaitable)); }) {
    return as_operation(AwaitAdapter<std::remove_cvref_t<A>>::adapt(std::forward<A>(awaitable)));
  } else {
    return as_operation(await_it<A>(std::forward<A>(awaitable)));
  }
}

}  // namespace detail

template <class T>
template <class Token>
auto Task<T>::operator()(Token&& token) -> decltype(std::declval<Operation<T>>()(std::forward<Token>(token))) {
  return detail::as_operation(std::move(*this))(std::forward<Token>(token));
}

}  // namespace greenway
