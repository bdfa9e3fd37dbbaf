// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/session_maker.hpp
/// @brief Makes sessions that are all alike, and runs what needs one.
///
/// Layer: orm. Source: SQLAlchemy's `sessionmaker`.
///
/// ```cpp
/// gw::SessionMaker maker(engine, {.expire_on_commit = true});
/// maker.begin([](gw::Session& session) { session.add(A{.data = "a1"}); });             // commits
/// gw::run_transaction(maker, [](gw::Session& session) { … });                          // again, where that may help
/// ```

#include <concepts>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/db/engine.hpp>
#include <greenway/orm/session.hpp>
#include <greenway/orm/session_events.hpp>
#include <greenway/orm/session_options.hpp>

namespace greenway {

/// An engine and the options of the sessions that are made from it. Copies have options of their own, and events in
/// common.
///
/// @par Threads
/// Sessions may be made by several threads and greenlets at once, unless one of them calls configure().
class SessionMaker {
 public:
  /// @param engine   Where the database is.
  /// @param options  Of each session.
  explicit SessionMaker(Engine engine, SessionOptions options = {})
      : SessionMaker(std::move(engine), std::move(options), detail::Facade::blocking) {}

  /// @return A new session.
  [[nodiscard]] Session operator()() const { return Session(engine_, options_, facade_).telling(events_); }
  /// @param connection  What it is bound to, as of Session.
  /// @return A new session.
  [[nodiscard]] Session operator()(Connection& connection) const {
    return Session(connection, options_, facade_).telling(events_);
  }
  /// Runs `fn` with a session of its own and in a transaction: commits when it returns, rolls back when it throws, and
  /// closes the session in either case.
  /// @param fn  Called once, with a `Session&`.
  /// @return What `fn` returns.
  /// @throws ...  What `fn` throws; as Session::begin.
  template <std::invocable<Session&> F>
  std::invoke_result_t<F, Session&> begin(F&& fn) const {
    Session session = (*this)();
    return session.begin([&]() -> decltype(auto) { return std::invoke(std::forward<F>(fn), session); });
  }

  /// Sets the options of sessions that are made from now on.
  /// @param options  Replace those there are; `info` is added to what there is.
  void configure(SessionOptions options);
  /// @return The options of the next session.
  [[nodiscard]] const SessionOptions& options() const noexcept { return options_; }
  /// @return Whom its sessions tell what happens.
  [[nodiscard]] SessionEvents& events() const noexcept { return *events_; }
  /// @return Where the database is.
  [[nodiscard]] const Engine& engine() const noexcept { return engine_; }

 private:
  friend class AsyncSessionMaker;
  SessionMaker(Engine engine, SessionOptions options, detail::Facade facade)
      : engine_(std::move(engine)),
        options_(std::move(options)),
        facade_(facade),
        events_(std::make_shared<SessionEvents>()) {}

  Engine engine_;
  SessionOptions options_;
  detail::Facade facade_;
  std::shared_ptr<SessionEvents> events_;
};

/// SessionMaker, by SQLAlchemy's name.
/// @param engine   As there.
/// @param options  As there.
/// @return It.
[[nodiscard]] inline SessionMaker sessionmaker(const Engine& engine, const SessionOptions& options = {}) {
  return SessionMaker(engine, options);
}

/// Runs `fn` as SessionMaker::begin does, and again, with a new session, when the database says that it might work
/// then: see is_retryable(). Between the attempts it waits a little, longer each time.
/// @param maker    Of the sessions.
/// @param fn       Called with a `Session&`, once for each attempt: what it has done beside the database it does again.
/// @param retries  How many more attempts there are after the first one.
/// @return What `fn` returns.
/// @throws ...  As SessionMaker::begin, of the last attempt.
template <std::invocable<Session&> F>
std::invoke_result_t<F&, Session&> run_transaction(const SessionMaker& maker, F&& fn, unsigned retries = 5) {
  for (unsigned attempt = 0;; ++attempt) {
    try {
      return maker.begin(fn);
    } catch (const DBAPIError& error) {
      if (attempt == retries || !is_retryable(error)) {
        throw;
      }
    }
    detail::wait_before_retry(attempt);
  }
}

}  // namespace greenway
