// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/async_connection.hpp
/// @brief A connection and its transactions for coroutines: the functions of Connection, each spawned in a greenlet.
///
/// Layer: db. Source: SQLAlchemy's `AsyncConnection` and `AsyncTransaction`. See greenway/db/async.hpp.

#include <any>
#include <concepts>
#include <functional>
#include <map>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <greenway/db/async_result.hpp>
#include <greenway/db/connection.hpp>
#include <greenway/db/options.hpp>
#include <greenway/db/result.hpp>
#include <greenway/db/transaction.hpp>
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
      [](auto&& f, auto&&... a) -> decltype(auto) {
        return offload([&]() -> decltype(auto) { return std::invoke(f, a...); });
      },
      std::forward<F>(fn), std::forward<A>(args)...);
}

}  // namespace detail

class AsyncEngine;

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
  /// @param connection  Of an AsyncEngine, in a greenlet.
  explicit AsyncConnection(Connection connection) : connection_(std::make_shared<Connection>(std::move(connection))) {}
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
  /// As above.
  /// @param statement   As above.
  /// @param parameters  As above.
  /// @param options     As above.
  /// @return The result.
  [[nodiscard]] Operation<Result> execute(Statement statement, Parameters parameters, const ExecutionOptions& options);
  /// As above, once for each set.
  /// @param statement   As above.
  /// @param parameters  See rows().
  /// @return The result.
  [[nodiscard]] Operation<Result> execute(Statement statement, ParameterSets parameters);
  /// As above.
  /// @param statement   As above.
  /// @param parameters  As above.
  /// @param options     As above.
  /// @return The result.
  [[nodiscard]] Operation<Result> execute(Statement statement, ParameterSets parameters, const ExecutionOptions& options);
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

  static AsyncConnection open(const Engine& engine, std::source_location where);
  static AsyncResult open_stream(Connection& connection, const TextClause& statement, ExecutionOptions options = {});
  static AsyncResult open_stream(Connection& connection, const Statement& statement, ExecutionOptions options = {});

  Shared connection_;
};

}  // namespace greenway
