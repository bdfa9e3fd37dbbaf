// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/events.hpp
/// @brief What happens to an engine, its pool, its connections and its statements.
///
/// Layer: db. Source: SQLAlchemy's `PoolEvents` and `ConnectionEvents`.
///
/// Of each statement first before_execute and before_cursor_execute are told, then after_cursor_execute and after_execute;
/// or handle_error, in place of the last two, when the database refuses it.
///
/// ```cpp
/// engine.events().connect.listen([](gw::DriverConnection& session) { … });
/// engine.events().after_cursor_execute.listen([](gw::Connection&, gw::StatementContext& it) { … it.duration … });
/// ```

#include <any>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <greenway/base/clock.hpp>
#include <greenway/db/driver.hpp>
#include <greenway/db/listeners.hpp>
#include <greenway/db/url.hpp>
#include <greenway/sql/value.hpp>

namespace greenway {

class Connection;
class DBAPIError;
class Result;
struct ExecutionOptions;

/// One statement, on its way.
struct StatementContext {
  std::string statement;              ///< Its SQL text, with placeholders; before_cursor_execute may change it.
  std::span<const Value> parameters;  ///< Their values, in the order of the placeholders.
  const ExecutionOptions& options;    ///< The statement's own.
  const URL& url;                     ///< Of the engine.
  std::string_view system;            ///< "postgresql", "sqlite".
  TimePoint started = {};             ///< When it was handed to the driver.
  Duration duration = {};             ///< How long the driver took; of a stream, until its first rows.
  std::int64_t rowcount = -1;         ///< Result::rowcount, afterwards.
  std::any user = {};                 ///< Whatever a handler wants to find again in a later one: a span.
};

/// A session that is about to be opened.
struct ConnectContext {
  URL url;                                           ///< Where. A handler may change it: a password that is good for a minute.
  std::unique_ptr<DriverConnection> connection = {};  ///< A handler may open the session itself, and put it here.
};

/// A failure that a database has reported.
struct ErrorContext {
  Connection* connection;       ///< Where; null when no session could be opened.
  const DBAPIError& error;      ///< What; thrown to the caller afterwards, unless a handler throws something else.
  StatementContext* statement;  ///< Which; null when it was none, or nobody watches statements.
  bool is_disconnect;           ///< Whether the session is of no more use; a handler may know better.
};

/// The events of one engine, and of those that execution_options() has made of it.
struct EngineEvents {
  /// A session is about to be opened. What is thrown fails the checkout.
  Listeners<ConnectContext&> do_connect;
  /// The engine's first session has been opened; told before connect, once. Those that are opened meanwhile wait for it.
  /// What is thrown closes the session and fails the checkout, and the next one is the first.
  Listeners<DriverConnection&> first_connect;
  /// A session has been opened. What is thrown closes it and fails the checkout.
  Listeners<DriverConnection&> connect;
  /// A session is about to be handed out. DisconnectionError has it replaced, twice at most; what else is thrown closes it
  /// and fails the checkout.
  Listeners<DriverConnection&> checkout;
  /// A session that came back is about to be reset; its transaction_state() tells whether there is anything to reset. Not of
  /// one that is closed instead, nor where handlers may not wait. What is thrown is logged, and closes the session.
  Listeners<DriverConnection&> reset;
  /// A session has come back and is about to be idle, or another user's. What is thrown is logged, and closes the session.
  Listeners<DriverConnection&> checkin;
  /// A session has been found broken, or was given up by Connection::invalidate(), and is about to be closed without
  /// waiting. Handlers must not wait; what they throw is logged.
  Listeners<DriverConnection&> invalidate;
  /// Connection::invalidate(true): the session will be closed when it comes back.
  Listeners<DriverConnection&> soft_invalidate;
  /// A session is about to be closed. What is thrown is logged.
  Listeners<DriverConnection&> close;
  /// A session has left the pool.
  Listeners<DriverConnection&> detach;
  /// A session that had left the pool is about to be closed. What is thrown is logged.
  Listeners<DriverConnection&> close_detached;

  // In what follows the connection may be used, which makes events of its own. What is thrown goes to the caller of what
  // was under way, which then is not done.

  /// Engine::connect() is about to return this connection.
  Listeners<Connection&> engine_connect;
  /// A statement is about to be executed; nothing has been done for it yet.
  Listeners<Connection&, StatementContext&> before_execute;
  /// A statement is about to be handed to the driver, in its transaction.
  Listeners<Connection&, StatementContext&> before_cursor_execute;
  /// The driver has executed a statement.
  Listeners<Connection&, StatementContext&> after_cursor_execute;
  /// A statement has been executed, and this is its result.
  Listeners<Connection&, StatementContext&, Result&> after_execute;
  /// A transaction has begun; a driver may send BEGIN with its first statement.
  Listeners<Connection&> begin;
  /// A transaction is about to be committed.
  Listeners<Connection&> commit;
  /// A transaction is about to be rolled back. Not when its session is closed or reset instead.
  Listeners<Connection&> rollback;
  /// A savepoint of this name has been made.
  Listeners<Connection&, std::string_view> savepoint;
  /// What was done since a savepoint is about to be undone.
  Listeners<Connection&, std::string_view> rollback_savepoint;
  /// A savepoint is about to be released.
  Listeners<Connection&, std::string_view> release_savepoint;
  /// The database has reported a failure.
  Listeners<ErrorContext&> handle_error;

  /// @return Whether anybody watches statements.
  [[nodiscard]] bool watches_statements() const noexcept {
    return before_execute.is_heard() || before_cursor_execute.is_heard() || after_cursor_execute.is_heard() ||
           after_execute.is_heard();
  }
};

}  // namespace greenway
