// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/asio/completion_token.hpp
/// @brief The door of Operation and Task for Asio's completion tokens, and for a bare `co_await` in `asio::awaitable`.
///
/// Layer: host. Signature: `void(std::exception_ptr)` or `void(std::exception_ptr, T)`; a `T` that cannot be made by
/// default travels as Boxed<T>. A handler's cancellation slot cancels the function, which then completes with
/// `boost::asio::error::operation_aborted`.

#include <concepts>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/system/system_error.hpp>
#include <boost/version.hpp>

#include <greenway/asio/asio_host.hpp>
#include <greenway/runtime/operation.hpp>

namespace greenway {

/// A value that cannot be made by default, in a completion that may carry an error instead of one. Converts to the value.
template <class T>
class Boxed {
 public:
  /// No value: there is an error.
  Boxed() noexcept = default;
  /// @param outcome  Holds a value, which is taken.
  explicit Boxed(Outcome<T>&& outcome) : outcome_(std::move(outcome)) {}
  /// @return The value, handed out.
  operator T() && { return std::move(outcome_).get(); }

 private:
  Outcome<T> outcome_;
};

namespace detail {

template <class T>
inline constexpr bool is_boxed = !std::is_void_v<T> && !std::is_default_constructible_v<T>;

template <class T>
struct CompletionSignature {
  using type = void(std::exception_ptr, std::conditional_t<is_boxed<T>, Boxed<T>, T>);
};
template <>
struct CompletionSignature<void> {
  using type = void(std::exception_ptr);
};

/// What an error of ours is to Asio's users.
inline std::exception_ptr to_asio(std::exception_ptr error) noexcept {
  if (error == nullptr) {
    return error;
  }
  try {
    std::rethrow_exception(error);
  } catch (const OperationCancelled&) {
    return std::make_exception_ptr(boost::system::system_error(boost::asio::error::operation_aborted));
  } catch (...) {
    return error;
  }
}

/// Calls a completion handler with an outcome.
template <class T, class Handler>
void complete(Handler& handler, Outcome<T>&& outcome) {
  std::exception_ptr error = to_asio(outcome.error());
  if constexpr (std::is_void_v<T>) {
    std::move(handler)(std::move(error));
  } else if constexpr (is_boxed<T>) {
    Boxed<T> box = error == nullptr ? Boxed<T>(std::move(outcome)) : Boxed<T>();
    std::move(handler)(std::move(error), std::move(box));
  } else {
    T value = error == nullptr ? std::move(outcome).get() : T();
    std::move(handler)(std::move(error), std::move(value));
  }
}

/// Where a handler is called: on its own executor, or on the host's if it has none.
template <class Handler>
using HandlerExecutor = typename boost::asio::associated_executor<Handler, boost::asio::io_context::executor_type>::type;

template <class Handler>
inline constexpr bool has_executor =
    !std::is_same_v<typename boost::asio::associated_executor<Handler>::type, boost::asio::system_executor>;

/// What may see an operation's state: the door is defined here, and operation.hpp includes no Asio.
struct TokenDoor {
  template <class T, class Handler>
  struct Pending {
    using Executor = HandlerExecutor<Handler>;

    StateHandle<TypedOperationState<T>> state;
    Handler handler;
    std::optional<Executor> executor;  // none: the loop's own

    /// On the loop's own stack: dispatch runs the handler at once where the executor is the loop's.
    static void on_done(void* self) {
      Kept<Pending> pending(static_cast<Pending*>(self));
      if (pending->state->host()->has_ended()) [[unlikely]] {
        return;  // with its context: the handler is destroyed uncalled, as Asio does
      }
      if (!pending->executor) {
        finish(std::move(pending));
        return;
      }
      const Executor executor = *pending->executor;
      boost::asio::dispatch(executor, [pending = std::move(pending)]() mutable { finish(std::move(pending)); });
    }

    static void finish(Kept<Pending> pending) {
      if (auto slot = boost::asio::get_associated_cancellation_slot(pending->handler); slot.is_connected()) {
        slot.clear();
      }
      const StateHandle<TypedOperationState<T>> state = std::move(pending->state);
      Handler handler = std::move(pending->handler);
      pending.reset();
      complete<T>(handler, std::move(state->outcome()));
    }
  };

  /// @return The `io_context` behind an executor; null if there is none, or it hides.
  template <class Executor>
  static boost::asio::io_context* context_of(const Executor& executor) {
    using boost::asio::io_context;
    using Tracked = io_context::basic_executor_type<std::allocator<void>, 4>;
    if constexpr (requires { executor.get_inner_executor(); }) {
      return context_of(executor.get_inner_executor());
    } else if constexpr (requires { { executor.context() } -> std::same_as<io_context&>; }) {
      return &executor.context();
    } else if constexpr (requires { executor.template target<io_context::executor_type>(); }) {
      if (const auto* plain = executor.template target<io_context::executor_type>()) {
        return &plain->context();
      }
      if (const auto* tracked = executor.template target<Tracked>()) {
        return &tracked->context();
      }
      if (const auto* strand = executor.template target<boost::asio::strand<boost::asio::any_io_executor>>()) {
        return context_of(*strand);
      }
      if (const auto* strand = executor.template target<boost::asio::strand<io_context::executor_type>>()) {
        return context_of(*strand);
      }
    }
    return nullptr;
  }

  /// @return The host to run on: the named one, the running greenlet's, the executor's, the thread's.
  static Host& choose(OperationState& state, AsioHost* of_executor) {
    return of_executor == nullptr || state.has_named_host() || in_greenlet() ? state.require_host() : *of_executor;
  }

  static AsioHost& require_asio(Host& host) {
    if (auto* const asio_host = dynamic_cast<AsioHost*>(&host)) {
      return *asio_host;
    }
    throw NoHost("the completion handler has no executor and the loop here is not Asio's: bind an executor to it");
  }

  /// @return Whether an executor calls what it is given at once on the thread of its `io_context`.
  template <class Executor>
  static bool is_plain(const Executor& executor) {
    using Plain = boost::asio::io_context::executor_type;
    if constexpr (std::is_same_v<Executor, Plain>) {
      return boost::asio::query(executor, boost::asio::execution::blocking) == boost::asio::execution::blocking.possibly;
    } else if constexpr (requires { executor.template target<Plain>(); }) {
      const Plain* const plain = executor.template target<Plain>();
      return plain != nullptr && is_plain(*plain);
    } else {
      return false;
    }
  }

  struct Initiation {
    template <class Handler, class T>
    void operator()(Handler&& handler, Operation<T> operation) const {
      using Waiting = Pending<T, std::decay_t<Handler>>;
      auto state = operation.take();
      Host* host = nullptr;
      std::optional<HandlerExecutor<std::decay_t<Handler>>> executor;
      if constexpr (has_executor<std::decay_t<Handler>>) {
        executor.emplace(boost::asio::get_associated_executor(handler));
        boost::asio::io_context* const context = context_of(*executor);
        AsioHost* const own = context == nullptr ? nullptr : &AsioHost::of(*context);
        host = &choose(*state, own);
        if (host == own && is_plain(*executor) && own->is_in_place(*context)) {
          executor.reset();
        }
      } else {
        host = &state->require_host();
        require_asio(*host);
      }
      if (auto slot = boost::asio::get_associated_cancellation_slot(handler); slot.is_connected()) {
        slot.assign([state](boost::asio::cancellation_type type) {
          if (type != boost::asio::cancellation_type::none) {
            state->cancel();
          }
        });
      }
      auto& started = *state;
      Kept<Waiting> pending(
          started.template keep<Waiting>(std::move(state), std::forward<Handler>(handler), std::move(executor)));
      if (started.start(*host, &Waiting::on_done, pending.get()) == OperationState::Progress::done) {
        // Never called from inside the initiating function: that is Asio's promise to its users.
        finish_later(*host, std::move(pending));
      } else {
        pending.release();
      }
    }

    template <class Waiting>
    static void finish_later(Host& host, Kept<Waiting> pending) {
      const auto finish = [](auto executor, Kept<Waiting> finished) {
        boost::asio::post(executor, [finished = std::move(finished)]() mutable { Waiting::finish(std::move(finished)); });
      };
      if (pending->executor) {
        auto executor = *pending->executor;
        finish(std::move(executor), std::move(pending));
      } else {
        finish(static_cast<AsioHost&>(host).executor(), std::move(pending));
      }
    }
  };
};

}  // namespace detail

namespace detail {

/// Stands for the signature of an operation that yields a `T` and whose completion carries it as a `V`.
template <class T, class V>
struct Awaited;

}  // namespace detail

}  // namespace greenway

namespace boost::asio::detail {

/// Resumes an `asio::awaitable` that awaits one of our operations with a value. Only specialisations of this template may.
template <class T, class V, class Executor>
class awaitable_async_op_handler<greenway::detail::Awaited<T, V>, Executor> : public awaitable_thread<Executor> {
 public:
  struct result_type {
    std::exception_ptr* error = nullptr;
    V* value = nullptr;
  };

  awaitable_async_op_handler(awaitable_thread<Executor>* caller, result_type& result)
      : awaitable_thread<Executor>(std::move(*caller)), result_(result) {}

  void operator()(std::exception_ptr error, V value) {
    result_.error = &error;
    result_.value = &value;
    this->entry_point()->top_of_stack_->attach_thread(this);
    this->entry_point()->top_of_stack_->clear_cancellation_slot();
    this->pump();
  }

  static T resume(result_type& result) {
    if (*result.error != nullptr) {
      std::rethrow_exception(std::exchange(*result.error, nullptr));
    }
    return static_cast<T>(std::move(*result.value));
  }

 private:
  result_type& result_;
};

/// Hands the boxed value out unboxed.
template <class T, class Executor>
class awaitable_async_op_handler<void(std::exception_ptr, greenway::Boxed<T>), Executor>
    : public awaitable_async_op_handler<greenway::detail::Awaited<T, greenway::Boxed<T>>, Executor> {
  using Base = awaitable_async_op_handler<greenway::detail::Awaited<T, greenway::Boxed<T>>, Executor>;

 public:
  using Base::Base;
};

#if BOOST_VERSION < 108200
/// Asio's own for this signature does not compile before Boost 1.82.
template <class T, class Executor>
class awaitable_async_op_handler<void(std::exception_ptr, T), Executor>
    : public awaitable_async_op_handler<greenway::detail::Awaited<T, T>, Executor> {
  using Base = awaitable_async_op_handler<greenway::detail::Awaited<T, T>, Executor>;

 public:
  using Base::Base;
};
#endif

}  // namespace boost::asio::detail

namespace greenway {

/// What `op(token)` calls.
/// @param operation  Consumed.
/// @param token      Any completion token.
/// @return What the token makes of it.
template <class T, class Token>
auto greenway_initiate(Operation<T> operation, Token&& token) -> decltype(
    boost::asio::async_initiate<Token, typename detail::CompletionSignature<T>::type>(detail::TokenDoor::Initiation(), token,
                                                                                      std::move(operation))) {
  return boost::asio::async_initiate<Token, typename detail::CompletionSignature<T>::type>(detail::TokenDoor::Initiation(),
                                                                                           token, std::move(operation));
}

}  // namespace greenway
