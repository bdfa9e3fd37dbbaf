// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/asio/await_asio.hpp
/// @brief Lets await_only() wait for Asio's own operations: `timer.async_wait(asio::deferred)`, any `asio::awaitable`.
///
/// Layer: host. What an operation yields: nothing, one value, or a tuple of several; an error code or exception that comes
/// first in its signature is thrown. Cancelling the greenlet cancels the operation, and the greenlet waits for its end.

#include <atomic>
#include <exception>
#include <tuple>
#include <type_traits>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <greenway/asio/asio_host.hpp>
#include <greenway/runtime/operation.hpp>
#include <greenway/runtime/task.hpp>

namespace greenway::detail {

/// What a completion with these values yields: nothing, the value, or a tuple of them.
template <class... A>
struct AsioValues {
  using type = std::tuple<A...>;
  static type take(A... values) { return type(std::move(values)...); }
};
template <>
struct AsioValues<> {
  using type = void;
  static void take() {}
};
template <class A>
struct AsioValues<A> {
  using type = A;
  static type take(A value) { return value; }
};

/// As AsioValues, after an error that may come first.
template <class... A>
struct AsioResult : AsioValues<A...> {};
template <class... A>
struct AsioResult<boost::system::error_code, A...> {
  using type = typename AsioValues<A...>::type;
  static type take(const boost::system::error_code& error, A... values) {
    if (error) {
      throw boost::system::system_error(error);
    }
    return AsioValues<A...>::take(std::move(values)...);
  }
};
template <class... A>
struct AsioResult<std::exception_ptr, A...> {
  using type = typename AsioValues<A...>::type;
  static type take(std::exception_ptr error, A... values) {
    if (error != nullptr) {
      std::rethrow_exception(std::move(error));
    }
    return AsioValues<A...>::take(std::move(values)...);
  }
};

template <class Signature>
struct AsioSignature;
template <class R, class... A>
struct AsioSignature<R(A...)> : AsioResult<std::decay_t<A>...> {};

/// An operation of Asio's as one of ours. `initiate(handler, executor)` begins it.
template <class Result, class Initiate>
class AsioOperationState final : public TypedOperationState<typename Result::type> {
 public:
  explicit AsioOperationState(Initiate initiate)
      : TypedOperationState<typename Result::type>(GreenletOptions()), initiate_(std::move(initiate)) {}

 private:
  /// The handler: Asio calls it, or destroys it together with its context.
  class Completion {
   public:
    explicit Completion(AsioOperationState& state) noexcept : state_(&state) { state.retain(); }
    Completion(Completion&&) noexcept = default;
    Completion& operator=(Completion&&) = delete;
    ~Completion() {
      if (state_) {
        state_->destroyed();
      }
    }
    template <class... A>
    void operator()(A&&... results) {
      const StateHandle<AsioOperationState> state = std::move(state_);
      state->complete(std::forward<A>(results)...);
    }

   private:
    StateHandle<AsioOperationState> state_;
  };

  void launch() override {
    auto* const host = dynamic_cast<AsioHost*>(this->host());
    if (host == nullptr) {
      throw NoHost("an operation of Asio's was awaited on a loop that is not Asio's");
    }
    if (host->has_ended()) {
      throw HostClosed("the io_context is being destroyed: none of its operations can be awaited any more");
    }
    const OutsideGreenlet outside;
    initiate_(boost::asio::bind_cancellation_slot(signal_.slot(),
                                                  boost::asio::bind_executor(host->executor(), Completion(*this))),
              host->executor());
  }

  template <class... A>
  void complete(A&&... results) noexcept {
    this->outcome_.capture([&]() -> typename Result::type { return Result::take(std::forward<A>(results)...); });
    this->translate();
    this->finished();
  }

  void destroyed() noexcept {
    is_destroyed_.store(true, std::memory_order_release);
    this->fail(std::make_exception_ptr(OperationCancelled("the io_context was destroyed before the operation had ended")));
    this->finished();
  }

  void execute() noexcept override {}
  void deliver_cancel() noexcept override {
    // The slot may still know an operation that Asio has destroyed.
    if (!is_destroyed_.load(std::memory_order_acquire)) {
      signal_.emit(boost::asio::cancellation_type::terminal);
    }
  }

  Initiate initiate_;
  boost::asio::cancellation_signal signal_;
  std::atomic<bool> is_destroyed_{false};
};

template <class Result, class Initiate>
Operation<typename Result::type> make_asio_operation(Initiate initiate) {
  return Operation<typename Result::type>(new AsioOperationState<Result, Initiate>(std::move(initiate)));
}

template <class A>
  requires(boost::asio::is_async_operation<A>::value && !requires { typename A::value_type; })
struct AwaitAdapter<A> {
  static auto adapt(A operation) {
    return make_asio_operation<AsioSignature<typename boost::asio::completion_signature_of<A>::type>>(
        [operation = std::move(operation)](auto handler, const auto&) mutable { std::move(operation)(std::move(handler)); });
  }
};

template <class T, class Executor>
struct AwaitAdapter<boost::asio::awaitable<T, Executor>> {
  static auto adapt(boost::asio::awaitable<T, Executor> coroutine) {
    using Result = std::conditional_t<std::is_void_v<T>, AsioResult<std::exception_ptr>, AsioResult<std::exception_ptr, T>>;
    return make_asio_operation<Result>([coroutine = std::move(coroutine)](auto handler, const auto& executor) mutable {
      boost::asio::co_spawn(executor, std::move(coroutine), std::move(handler));
    });
  }
};

}  // namespace greenway::detail
