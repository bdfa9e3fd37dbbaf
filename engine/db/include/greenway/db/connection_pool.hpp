// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/connection_pool.hpp
/// @brief An engine's pool without the engine: sessions as their driver knows them, for code that speaks to that itself.
///
/// Layer: db. Source: SQLAlchemy's `create_pool_from_url()`, `Pool` and `PoolProxiedConnection`. One pool serves threads,
/// greenlets and loops alike, so that there is no other for coroutines.
///
/// ```cpp
/// const gw::ConnectionPool pool = gw::create_pool_from_url("postgresql:///bank");
/// auto session = pool.connect();
/// auto* const link = static_cast<PGconn*>(session->native_handle());
/// ```

#include <any>
#include <map>
#include <memory>
#include <source_location>
#include <string>

#include <greenway/db/driver.hpp>
#include <greenway/db/engine.hpp>
#include <greenway/db/events.hpp>
#include <greenway/db/options.hpp>
#include <greenway/db/url.hpp>

namespace greenway {

namespace detail {

struct EngineState;
struct PoolLink;

}  // namespace detail

/// A session that is checked out.
///
/// @par Threads
/// Used by one greenlet or thread at a time.
///
/// @par Lifetime
/// Destruction gives it back: it is reset, for at most 2 seconds, and closed if it cannot be proven idle; one of
/// AsyncEngine::raw_connection is, outside a greenlet, by a thread of its engine. Keeps its pool.
class PooledConnection {
 public:
  /// @param other  Left without a session.
  PooledConnection(PooledConnection&& other) noexcept;
  /// @param other  Left without a session; the one that this had is given back.
  /// @return This.
  PooledConnection& operator=(PooledConnection&& other) noexcept;
  ~PooledConnection();

  /// @return The session.
  /// @throws ResourceClosedError  It has been given back or given up.
  DriverConnection& operator*() const;
  /// @return The session.
  /// @throws ResourceClosedError  As above.
  DriverConnection* operator->() const { return &**this; }
  /// @return Connection::info.
  /// @throws ResourceClosedError  As above.
  [[nodiscard]] std::map<std::string, std::any>& info() const;

  /// Connection::invalidate.
  /// @param soft  As there.
  void invalidate(bool soft = false);
  /// Takes the session out of the pool, as Connection::detach.
  /// @throws ResourceClosedError  As above.
  void detach();
  /// Gives the session back; again does nothing.
  void close() noexcept;
  /// @return Whether there is a session.
  [[nodiscard]] bool is_valid() const noexcept { return link_ != nullptr; }

 private:
  friend class ConnectionPool;
  friend class Engine;
  PooledConnection(std::shared_ptr<detail::EngineState> pool, detail::Facade facade, std::source_location where);
  [[nodiscard]] detail::PoolLink& link() const;

  std::shared_ptr<detail::EngineState> state_;
  detail::Facade facade_;
  std::unique_ptr<detail::PoolLink> link_;
};

/// A shared handle on a pool; see Engine for its invariants.
///
/// @par Threads
/// All functions may be called from several threads, greenlets and loops at once.
class ConnectionPool {
 public:
  /// @param url      As of Engine.
  /// @param options  As of Engine; those of statements mean nothing here.
  /// @throws ArgumentError  As of Engine.
  explicit ConnectionPool(const URL& url, const EngineOptions& options = {});

  /// As Engine::connect.
  /// @param where  As there.
  /// @return A session.
  /// @throws TimeoutError, OperationalError  As there.
  [[nodiscard]] PooledConnection connect(std::source_location where = std::source_location::current()) const;
  /// Engine::dispose.
  /// @param close  As there.
  void dispose(bool close = true) const;
  /// @return Engine::pool_status.
  [[nodiscard]] PoolStatus status() const;
  /// @return Engine::events; those of statements and transactions never happen.
  [[nodiscard]] EngineEvents& events() const noexcept;

 private:
  std::shared_ptr<detail::EngineState> state_;
};

}  // namespace greenway
