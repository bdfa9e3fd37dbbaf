// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/events.hpp
/// @brief What happens to an engine, its pool, its connections and its statements.
///
/// Layer: db. Source: SQLAlchemy's `PoolEvents` and `ConnectionEvents`.
///
/// ```cpp
/// engine.events().connect.listen([](gw::DriverConnection& session) { … });
/// engine.events().after_cursor_execute.listen([](gw::Connection&, gw::StatementContext& it) { … it.duration … });
/// ```

#include <greenway/db/event.hpp>

namespace greenway {

class DriverConnection;

/// The events of one engine, and of those that execution_options() has made of it.
struct EngineEvents {
  /// A session has been opened. What is thrown closes it and fails the checkout.
  Event<DriverConnection&> connect;
  /// A session is about to be handed out. DisconnectionError has it replaced, twice at most; what else is thrown closes it
  /// and fails the checkout.
  Event<DriverConnection&> checkout;
  /// A session that came back is about to be reset. What is thrown is logged, and closes the session.
  Event<DriverConnection&> reset;
  /// A session has come back and is about to be idle, or another user's. What is thrown is logged, and closes the session.
  Event<DriverConnection&> checkin;
  /// A session has been found broken, or was given up by Connection::invalidate(), and is about to be closed without
  /// waiting. Handlers must not wait; what they throw is logged.
  Event<DriverConnection&> invalidate;
  /// Connection::invalidate(true): the session will be closed when it comes back.
  Event<DriverConnection&> soft_invalidate;
  /// A session is about to be closed. What is thrown is logged.
  Event<DriverConnection&> close;
  /// A session has left the pool.
  Event<DriverConnection&> detach;
  /// A session that had left the pool is about to be closed. What is thrown is logged.
  Event<DriverConnection&> close_detached;
};

}  // namespace greenway
