// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/async_session_maker.hpp
/// @brief Makes sessions for coroutines: the functions of SessionMaker, each spawned in a greenlet.
///
/// Layer: orm. Source: SQLAlchemy's `async_sessionmaker`.
///
/// ```cpp
/// gw::AsyncSessionMaker maker(engine);
/// co_await maker.begin(add_all);                       // void add_all(gw::Session&)
/// co_await maker.begin(add_and_select);                // gw::Task<void> add_and_select(gw::AsyncSession&)
/// ```

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

#include <greenway/orm/async_session.hpp>
#include <greenway/orm/session_maker.hpp>

namespace greenway {

/// A SessionMaker for coroutines.
class AsyncSessionMaker {
 public:
  /// @param engine   Where the database is.
  /// @param options  Of each session.
  explicit AsyncSessionMaker(const AsyncEngine& engine, SessionOptions options = {})
      : maker_(engine.sync_engine(), std::move(options), detail::Facade::async) {}

  /// @return A new session.
  [[nodiscard]] AsyncSession operator()() const { return AsyncSession(maker_()); }
  /// @param connection  What it is bound to, as of AsyncSession.
  /// @return A new session.
  [[nodiscard]] AsyncSession operator()(const AsyncConnection& connection) const {
    return AsyncSession(maker_(connection.sync_connection()));
  }
  /// SessionMaker::begin: runs synchronous code with a session and in a transaction, in a greenlet.
  /// @param fn    Any callable that takes a `Session&` first; decay-copied.
  /// @param args  Decay-copied and moved into the call; std::ref opts out.
  /// @return What `fn` returns; its exception is rethrown where the operation is awaited.
  template <class F, class... A>
    requires std::invocable<std::decay_t<F>, Session&, std::decay_t<A>...>
  [[nodiscard]] auto begin(F&& fn, A&&... args) const {
    detail::check_callable<F>();
    return greenlet_spawn(Begin(), maker_, std::forward<F>(fn), std::forward<A>(args)...);
  }
  /// As above, with a coroutine: `fn(async_session, args…)`. Commits when it ends, rolls back when it throws; then the
  /// session is closed, also where the caller is cancelled.
  /// @param fn    A function that returns a Task, or whatever else await_only() takes.
  /// @param args  As above.
  /// @return What the coroutine returns.
  template <class F, class... A>
    requires(std::invocable<std::decay_t<F>, AsyncSession&, std::decay_t<A>...> &&
             !std::invocable<std::decay_t<F>, Session&, std::decay_t<A>...>)
  [[nodiscard]] auto begin(F&& fn, A&&... args) const {
    detail::check_callable<F>();
    return greenlet_spawn(BeginAwaited(), *this, std::forward<F>(fn), std::forward<A>(args)...);
  }
  /// SessionMaker::configure.
  /// @param options  As there.
  void configure(SessionOptions options) { maker_.configure(std::move(options)); }
  /// @return SessionMaker::events.
  [[nodiscard]] SessionEvents& events() const noexcept { return maker_.events(); }
  /// @return SessionMaker::options.
  [[nodiscard]] const SessionOptions& options() const noexcept { return maker_.options(); }
  /// @return What makes its sessions, for synchronous code that runs in a greenlet.
  [[nodiscard]] const SessionMaker& sync_maker() const noexcept { return maker_; }

 private:
  struct Begin {
    template <class F, class... A>
    decltype(auto) operator()(const SessionMaker& maker, F&& fn, A&&... args) const {
      return maker.begin([&](Session& session) -> decltype(auto) {
        return std::invoke(std::forward<F>(fn), session, std::forward<A>(args)...);
      });
    }
  };
  struct BeginAwaited {
    template <class F, class... A>
    decltype(auto) operator()(const AsyncSessionMaker& maker, F&& fn, A&&... args) const {
      AsyncSession session = maker();
      return session.sync_session().begin([&]() -> decltype(auto) {
        return await_only(std::invoke(std::forward<F>(fn), session, std::forward<A>(args)...));
      });
    }
  };

  SessionMaker maker_;
};

/// AsyncSessionMaker, by SQLAlchemy's name.
/// @param engine   As there.
/// @param options  As there.
/// @return It.
[[nodiscard]] inline AsyncSessionMaker async_sessionmaker(const AsyncEngine& engine,
                                                          const SessionOptions& options = {}) {
  return AsyncSessionMaker(engine, options);
}

/// run_transaction(), in a greenlet.
/// @param maker    Of the sessions.
/// @param fn       Called with a `Session&`; decay-copied.
/// @param retries  As there.
/// @return What `fn` returns.
template <class F>
  requires std::invocable<std::decay_t<F>&, Session&>
[[nodiscard]] auto run_transaction(const AsyncSessionMaker& maker, F&& fn, unsigned retries = 5) {
  detail::check_callable<F>();
  return greenlet_spawn(
      [](const SessionMaker& sync, std::decay_t<F> run, unsigned count) -> decltype(auto) {
        return run_transaction(sync, run, count);
      },
      maker.sync_maker(), std::forward<F>(fn), retries);
}

}  // namespace greenway
