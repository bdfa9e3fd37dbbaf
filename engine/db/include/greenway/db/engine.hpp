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
#include <iosfwd>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <greenway/base/error.hpp>
#include <greenway/db/connection.hpp>
#include <greenway/db/events.hpp>
#include <greenway/db/options.hpp>
#include <greenway/db/url.hpp>

namespace greenway {

class PooledConnection;

namespace detail {

struct EngineState;

/// Through which door a connection was obtained: whether it may block where there is no greenlet.
enum class Facade : bool { blocking, async };

void wait_before_retry(unsigned attempt);
/// Engine::connect, through a door.
Connection connect_through(const Engine& engine, Facade facade, std::source_location where);

}  // namespace detail

/// @param error  Of a transaction that was rolled back.
/// @return Whether the same transaction may work when it is tried again: it lost against a concurrent one (SQLSTATE 40001,
///         40P01, SQLITE_BUSY_SNAPSHOT). Never for a commit whose outcome is unknown.
[[nodiscard]] bool is_retryable(const DBAPIError& error) noexcept;

/// How a pool stands at this moment.
struct PoolStatus {
  std::size_t idle = 0;     ///< Connections that are open and wait for a user.
  std::size_t in_use = 0;   ///< Places taken otherwise: by a user, or while a connection is opened or closed.
  std::size_t waiting = 0;  ///< Callers of connect() that wait for their turn.
  std::size_t size = 0;     ///< Connections that are kept; 0: any number.

  /// @return Connections beyond `size`; negative while there are fewer.
  [[nodiscard]] std::ptrdiff_t overflow() const noexcept {
    return static_cast<std::ptrdiff_t>(idle + in_use) - static_cast<std::ptrdiff_t>(size);
  }
  /// Prints "Pool size: 5  Connections in pool: 1 Current Overflow: -4 Current Checked out connections: 0".
  friend std::ostream& operator<<(std::ostream& out, const PoolStatus& status);
};

/// A connection that is in use.
struct CheckedOut {
  std::string where;  ///< The file, line and function that asked for it.
  Duration since{};   ///< How long ago.
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
  /// @throws ArgumentError  No driver is registered for the URL, or it does not know one of the URL's options; or there is no
  ///                        such isolation_level.
  explicit Engine(const URL& url, const EngineOptions& options = {});

  /// Borrows a connection, or opens one.
  /// @param where  For reports of connections that never come back.
  /// @return It. Giving it back is the destructor's business.
  /// @throws TimeoutError      All connections were in use for pool_timeout.
  /// @throws OperationalError  The database cannot be reached.
  [[nodiscard]] Connection connect(std::source_location where = std::source_location::current()) const {
    return connect_through(detail::Facade::blocking, where);
  }
  /// Borrows the session of a connection without the connection: no transaction is begun, no statement compiled, no event
  /// of either told.
  /// @param where  As above.
  /// @return The session; include <greenway/db/connection_pool.hpp>.
  /// @throws ...  As connect().
  [[nodiscard]] PooledConnection raw_connection(std::source_location where = std::source_location::current()) const;
  /// Runs `fn` with a connection, which is given back afterwards.
  /// @param fn     Called once, with a `Connection&`.
  /// @param where  As above.
  /// @return What `fn` returns.
  /// @throws ...  What `fn` throws; as connect().
  template <std::invocable<Connection&> F>
  std::invoke_result_t<F, Connection&> connect(F&& fn,
                                               std::source_location where = std::source_location::current()) const {
    Connection connection = connect(where);
    return std::invoke(std::forward<F>(fn), connection);
  }
  /// Runs `fn` with a connection and in a transaction: see Connection::begin.
  /// @param fn     Called once, with a `Connection&`.
  /// @param where  As connect().
  /// @return What `fn` returns.
  /// @throws ...  As connect() and Connection::begin.
  template <std::invocable<Connection&> F>
  std::invoke_result_t<F, Connection&> begin(F&& fn,
                                             std::source_location where = std::source_location::current()) const {
    return begin_through(detail::Facade::blocking, std::forward<F>(fn), where);
  }

  /// Runs `fn` as begin() does, and again when the database says that it might work then: see is_retryable(). Between
  /// the attempts it waits a little, longer each time.
  /// @param fn       Called with a `Connection&`, once for each attempt: what it has done beside the database it does again.
  /// @param retries  How many more attempts there are after the first one.
  /// @return What `fn` returns.
  /// @throws ...  As begin(), of the last attempt.
  template <std::invocable<Connection&> F>
  std::invoke_result_t<F&, Connection&> run_transaction(F&& fn, unsigned retries = 5) const {
    return run_transaction_through(detail::Facade::blocking, fn, retries);
  }

  /// Executes one statement on a connection of its own, and commits, whatever `autobegin` says.
  /// @param what  Anything that Connection::execute takes.
  /// @return Its result, buffered.
  /// @throws ...  As connect() and Connection::execute.
  template <class... A>
  Result execute(const A&... what) const {
    return connect_autocommit(detail::Facade::blocking).execute(what...);
  }
  /// Executes one statement as execute() does, and reads one value.
  /// @tparam T    As Result::scalar.
  /// @param what  Anything that Connection::scalar takes.
  /// @return The first column of the first row; see Result::scalar.
  /// @throws ...  As execute() and Result::scalar.
  template <class T = Value, class... A>
  [[nodiscard]] T scalar(const A&... what) const {
    return execute(what...).template scalar<T>();
  }

  /// @param options  For connections that are made from what is returned; what is set replaces what this one has.
  /// @return The same engine with these options: they share the pool.
  [[nodiscard]] Engine execution_options(const ExecutionOptions& options) const;
  /// Sets options of this handle itself, and of copies that are made of it from now on.
  /// @param options  For connections that are made afterwards; what is set replaces what there is.
  /// @throws ArgumentError  There is no such isolation_level.
  void update_execution_options(const ExecutionOptions& options) { *this = execution_options(options); }
  /// @return What execution_options(), update_execution_options() and EngineOptions have set.
  [[nodiscard]] const ExecutionOptions& get_execution_options() const noexcept { return *execution_options_; }

  /// Closes the idle connections; those in use are closed when they come back. The engine stays usable.
  /// @param close  False: forget the idle connections without closing them. For a process that was forked: they are its
  ///               parent's.
  void dispose(bool close = true) const;
  /// Forgets all compiled statements.
  void clear_compiled_cache() const;

  /// @return "postgresql", "sqlite".
  [[nodiscard]] std::string_view name() const noexcept;
  /// @return Which database this is, as the SQL layer sees it.
  /// @throws ArgumentError  It has no dialect.
  [[nodiscard]] const Dialect& dialect() const;

  /// @return Its URL.
  [[nodiscard]] const URL& url() const noexcept;
  /// @return How its pool stands.
  [[nodiscard]] PoolStatus pool_status() const;
  /// @return The connections that are in use now, those checked out the longest first: where it was and how long ago.
  [[nodiscard]] std::vector<CheckedOut> checked_out() const;
  /// @return Whom it tells what happens.
  [[nodiscard]] EngineEvents& events() const noexcept;
  /// @return The options that it was made with.
  [[nodiscard]] const EngineOptions& options() const noexcept;

 private:
  friend class AsyncConnection;
  friend class AsyncEngine;
  friend class Connection;
  friend Connection detail::connect_through(const Engine& engine, detail::Facade facade, std::source_location where);
  Engine(std::shared_ptr<detail::EngineState> state, std::shared_ptr<const ExecutionOptions> options) noexcept
      : state_(std::move(state)), execution_options_(std::move(options)) {}
  template <class F>
  std::invoke_result_t<F, Connection&> begin_through(
      detail::Facade facade, F&& fn, std::source_location where = std::source_location::current()) const {
    Connection connection = connect_through(facade, where);
    return connection.begin([&]() -> decltype(auto) { return std::invoke(std::forward<F>(fn), connection); });
  }
  template <class F>
  std::invoke_result_t<F&, Connection&> run_transaction_through(detail::Facade facade, F& fn, unsigned retries) const {
    for (unsigned attempt = 0;; ++attempt) {
      try {
        return begin_through(facade, fn);
      } catch (const DBAPIError& error) {
        if (attempt == retries || !is_retryable(error)) {
          throw;
        }
      }
      detail::wait_before_retry(attempt);
    }
  }
  [[nodiscard]] Connection connect_through(detail::Facade facade, std::source_location where) const;
  [[nodiscard]] Connection connect_autocommit(detail::Facade facade) const;
  [[nodiscard]] PooledConnection raw_connection_through(detail::Facade facade, std::source_location where) const;

  std::shared_ptr<detail::EngineState> state_;
  std::shared_ptr<const ExecutionOptions> execution_options_;
};

}  // namespace greenway
