// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/operation.hpp
/// @brief A synchronous function that will run in a greenlet, and every way to wait for it.
///
/// Layer: runtime. Includes no event loop: the door for Asio's completion tokens is in the Asio host.

#include <atomic>
#include <concepts>
#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/runtime/cancel.hpp>
#include <greenway/runtime/detail/greenlet_record.hpp>
#include <greenway/runtime/host.hpp>
#include <greenway/runtime/outcome.hpp>
#include <greenway/runtime/stack.hpp>
#include <greenway/runtime/waiter.hpp>

namespace greenway {

/// How a greenlet is spawned. Plain data: start from the defaults, set what differs.
struct GreenletOptions {
  Host* host = nullptr;        ///< Whose loop runs it; null: see Operation, "Which host".
  std::string name = {};       ///< For people: appears in dumps and messages.
  StackOptions stack = {};     ///< Its stack.
  bool require_await = false;  ///< AwaitRequired is thrown if the function ends without having waited once.
  bool interpose = false;      ///< libc's blocking calls suspend it: see InterposeScope.
};

namespace detail {

/// An operation's common half: what runs, where, and who is told.
///
///     idle  --start()-->  running  --the function ends-->  done     or, at once:  idle --start()--> done
///
/// The continuation is called on the loop's own stack, never on the greenlet's; not at all if start() returned `done`.
class OperationState : public Ready {
 public:
  /// How start() found things.
  enum class Progress : std::uint8_t { pending, done };

  /// @param options  Kept until the start.
  explicit OperationState(GreenletOptions&& options);
  virtual ~OperationState();
  OperationState(const OperationState&) = delete;
  OperationState& operator=(const OperationState&) = delete;

  /// Marks the operation as consumed.
  /// @throws InvalidRequestError  It was already.
  void claim();

  /// @return Whether the options name a host.
  [[nodiscard]] bool has_named_host() const noexcept { return options_.host != nullptr; }

  /// @return The host to run on by the options and the calling thread, or null.
  [[nodiscard]] Host* choose_host() const noexcept;
  /// As choose_host().
  /// @param otherwise  Taken if there is none; may be null.
  /// @throws NoHost  There is none at all.
  [[nodiscard]] Host& require_host(Host* otherwise = nullptr) const;

  /// Starts the greenlet, at once when this is the host's thread. `continuation` may be called before this returns
  /// `pending`, if the host runs on another thread.
  Progress start(Host& host, void (*continuation)(void*), void* argument);

  /// Blocks the calling thread, or suspends the calling greenlet, until the function has ended.
  void finish_blocking();

  /// Cancelled by whoever holds the operation. Only the loop's thread may ask.
  [[nodiscard]] bool is_cancel_requested() const noexcept { return is_cancel_requested_.load(std::memory_order_acquire); }

  /// Nobody waits for the result any more; the function is cancelled. On the loop's thread.
  void abandon() noexcept;

  /// Cancels the function: its next suspension point throws Cancelled; one that has not begun never does. Any thread.
  void cancel() noexcept;

  /// @return Where it runs; null before the start.
  [[nodiscard]] Host* host() const noexcept { return host_; }

  /// Keeps a continuation until it is called: in the operation itself, where it fits. There is only one.
  template <class C, class... A>
  C* keep(A&&... args) {
    if constexpr (fits<C>()) {
      return new (room_) C{std::forward<A>(args)...};
    } else {
      return new C{std::forward<A>(args)...};
    }
  }
  /// Destroys what keep() made, a class with a handle `state` to its operation.
  template <class C>
  static void drop(C* kept) noexcept {
    // It may lie in what the handle keeps alive.
    const auto state = std::move(kept->state);
    if constexpr (fits<C>()) {
      kept->~C();
    } else {
      delete kept;
    }
  }

  void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete this;
    }
  }

 protected:
  /// Runs the function and keeps its outcome.
  virtual void execute() noexcept = 0;
  /// Ends with an exception instead.
  virtual void fail(std::exception_ptr error) noexcept = 0;
  /// Begins to run, on the loop's thread; finished() is called now or later. By default in a greenlet of its own.
  /// @throws ResourceExhausted  There is no stack; finished() will not be called.
  /// @throws ShadowStackError   The thread has a user shadow stack; likewise.
  /// @throws HostClosed         The host is being shut down; finished() will not be called.
  virtual void launch();
  /// Runs the function in a greenlet.
  /// @throws ResourceExhausted  As launch().
  void start_greenlet();
  /// Tells what is running that it is cancelled. On the loop's thread.
  virtual void deliver_cancel() noexcept;
  /// The outcome is there.
  void finished() noexcept;

 private:
  class GreenletBody;

  static constexpr std::size_t room_size = 96;
  template <class C>
  static constexpr bool fits() {
    return sizeof(C) <= room_size && alignof(C) <= alignof(std::max_align_t);
  }

  void run_in_greenlet(GreenletRecord& greenlet) noexcept;
  Progress start_here() noexcept;
  static void notify(Ready& self);

  GreenletOptions options_;
  std::atomic<std::uint32_t> references_{1};  // while the function runs, one is its own
  std::atomic<bool> is_claimed_{false};
  std::atomic<bool> is_cancel_requested_{false};
  bool is_starting_ = false;
  std::atomic<bool> is_done_{false};
  Host* host_ = nullptr;
  CancelScope* scope_ = nullptr;
  const void* spawned_at_;  // the code that made the operation
  void (*continuation_)(void*) = nullptr;
  void* argument_ = nullptr;
  alignas(std::max_align_t) std::byte room_[room_size];
};

/// What keep() made.
template <class C>
struct DropKept {
  void operator()(C* kept) const noexcept { OperationState::drop(kept); }
};
template <class C>
using Kept = std::unique_ptr<C, DropKept<C>>;

/// A counted reference to an operation's state.
template <class State>
class StateHandle {
 public:
  StateHandle() noexcept = default;
  explicit StateHandle(State* state) noexcept : state_(state) {}
  StateHandle(const StateHandle& other) noexcept : state_(other.state_) {
    if (state_ != nullptr) {
      state_->retain();
    }
  }
  StateHandle(StateHandle&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  StateHandle& operator=(StateHandle other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~StateHandle() {
    if (state_ != nullptr) {
      state_->release();
    }
  }
  State* operator->() const noexcept { return state_; }
  State& operator*() const noexcept { return *state_; }
  explicit operator bool() const noexcept { return state_ != nullptr; }
  State* get() const noexcept { return state_; }

 private:
  State* state_ = nullptr;
};

/// What `error` is outside greenlets: Cancelled and GreenletExit become OperationCancelled.
std::exception_ptr translate_cancelled(std::exception_ptr error) noexcept;

/// The half that knows the result's type.
template <class T>
class TypedOperationState : public OperationState {
 public:
  using OperationState::OperationState;
  /// @return How the function ended: Cancelled inside is OperationCancelled outside.
  Outcome<T>& outcome() noexcept { return outcome_; }

 protected:
  void fail(std::exception_ptr error) noexcept final { outcome_.fail(translate_cancelled(std::move(error))); }
  void translate() noexcept {
    if (std::exception_ptr error = outcome_.error()) {
      fail(std::move(error));
    }
  }

  Outcome<T> outcome_;
};

/// The half that knows the function.
template <class T, class F, class... A>
class FunctionOperationState final : public TypedOperationState<T> {
 public:
  template <class G, class... B>
  [[gnu::always_inline]] FunctionOperationState(GreenletOptions&& options, G&& fn, B&&... args)
      : TypedOperationState<T>(std::move(options)), call_(std::in_place, std::forward<G>(fn), std::forward<B>(args)...) {}

 private:
  void execute() noexcept override {
    this->outcome_.capture([this]() -> T {
      return std::apply(
          [](F& fn, A&... args) -> T { return static_cast<T>(std::invoke(std::move(fn), std::move(args)...)); }, *call_);
    });
    // Its destructors may wait, so they run here, on the greenlet.
    call_.reset();
    this->translate();
  }

  std::optional<std::tuple<F, A...>> call_;
};

template <class T>
class Future;

/// Turns an Asio completion token into what an initiating function returns. Declared here, defined by the Asio host.
struct TokenDoor;

}  // namespace detail

/// The result of an operation, for another thread or another greenlet to wait for.
template <class T>
class Future {
 public:
  /// Waits: a greenlet is suspended, a thread blocked.
  /// @return The value; its exception is rethrown here.
  /// @throws WouldBlockLoop       Outside a greenlet, on a thread whose loop is running.
  /// @throws OperationCancelled   The operation was cancelled.
  /// @throws InvalidRequestError  The value was taken already.
  T get();

  /// Waits for the value without taking it.
  /// @param limit  At most this long.
  /// @return Whether it is there.
  bool wait_for(Duration limit);

 private:
  template <class>
  friend class Operation;

  struct Shared {
    std::mutex mutex;
    Waiter* waiter = nullptr;
    bool is_done = false;
    detail::StateHandle<detail::TypedOperationState<T>> state;
  };

  explicit Future(std::shared_ptr<Shared> shared) noexcept : shared_(std::move(shared)) {}

  std::shared_ptr<Shared> shared_;
};

namespace detail {

/// What a coroutine of ours tells about itself: the operation that it waits for, so that cancelling it reaches there.
struct TaskContext {
  OperationState* awaited = nullptr;  ///< Now.
  bool is_cancelled = false;          ///< Each further wait fails.
  Host* host = nullptr;               ///< What it was started on, be its loop running yet or not.
};

/// A promise that knows its context.
template <class Promise>
concept HasTaskContext = requires(Promise& promise) {
  { promise.context } -> std::convertible_to<TaskContext*>;
};

[[nodiscard]] bool in_greenlet() noexcept;
[[noreturn]] void throw_missing_greenlet();
[[noreturn]] void throw_operation_cancelled();

/// While it exists, the running code counts as outside any greenlet: a coroutine is being run.
class OutsideGreenlet {
 public:
  OutsideGreenlet() noexcept;
  ~OutsideGreenlet();
  OutsideGreenlet(const OutsideGreenlet&) = delete;
  OutsideGreenlet& operator=(const OutsideGreenlet&) = delete;

 private:
  Host* host_;
};

}  // namespace detail

/// A function that will run in a greenlet: lazy, and consumed once.
///
///     fresh --co_await, start(), op(token), get(), to_future(), await_only()--> consumed, running --> done
///
/// Nothing runs before it is consumed; then the function runs at once, on the caller's thread, up to its first
/// suspension. Dropping a fresh one drops the function unrun.
///
/// @par Which host
/// The one in GreenletOptions; else the running greenlet's; else the completion token's executor's; else the loop that runs
/// on this thread; else get() makes a private one, and the other doors throw NoHost.
///
/// @par Cancellation
/// A function that ends by Cancelled completes with OperationCancelled, and with `operation_aborted` for Asio tokens.
///
/// @par Cost
/// One allocation for the function and its result, none for a pooled stack.
template <class T>
class [[nodiscard]] Operation {
 public:
  /// The result's type.
  using value_type = T;

  /// Of a coroutine's frame: resumes it when the function has ended.
  class Awaiter {
   public:
    /// @param state  To be started.
    explicit Awaiter(detail::StateHandle<detail::TypedOperationState<T>> state) noexcept : state_(std::move(state)) {}
    Awaiter(Awaiter&&) = delete;
    /// The frame may go while the function still runs: it is cancelled then.
    ~Awaiter() {
      if (is_pending_) {
        state_->abandon();
      }
    }
    /// @return False: nothing has run yet.
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    /// @param caller  Resumed on the loop's own stack.
    /// @return Whether it has to wait.
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> caller) {
      caller_ = caller;
      Host* of_task = nullptr;
      if constexpr (detail::HasTaskContext<Promise>) {
        of_task = caller.promise().context->host;
      }
      Host& host = state_->require_host(of_task);
      if constexpr (detail::HasTaskContext<Promise>) {
        context_ = caller.promise().context;
        if (context_->is_cancelled) {
          detail::throw_operation_cancelled();
        }
        context_->awaited = state_.get();
      }
      is_pending_ = true;
      if (state_->start(host, &Awaiter::on_done, this) == detail::OperationState::Progress::pending) {
        return true;  // another thread may have resumed the caller, and this be gone
      }
      is_pending_ = false;
      return false;
    }
    /// @return The value; its exception is rethrown here.
    T await_resume() {
      if (context_ != nullptr) {
        context_->awaited = nullptr;
      }
      return std::move(state_->outcome()).get();
    }

   private:
    static void on_done(void* self) {
      auto& awaiter = *static_cast<Awaiter*>(self);
      awaiter.is_pending_ = false;
      awaiter.caller_.resume();
    }

    detail::StateHandle<detail::TypedOperationState<T>> state_;
    std::coroutine_handle<> caller_;
    detail::TaskContext* context_ = nullptr;
    bool is_pending_ = false;
  };

  /// @param state  A new one, with one reference, which is taken over.
  explicit Operation(detail::TypedOperationState<T>* state) noexcept : state_(state) {}

  /// `co_await op`, in any coroutine type.
  /// @return The awaiter.
  /// @throws InvalidRequestError  It was consumed already.
  Awaiter operator co_await() & { return Awaiter(claim()); }
  /// As above, of a temporary.
  /// @return As above.
  Awaiter operator co_await() && { return Awaiter(take()); }

  /// `op(token)`, with any Asio completion token: needs `greenway/asio/asio.hpp`.
  /// @param token  Signature `void(std::exception_ptr, T)`.
  /// @return What the token makes of it.
  template <class Token>
  auto operator()(Token&& token) -> decltype(greenway_initiate(std::declval<Operation>(), std::forward<Token>(token))) {
    return greenway_initiate(std::move(*this), std::forward<Token>(token));
  }

  /// From a plain reactor: runs the function and calls `callback(Outcome<T>)` on the loop's thread, perhaps before this
  /// returns.
  /// @param callback  Must not throw.
  /// @throws NoHost               There is no loop to run on.
  /// @throws InvalidRequestError  It was consumed already.
  template <class Callback>
  void start(Callback&& callback) {
    auto state = claim();
    Host& host = state->require_host();
    start_on(host, std::move(state), std::forward<Callback>(callback));
  }

  /// Starts it, for others to wait for.
  /// @return The future.
  /// @throws NoHost               There is no loop to run on.
  /// @throws InvalidRequestError  It was consumed already.
  Future<T> to_future();

  /// Runs it and waits: a greenlet is suspended; a thread blocks, on a private loop if need be.
  /// @return The value; its exception is rethrown here.
  /// @throws WouldBlockLoop       Outside a greenlet, on a thread whose loop is running.
  /// @throws InvalidRequestError  It was consumed already.
  T get() {
    auto state = claim();
    state->finish_blocking();
    return std::move(state->outcome()).get();
  }

  /// @return A handle by which the operation can be cancelled after it has been consumed. Any thread may do so, and after
  ///         the operation has ended it does nothing; until then the loop must be there.
  [[nodiscard]] auto canceller() const {
    return [state = state_]() noexcept {
      if (state) {
        state->cancel();
      }
    };
  }

  /// Cancels it: see Cancellation. Any thread.
  void cancel() noexcept { canceller()(); }

 private:
  friend struct detail::TokenDoor;

  detail::StateHandle<detail::TypedOperationState<T>> claim() {
    if (!state_) {
      throw InvalidRequestError("the operation has been moved from: consume it where it is now");
    }
    state_->claim();
    return state_;
  }
  detail::StateHandle<detail::TypedOperationState<T>> take() {
    if (state_) {
      state_->claim();
      return std::move(state_);
    }
    return claim();
  }

  /// Calls back exactly once, now or later.
  template <class Callback>
  static void start_on(Host& host, detail::StateHandle<detail::TypedOperationState<T>> state, Callback&& callback) {
    struct Pending {
      detail::StateHandle<detail::TypedOperationState<T>> state;
      std::decay_t<Callback> callback;

      static void on_done(void* self) {
        const detail::Kept<Pending> pending(static_cast<Pending*>(self));
        auto call = std::move(pending->callback);
        call(std::move(pending->state->outcome()));
      }
    };
    auto& operation = *state;
    detail::Kept<Pending> pending(operation.template keep<Pending>(std::move(state), std::forward<Callback>(callback)));
    if (operation.start(host, &Pending::on_done, pending.get()) == detail::OperationState::Progress::done) {
      Pending::on_done(pending.release());
    } else {
      pending.release();
    }
  }

  detail::StateHandle<detail::TypedOperationState<T>> state_;
};

template <class T>
Future<T> Operation<T>::to_future() {
  auto shared = std::make_shared<typename Future<T>::Shared>();
  shared->state = claim();
  start_on(shared->state->require_host(), shared->state, [shared](Outcome<T>&&) {
    const std::lock_guard lock(shared->mutex);
    shared->is_done = true;
    if (shared->waiter != nullptr) {
      shared->waiter->wake();
    }
  });
  return Future<T>(std::move(shared));
}

template <class T>
T Future<T>::get() {
  if (shared_ == nullptr) {
    throw InvalidRequestError("the future's value has been taken already");
  }
  while (!wait_for(Duration::max())) {
  }
  return std::move(std::exchange(shared_, nullptr)->state->outcome()).get();
}

template <class T>
bool Future<T>::wait_for(Duration limit) {
  if (shared_ == nullptr) {
    throw InvalidRequestError("the future's value has been taken already");
  }
  Waiter waiter(WaitReason(WaitKind::future, shared_.get()));
  {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->is_done) {
      return true;
    }
    shared_->waiter = &waiter;
  }
  struct Leave {
    Shared& shared;
    ~Leave() {
      const std::lock_guard lock(shared.mutex);
      shared.waiter = nullptr;
    }
  };
  const Leave leave{*shared_};
  return waiter.wait(Deadline::in(limit));
}

}  // namespace greenway
