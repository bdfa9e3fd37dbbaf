// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/engine.hpp
/// @brief A database that one can connect to: its driver, its options, and the pool of its connections.
///
/// Layer: db. Source: SQLAlchemy's `Engine`. `create_engine()`, which also registers the drivers, is in
/// greenway/greenway.hpp.

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <greenway/db/connection.hpp>
#include <greenway/db/options.hpp>
#include <greenway/db/url.hpp>

namespace greenway {

namespace detail {

struct EngineState;

/// Through which door a connection was obtained: whether it may block where there is no greenlet.
enum class Facade : bool { blocking, async };

}  // namespace detail

/// How a pool stands at this moment.
struct PoolStatus {
  std::size_t idle = 0;     ///< Connections that are open and wait for a user.
  std::size_t in_use = 0;   ///< Places taken otherwise: by a user, or while a connection is opened or closed.
  std::size_t waiting = 0;  ///< Callers of connect() that wait for their turn.
};

/// A shared handle: copies are cheap and mean the same engine. Nothing is opened before the first connect().
///
/// Invariants of its pool: (1) a connection has one owner; (2) idle and in use together never exceed pool_size +
/// max_overflow, and connections that are being opened or closed count; (3) whoever waits is served once, in the order
/// of arrival, and one who gives up holds nothing; (4) nobody waits while a connection is idle; (5) an idle connection
/// has no transaction and no unread rows.
///
/// @par Threads
/// All functions may be called from several threads, greenlets and loops at once.
///
/// @par Lifetime
/// Connections keep their engine. When the last handle and connection are gone, the idle connections are closed.
class Engine {
 public:
  /// @param url      Which database.
  /// @param options  Copied.
  /// @throws ArgumentError  No driver is registered for the URL, or it does not know one of the URL's options.
  explicit Engine(const URL& url, const EngineOptions& options = {});

  /// Borrows a connection, or opens one.
  /// @return It. Giving it back is the destructor's business.
  /// @throws TimeoutError      All connections were in use for pool_timeout.
  /// @throws OperationalError  The database cannot be reached.
  [[nodiscard]] Connection connect() const { return connect_through(detail::Facade::blocking); }
  /// Runs `fn` with a connection, which is given back afterwards.
  /// @param fn  Called once, with a `Connection&`.
  /// @return What `fn` returns.
  /// @throws ...  What `fn` throws; as connect().
  template <std::invocable<Connection&> F>
  std::invoke_result_t<F, Connection&> connect(F&& fn) const {
    Connection connection = connect();
    return std::invoke(std::forward<F>(fn), connection);
  }
  /// Runs `fn` with a connection and in a transaction: see Connection::begin.
  /// @param fn  Called once, with a `Connection&`.
  /// @return What `fn` returns.
  /// @throws ...  As connect() and Connection::begin.
  template <std::invocable<Connection&> F>
  std::invoke_result_t<F, Connection&> begin(F&& fn) const {
    Connection connection = connect();
    return connection.begin([&]() -> decltype(auto) { return std::invoke(std::forward<F>(fn), connection); });
  }

  /// Closes the idle connections; those in use are closed when they come back. The engine stays usable.
  void dispose() const;

  /// @return Its URL.
  [[nodiscard]] const URL& url() const noexcept;
  /// @return How its pool stands.
  [[nodiscard]] PoolStatus pool_status() const;

 private:
  friend class AsyncConnection;
  friend class AsyncEngine;
  [[nodiscard]] Connection connect_through(detail::Facade facade) const;

  std::shared_ptr<detail::EngineState> state_;
};

}  // namespace greenway
