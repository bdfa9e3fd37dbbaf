// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/bridge.hpp
/// @brief The bridge: run synchronous code in a greenlet, and wait in synchronous code for something asynchronous.
///
/// Layer: runtime. Source: SQLAlchemy's `greenlet_spawn`, `await_only` and `await_fallback` (`util/concurrency.py`).
///
/// ```cpp
/// int work(int n) {                                        // knows nothing of loops
///   greenway::sleep_for(10ms);                             // suspends in a greenlet, blocks in a thread
///   return n + 1;
/// }
/// int direct = work(41);                                   // blocks
/// int bridged = co_await greenway::greenlet_spawn(work, 41);   // the loop goes on meanwhile
/// ```

#include <concepts>
#include <coroutine>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <greenway/runtime/operation.hpp>
#include <greenway/runtime/task.hpp>

namespace greenway {

/// @return Whether the running greenlet belongs to a loop, so that a wait suspends it instead of blocking the thread.
[[nodiscard]] inline bool in_greenlet() noexcept { return detail::in_greenlet(); }

namespace detail {

template <class R>
inline constexpr bool is_operation = false;
template <class T>
inline constexpr bool is_operation<Operation<T>> = true;

template <class R>
concept CanBeAwaited = is_operation<std::remove_cvref_t<R>> || requires(R r) { r.await_ready(); } ||
                       requires(R r) { std::move(r).operator co_await(); } || requires(R r) { operator co_await(std::move(r)); };

template <class F, class... A>
using SpawnResult = std::invoke_result_t<std::decay_t<F>, std::decay_t<A>...>;

// Inlined down to OperationState's constructor, which notes who calls: that is to be the code that spawns.
template <class F, class... A>
[[gnu::always_inline]] inline auto make_operation(GreenletOptions&& options, F&& fn, A&&... args) {
  using Returned = SpawnResult<F, A...>;
  static_assert(!CanBeAwaited<Returned>,
                "greenlet_spawn runs synchronous functions: this one returns something that must itself be awaited; await it "
                "inside with await_only(), or do without greenlet_spawn");
  return Operation<Returned>(new FunctionOperationState<Returned, std::decay_t<F>, std::decay_t<A>...>(
      std::move(options), std::forward<F>(fn), std::forward<A>(args)...));
}

}  // namespace detail

/// Makes an operation that runs `fn(args…)` in a greenlet.
/// @param options  Where and how.
/// @param fn       Any callable, decay-copied as by std::thread; run at most once.
/// @param args     Decay-copied likewise, and moved into the call; std::ref opts out.
/// @return The operation; nothing runs before it is consumed.
/// @note A function that returns a coroutine or an Operation does not compile: its result would escape unawaited.
template <class F, class... A>
[[gnu::always_inline]] inline auto greenlet_spawn(GreenletOptions options, F&& fn, A&&... args)
    -> Operation<detail::SpawnResult<F, A...>> {
  return detail::make_operation(std::move(options), std::forward<F>(fn), std::forward<A>(args)...);
}

/// As above, with default options.
/// @param fn    As above.
/// @param args  As above.
/// @return As above.
template <class F, class... A>
  requires(!std::same_as<std::decay_t<F>, GreenletOptions>)
[[gnu::always_inline]] inline auto greenlet_spawn(F&& fn, A&&... args) -> Operation<detail::SpawnResult<F, A...>> {
  return detail::make_operation(GreenletOptions(), std::forward<F>(fn), std::forward<A>(args)...);
}

/// Waits, in a greenlet, for something asynchronous: an Operation, a Task, any C++20 awaitable, or what a host adds.
/// @param awaitable  Consumed.
/// @return What awaiting it yields; its exception is rethrown here.
/// @throws MissingGreenlet  Not in a greenlet; the awaitable has not been started.
/// @throws Cancelled        The greenlet was cancelled; what it waited for has been cancelled too, and has ended.
template <class Awaitable>
decltype(auto) await_only(Awaitable&& awaitable) {
  if (!in_greenlet()) {
    detail::throw_missing_greenlet();
  }
  return detail::as_operation(std::forward<Awaitable>(awaitable)).get();
}

/// As await_only(), and outside a greenlet too: blocks the thread, on a private loop.
/// @param awaitable  Consumed.
/// @return As await_only().
/// @throws WouldBlockLoop  Outside a greenlet, on a thread whose loop is running.
template <class Awaitable>
decltype(auto) await_fallback(Awaitable&& awaitable) {
  return detail::as_operation(std::forward<Awaitable>(awaitable)).get();
}

/// Runs `fn(args…)` in a greenlet on a private loop and blocks until it has ended.
/// @param fn    As greenlet_spawn().
/// @param args  As greenlet_spawn().
/// @return What `fn` returns; its exception is rethrown here.
/// @throws WouldBlockLoop  A loop runs on this thread already.
template <class F, class... A>
  requires std::invocable<std::decay_t<F>, std::decay_t<A>...>
detail::SpawnResult<F, A...> run(F&& fn, A&&... args) {
  return greenlet_spawn(std::forward<F>(fn), std::forward<A>(args)...).get();
}

/// Runs a task on a private loop and blocks until it has ended.
/// @param task  Consumed.
/// @return Its value; its exception is rethrown here.
/// @throws WouldBlockLoop  A loop runs on this thread already.
template <class T>
T run(Task<T> task) {
  return detail::as_operation(std::move(task)).get();
}

/// Runs a task on the loop of `host`, from another thread or a greenlet, and waits until it has ended.
/// @param host  A loop that is running.
/// @param task  Consumed.
/// @return Its value; its exception is rethrown here.
/// @throws WouldBlockLoop  The loop runs on this very thread.
template <class T>
T run(Host& host, Task<T> task) {
  return detail::as_operation(std::move(task), &host).get();
}

}  // namespace greenway
