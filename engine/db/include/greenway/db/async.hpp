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

#include <any>
#include <concepts>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <greenway/db/async_result.hpp>
#include <greenway/db/connection.hpp>
#include <greenway/db/engine.hpp>
#include <greenway/db/options.hpp>
#include <greenway/db/result.hpp>
#include <greenway/db/transaction.hpp>
#include <greenway/db/url.hpp>
#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/offload.hpp>
#include <greenway/sql/text.hpp>

namespace greenway {

namespace detail {

/// Refuses callables that g++ 12 destroys twice when they are temporaries in a `co_await` expression.
template <class F>
constexpr void check_callable() {
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
  static_assert(std::is_lvalue_reference_v<F> || std::is_trivially_destructible_v<F>,
                "g++ 12 destroys this callable twice inside a co_await expression: pass values as further arguments, "
                "capture by reference, or give the lambda a name first");
#endif
}

// Logs sqlalchemy_aio's BlockingWarning.
void warn_of_blocking(std::string_view what, std::string_view instead);

template <class F, class... A>
auto run_in_thread(F&& fn, A&&... args) {
  check_callable<F>();
  return greenlet_spawn(
      [](auto&& f, auto&&... a) -> decltype(auto) { return offload([&]() -> decltype(auto) { return std::invoke(f, a...); }); },
      std::forward<F>(fn), std::forward<A>(args)...);
}

}  // namespace detail

class AsyncEngine;
class MetaData;

/// A transaction or savepoint of an AsyncConnection.
class [[nodiscard]] AsyncTransaction {
 public:
  /// @param other  Left good for assignment and destruction only.
  AsyncTransaction(AsyncTransaction&& other) noexcept = default;
  /// @param other  Left good for assignment and destruction only.
  /// @return This.
  AsyncTransaction& operator=(AsyncTransaction&& other) noexcept = default;

  /// Transaction::commit.
  /// @return When it is committed.
  [[nodiscard]] Operation<void> commit();
  /// Transaction::rollback.
  /// @return When it is rolled back.
  [[nodiscard]] Operation<void> rollback();
  /// Transaction::close.
  /// @return When it is rolled back, or was over.
  [[nodiscard]] Operation<void> close();
  /// @return Transaction::is_active.
  [[nodiscard]] bool is_active() const noexcept { return transaction_->is_active(); }

 private:
  friend class AsyncConnection;
  explicit AsyncTransaction(Transaction transaction)
      : transaction_(std::make_shared<Transaction>(std::move(transaction))) {}

  std::shared_ptr<Transaction> transaction_;
};

/// A connection for coroutines. Made by AsyncEngine::connect.
class AsyncConnection {
 public:
  /// @param other  Left good for assignment and destruction only.
  AsyncConnection(AsyncConnection&& other) noexcept = default;
  /// @param other  Left good for assignment and destruction only.
  /// @return This.
  AsyncConnection& operator=(AsyncConnection&& other) noexcept = default;

  /// Connection::execute, buffered: the result needs no more waiting.
  /// @param statement  As there.
  /// @return The result.
  [[nodiscard]] Operation<Result> execute(TextClause statement);
  /// As above.
  /// @param statement   As there.
  /// @param parameters  As there.
  /// @return The result.
  [[nodiscard]] Operation<Result> execute(TextClause statement, Parameters parameters);
  /// As above.
  /// @param statement  As there.
  /// @param options    As there; give them a name first: g++ 12 destroys temporary aggregates twice in `co_await`.
  /// @return The result.
  [[nodiscard]] Operation<Result> execute(TextClause statement, const ExecutionOptions& options);
  /// As above.
  /// @param statement  select(), insert(), …
  /// @return The result.
  [[nodiscard]] Operation<Result> execute(Statement statement);
  /// As above.
  /// @param statement   As above.
  /// @param parameters  Values of its bindparam()s.
  /// @return The result.
  [[nodiscard]] Operation<Result> execute(Statement statement, Parameters parameters);
  /// As above, once for each set.
  /// @param statement   As above.
  /// @param parameters  See rows().
  /// @return The result.
  [[nodiscard]] Operation<Result> execute(Statement statement, ParameterSets parameters);
  /// Connection::exec_driver_sql.
  /// @param sql  As there.
  /// @return The result.
  [[nodiscard]] Operation<Result> exec_driver_sql(std::string_view sql);
  /// As above.
  /// @param sql         As there.
  /// @param parameters  As there; give them a name first.
  /// @return The result.
  [[nodiscard]] Operation<Result> exec_driver_sql(std::string_view sql, const std::vector<Value>& parameters);
  /// Connection::execute with `stream_results`.
  /// @param statement  As there.
  /// @return The result, whose rows arrive as they are asked for.
  [[nodiscard]] Operation<AsyncResult> stream(TextClause statement);
  /// As above.
  /// @param statement  As there.
  /// @param options    As of execute(); `stream_results` is set in any case.
  /// @return As above.
  [[nodiscard]] Operation<AsyncResult> stream(TextClause statement, const ExecutionOptions& options);
  /// As above.
  /// @param statement  select(), insert(), …
  /// @return As above.
  [[nodiscard]] Operation<AsyncResult> stream(Statement statement);
  /// As above.
  /// @param statement  select(), insert(), …
  /// @param options    As above.
  /// @return As above.
  [[nodiscard]] Operation<AsyncResult> stream(Statement statement, const ExecutionOptions& options);
  /// Connection::scalars, of anything that execute() takes.
  /// @tparam T    As there.
  /// @param what  As of execute().
  /// @return The first column of each row, buffered.
  template <class T = Value, class... A>
  [[nodiscard]] Operation<ScalarResult<T>> scalars(A... what) {
    return greenlet_spawn([](const Shared& c, const A&... w) { return c->scalars<T>(w...); }, connection_,
                          std::move(what)...);
  }
  /// Connection::scalars with `stream_results`.
  /// @tparam T         As there.
  /// @param statement  A TextClause or Statement.
  /// @return The first column of each row; they arrive as they are asked for.
  template <class T = Value, class S>
  [[nodiscard]] Operation<AsyncScalarResult<T>> stream_scalars(S statement) {
    return greenlet_spawn([](const Shared& c, const S& s) { return open_stream(*c, s).template scalars<T>(); },
                          connection_, std::move(statement));
  }
  /// Connection::scalar.
  /// @tparam T         As there.
  /// @param statement  select(), insert(), …
  /// @return The first column of the first row.
  template <class T = Value>
  [[nodiscard]] Operation<T> scalar(Statement statement) {
    return scalar<T>(std::move(statement), Parameters());
  }
  /// As above.
  /// @tparam T          As there.
  /// @param statement   select(), insert(), …
  /// @param parameters  Values of its bindparam()s.
  /// @return As above.
  template <class T = Value>
  [[nodiscard]] Operation<T> scalar(Statement statement, Parameters parameters) {
    return greenlet_spawn([](const Shared& c, const Statement& s, const Parameters& p) { return c->scalar<T>(s, p); },
                          connection_, std::move(statement), std::move(parameters));
  }
  /// Connection::scalar.
  /// @tparam T         As there.
  /// @param statement  As there.
  /// @return The first column of the first row.
  template <class T = Value>
  [[nodiscard]] Operation<T> scalar(TextClause statement) {
    return greenlet_spawn([](const Shared& c, const TextClause& s) { return c->scalar<T>(s); }, connection_,
                          std::move(statement));
  }
  /// As above.
  /// @tparam T          As there.
  /// @param statement   As there.
  /// @param parameters  As there.
  /// @return As above.
  template <class T = Value>
  [[nodiscard]] Operation<T> scalar(TextClause statement, Parameters parameters) {
    return greenlet_spawn([](const Shared& c, const TextClause& s, const Parameters& p) { return c->scalar<T>(s, p); },
                          connection_, std::move(statement), std::move(parameters));
  }

  /// Runs synchronous code with the connection: `fn(connection, args…)`, in a greenlet.
  /// @param fn    Any callable that takes a `Connection&` first; decay-copied.
  /// @param args  Decay-copied and moved into the call; std::ref opts out.
  /// @return What `fn` returns; its exception is rethrown where the operation is awaited.
  template <class F, class... A>
    requires std::invocable<std::decay_t<F>, Connection&, std::decay_t<A>...>
  [[nodiscard]] auto run_sync(F&& fn, A&&... args) {
    detail::check_callable<F>();
    return greenlet_spawn(RunSync(), connection_, std::forward<F>(fn), std::forward<A>(args)...);
  }

  /// Runs synchronous code with the connection and blocks the thread meanwhile, as sqlalchemy_aio's does: a warning says so.
  /// @param fn    As run_sync().
  /// @param args  As run_sync().
  /// @return What `fn` returns.
  /// @throws WouldBlockLoop  On a thread whose loop is running: run_sync() is what is meant.
  template <class F, class... A>
    requires std::invocable<std::decay_t<F>, Connection&, std::decay_t<A>...>
  auto run_callable(F&& fn, A&&... args) {
    detail::warn_of_blocking("AsyncConnection::run_callable", "co_await connection.run_sync(fn)");
    return run_sync(std::forward<F>(fn), std::forward<A>(args)...).get();
  }
  /// Runs `fn(args…)` on a helper thread, without the connection.
  /// @param fn    Decay-copied.
  /// @param args  Decay-copied.
  /// @return What `fn` returns; its exception is rethrown here.
  template <class F, class... A>
  [[nodiscard]] auto run_in_thread(F&& fn, A&&... args) const {
    return detail::run_in_thread(std::forward<F>(fn), std::forward<A>(args)...);
  }

  /// Refused: what is to run in the transaction is synchronous.
  template <class F>
  void begin(F&& fn) = delete;  // co_await connection.run_sync([](Connection& c) { c.begin([&] { … }); })

  /// Connection::begin.
  /// @return The transaction.
  [[nodiscard]] Operation<AsyncTransaction> begin();
  /// Connection::begin_nested.
  /// @return The savepoint.
  [[nodiscard]] Operation<AsyncTransaction> begin_nested();
  /// Connection::commit.
  /// @return When it is committed.
  [[nodiscard]] Operation<void> commit();
  /// Connection::rollback.
  /// @return When it is rolled back.
  [[nodiscard]] Operation<void> rollback();
  /// Connection::invalidate.
  /// @param soft  As there.
  /// @return When it is invalidated.
  [[nodiscard]] Operation<void> invalidate(bool soft = false);
  /// Connection::close.
  /// @return When it is closed.
  [[nodiscard]] Operation<void> close();

  /// @return Connection::in_transaction.
  [[nodiscard]] bool in_transaction() const noexcept { return connection_->in_transaction(); }
  /// @return Connection::in_nested_transaction.
  [[nodiscard]] bool in_nested_transaction() const noexcept { return connection_->in_nested_transaction(); }
  /// @return Connection::closed.
  [[nodiscard]] bool closed() const noexcept { return connection_->closed(); }
  /// @return Connection::invalidated.
  [[nodiscard]] bool invalidated() const noexcept { return connection_->invalidated(); }
  /// Connection::execution_options.
  /// @param options  As there.
  /// @return This.
  AsyncConnection& execution_options(const ExecutionOptions& options);
  /// @return Connection::get_execution_options.
  [[nodiscard]] const ExecutionOptions& get_execution_options() const { return connection_->get_execution_options(); }
  /// @return Connection::get_isolation_level.
  [[nodiscard]] Operation<std::string> get_isolation_level();
  /// @return Connection::dialect.
  [[nodiscard]] const Dialect& dialect() const { return connection_->dialect(); }
  /// @return Connection::info.
  [[nodiscard]] std::map<std::string, std::any>& info() { return connection_->info(); }
  /// @return Connection::get_raw_connection.
  [[nodiscard]] DriverConnection& get_raw_connection() { return connection_->get_raw_connection(); }
  /// Connection::detach.
  void detach() { connection_->detach(); }
  /// Connection::connect.
  /// @return A second handle.
  [[nodiscard]] AsyncConnection connect() const { return AsyncConnection(connection_->connect()); }
  /// @return Connection::engine.
  [[nodiscard]] AsyncEngine engine() const;
  /// @return The connection itself, for synchronous code that runs in a greenlet.
  [[nodiscard]] Connection& sync_connection() const noexcept { return *connection_; }

 private:
  friend class AsyncEngine;
  using Shared = std::shared_ptr<Connection>;

  struct RunSync {
    template <class F, class... A>
    decltype(auto) operator()(const Shared& connection, F&& fn, A&&... args) const {
      return std::invoke(std::forward<F>(fn), *connection, std::forward<A>(args)...);
    }
  };

  explicit AsyncConnection(Connection connection) : connection_(std::make_shared<Connection>(std::move(connection))) {}
  static AsyncConnection open(const Engine& engine, std::source_location where);
  static AsyncResult open_stream(Connection& connection, const TextClause& statement, ExecutionOptions options = {});
  static AsyncResult open_stream(Connection& connection, const Statement& statement, ExecutionOptions options = {});

  Shared connection_;
};

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
