// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/async.hpp
/// @brief The engine for coroutines and callbacks: the same functions, each spawned in a greenlet.
///
/// Layer: db. Source: SQLAlchemy's `sqlalchemy.ext.asyncio`. No function here does anything that its synchronous
/// namesake does not do; what is said there of arguments, results and errors holds here.
///
/// ```cpp
/// auto conn = co_await engine.connect();
/// auto total = co_await conn.scalar<std::int64_t>(gw::text("SELECT sum(cents) FROM account"));
/// co_await conn.run_sync(transfer, 1, 2, 500);         // void transfer(gw::Connection&, int, int, int)
/// co_await conn.commit();
/// ```
///
/// @par Lifetime
/// All of these are handles; an operation shares what it works on, so that a handle may be moved or dropped meanwhile.
/// What is dropped outside a greenlet cannot wait there: a transaction is rolled back when its connection is next used,
/// a connection is reset by a thread of its engine, for at most 2 seconds, or closed.
///
/// @par Threads
/// AsyncEngine may be used from several threads and loops at once, the others by one coroutine at a time.

#include <concepts>
#include <functional>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <greenway/db/async_connection.hpp>
#include <greenway/db/async_result.hpp>
#include <greenway/db/engine.hpp>
#include <greenway/db/options.hpp>
#include <greenway/db/result.hpp>
#include <greenway/db/url.hpp>
#include <greenway/runtime/bridge.hpp>

namespace greenway {

class MetaData;

namespace detail {

/// What is called with an AsyncConnection, and not with the Connection behind it.
template <class F, class... A>
concept TakesAsyncConnection = std::invocable<std::decay_t<F>, AsyncConnection&, std::decay_t<A>...> &&
                               !std::invocable<std::decay_t<F>, Connection&, std::decay_t<A>...>;

}  // namespace detail

/// An engine for coroutines: a shared handle, as Engine.
class AsyncEngine {
 public:
  /// @param url      As of Engine.
  /// @param options  As of Engine.
  /// @throws ArgumentError  As of Engine.
  explicit AsyncEngine(const URL& url, const EngineOptions& options = {}) : engine_(url, options) {}
  /// @param engine  Whose pool is shared.
  explicit AsyncEngine(Engine engine) noexcept : engine_(std::move(engine)) {}

  /// Engine::connect.
  /// @param where  As there.
  /// @return The connection.
  [[nodiscard]] Operation<AsyncConnection> connect(std::source_location where = std::source_location::current()) const;
  /// Runs synchronous code with a connection and in a transaction: `fn(connection, args…)`, in a greenlet.
  /// @param fn    As AsyncConnection::run_sync.
  /// @param args  As AsyncConnection::run_sync.
  /// @return As AsyncConnection::run_sync.
  template <class F, class... A>
    requires std::invocable<std::decay_t<F>, Connection&, std::decay_t<A>...>
  [[nodiscard]] auto begin(F&& fn, A&&... args) const {
    detail::check_callable<F>();
    return greenlet_spawn(Begin(), engine_, std::forward<F>(fn), std::forward<A>(args)...);
  }
  /// As above, with a coroutine: `fn(async_connection, args…)`. Commits when it ends, rolls back when it throws; then the
  /// connection is given back, also where the caller is cancelled.
  /// @param fn    A function that returns a Task, or whatever else await_only() takes.
  /// @param args  As above.
  /// @return What the coroutine returns.
  template <class F, class... A>
    requires detail::TakesAsyncConnection<F, A...>
  [[nodiscard]] auto begin(F&& fn, A&&... args) const {
    detail::check_callable<F>();
    return greenlet_spawn(Begin(), engine_, Await(), std::forward<F>(fn), std::forward<A>(args)...);
  }
  /// Refused: a scope that begins has to be awaited at its end too.
  void begin() const = delete;  // co_await engine.begin([](Connection& c) { … }), or engine.connect() and its begin()
  /// As begin() with a coroutine, but begins nothing.
  /// @param fn    As there.
  /// @param args  As there.
  /// @return As there.
  template <class F, class... A>
    requires detail::TakesAsyncConnection<F, A...>
  [[nodiscard]] auto connect(F&& fn, A&&... args) const {
    detail::check_callable<F>();
    return greenlet_spawn(Connect(), engine_, Await(), std::forward<F>(fn), std::forward<A>(args)...);
  }
  /// Refused: what is to run with the connection is synchronous.
  template <std::invocable<Connection&> F>
  void connect(F&& fn) const = delete;  // co_await engine.begin([](Connection& c) { … }), or connect() and its run_sync()

  /// Engine::run_transaction.
  /// @param fn       As begin(), without arguments; called once for each attempt.
  /// @param retries  As there.
  /// @return What `fn` returns.
  template <class F>
    requires std::invocable<std::decay_t<F>&, Connection&>
  [[nodiscard]] auto run_transaction(F&& fn, unsigned retries = 5) const {
    detail::check_callable<F>();
    return greenlet_spawn(RunTransaction(), engine_, std::forward<F>(fn), retries);
  }
  /// Engine::execute.
  /// @param what  As there.
  /// @return The result, buffered.
  template <class... A>
  [[nodiscard]] Operation<Result> execute(A... what) const {
    return greenlet_spawn([](const Engine& e, const A&... w) { return autocommit(e).execute(w...); }, engine_,
                          std::move(what)...);
  }
  /// Engine::scalar.
  /// @tparam T    As there.
  /// @param what  As there.
  /// @return The first column of the first row.
  template <class T = Value, class... A>
  [[nodiscard]] Operation<T> scalar(A... what) const {
    return greenlet_spawn([](const Engine& e, const A&... w) { return autocommit(e).template scalar<T>(w...); }, engine_,
                          std::move(what)...);
  }
  /// has_table(), on a connection of its own.
  /// @param name    As there.
  /// @param schema  As there.
  /// @return Whether there is such a table.
  [[nodiscard]] Operation<bool> has_table(std::string_view name, std::string_view schema = {}) const;
  /// table_names(), on a connection of its own.
  /// @param schema  As there.
  /// @return The names, sorted.
  [[nodiscard]] Operation<std::vector<std::string>> table_names(std::string_view schema = {}) const;
  /// table_names(), on a given connection.
  /// @param schema      As there.
  /// @param connection  Whose transaction sees them.
  /// @return The names, sorted.
  [[nodiscard]] Operation<std::vector<std::string>> table_names(std::string_view schema,
                                                                const AsyncConnection& connection) const;
  /// Runs synchronous code with a connection and blocks the thread meanwhile, as sqlalchemy_aio's does: a warning says so.
  /// @param fn    As begin().
  /// @param args  As begin().
  /// @return What `fn` returns.
  /// @throws WouldBlockLoop  On a thread whose loop is running: begin() is what is meant.
  template <class F, class... A>
    requires std::invocable<std::decay_t<F>, Connection&, std::decay_t<A>...>
  auto run_callable(F&& fn, A&&... args) const {
    detail::warn_of_blocking("AsyncEngine::run_callable", "co_await engine.begin(fn), or sync_engine()");
    return greenlet_spawn(Connect(), engine_, std::forward<F>(fn), std::forward<A>(args)...).get();
  }
  /// Engine::raw_connection. What it leads to waits, where it does, as in any function: use it in a greenlet.
  /// @param where  As there.
  /// @return The session; include <greenway/db/connection_pool.hpp>.
  [[nodiscard]] Operation<PooledConnection> raw_connection(
      std::source_location where = std::source_location::current()) const;
  /// Runs `fn(args…)` on a helper thread.
  /// @param fn    Decay-copied.
  /// @param args  Decay-copied.
  /// @return What `fn` returns; its exception is rethrown here.
  template <class F, class... A>
  [[nodiscard]] auto run_in_thread(F&& fn, A&&... args) const {
    return detail::run_in_thread(std::forward<F>(fn), std::forward<A>(args)...);
  }
  /// Engine::dispose.
  /// @param close  As there.
  /// @return When the idle connections are closed.
  [[nodiscard]] Operation<void> dispose(bool close = true) const;

  /// Engine::execution_options.
  /// @param options  As there.
  /// @return The same engine with these options.
  [[nodiscard]] AsyncEngine execution_options(const ExecutionOptions& options) const;
  /// Engine::update_execution_options.
  /// @param options  As there.
  void update_execution_options(const ExecutionOptions& options) { engine_.update_execution_options(options); }
  /// @return Engine::get_execution_options.
  [[nodiscard]] const ExecutionOptions& get_execution_options() const noexcept { return engine_.get_execution_options(); }
  /// Engine::clear_compiled_cache.
  void clear_compiled_cache() const { engine_.clear_compiled_cache(); }
  /// @return Engine::name.
  [[nodiscard]] std::string_view name() const noexcept { return engine_.name(); }
  /// @return Engine::dialect.
  [[nodiscard]] const Dialect& dialect() const { return engine_.dialect(); }

  /// @return Engine::url.
  [[nodiscard]] const URL& url() const noexcept { return engine_.url(); }
  /// @return Engine::options.
  [[nodiscard]] const EngineOptions& options() const noexcept { return engine_.options(); }
  /// @return Engine::pool_status.
  [[nodiscard]] PoolStatus pool_status() const { return engine_.pool_status(); }
  /// @return Engine::checked_out.
  [[nodiscard]] std::vector<CheckedOut> checked_out() const { return engine_.checked_out(); }
  /// @return Engine::events.
  [[nodiscard]] EngineEvents& events() const noexcept { return engine_.events(); }
  /// @return The engine itself, for blocking callers.
  [[nodiscard]] const Engine& sync_engine() const noexcept { return engine_; }

 private:
  struct Begin {
    template <class F, class... A>
    decltype(auto) operator()(const Engine& engine, F&& fn, A&&... args) const {
      return engine.begin_through(detail::Facade::async, [&](Connection& connection) -> decltype(auto) {
        return std::invoke(std::forward<F>(fn), connection, std::forward<A>(args)...);
      });
    }
  };

  /// In place of synchronous code: runs a coroutine with the connection, and awaits it.
  struct Await {
    template <class F, class... A>
    decltype(auto) operator()(Connection& connection, F&& fn, A&&... args) const {
      AsyncConnection scoped(connection.connect());
      return await_only(std::invoke(std::forward<F>(fn), scoped, std::forward<A>(args)...));
    }
  };

  struct Connect {
    template <class F, class... A>
    decltype(auto) operator()(const Engine& engine, F&& fn, A&&... args) const {
      Connection connection = engine.connect_through(detail::Facade::async, std::source_location::current());
      return std::invoke(std::forward<F>(fn), connection, std::forward<A>(args)...);
    }
  };
  struct RunTransaction {
    template <class F>
    decltype(auto) operator()(const Engine& engine, F&& fn, unsigned retries) const {
      return engine.run_transaction_through(detail::Facade::async, fn, retries);
    }
  };
  static Connection autocommit(const Engine& engine) { return engine.connect_autocommit(detail::Facade::async); }

  Engine engine_;
};

/// Refused: MetaData::create_all and drop_all are synchronous.
void create_tables(const AsyncEngine&, const MetaData&, bool) = delete;      // co_await engine.begin(fn): fn(Connection&)
/// As above.
void create_tables(const AsyncConnection&, const MetaData&, bool) = delete;  // co_await connection.run_sync(fn)
/// As above.
void drop_tables(const AsyncEngine&, const MetaData&, bool) = delete;        // co_await engine.begin(fn): fn(Connection&)
/// As above.
void drop_tables(const AsyncConnection&, const MetaData&, bool) = delete;    // co_await connection.run_sync(fn)

}  // namespace greenway
