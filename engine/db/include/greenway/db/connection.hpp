// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/connection.hpp
/// @brief A session with a database, borrowed from an engine's pool: executes statements, in transactions.
///
/// Layer: db. Source: SQLAlchemy's `Connection`.

#include <any>
#include <concepts>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <greenway/db/options.hpp>
#include <greenway/db/result.hpp>
#include <greenway/db/transaction.hpp>
#include <greenway/sql/text.hpp>
#include <greenway/sql/statement.hpp>
#include <greenway/sql/value.hpp>

namespace greenway {

class DriverConnection;
class Engine;

namespace detail {

class ConnectionState;
struct Executable;
struct FoundStatement;

/// While it exists, statements are refused once `transaction` is over: for functions that run inside a transaction.
class TransactionScope {
 public:
  TransactionScope(ConnectionState& connection, const Transaction& transaction) noexcept;
  ~TransactionScope();
  TransactionScope(const TransactionScope&) = delete;
  TransactionScope& operator=(const TransactionScope&) = delete;

 private:
  ConnectionState& connection_;
  const Transaction* outer_;
};

}  // namespace detail

/// A connection, from Engine::connect until close() or destruction.
///
///     open         --close(), ~Connection-------------------------------->  closed
///     open         --invalidate(), the server or the network hangs up-->    invalidated
///     invalidated  --rollback() if a transaction was open, then any statement-->  open, on a new session
///
/// The first statement begins a transaction, which commit() or rollback() ends, and the next statement begins the next
/// one; begin() does it openly. With isolation_level "AUTOCOMMIT" no transaction begins. Closing rolls back.
///
/// Each call waits for the server: inside a greenlet the greenlet is set aside, in a plain thread the thread blocks.
/// One that came from the async facade (AsyncConnection::run_sync) throws MissingGreenlet rather than block.
///
/// @par Threads
/// Used by one greenlet or thread at a time; a second one that calls meanwhile gets InvalidRequestError.
///
/// @par Lifetime
/// Destruction gives the session back to the pool: it is reset, for at most 2 seconds, and closed if it cannot be
/// proven idle. Its streaming result and its transactions end.
class Connection {
 public:
  /// @param other  Left closed.
  Connection(Connection&& other) noexcept = default;
  /// @param other  Left closed; what this was is given back.
  /// @return This.
  Connection& operator=(Connection&& other) noexcept;
  /// Gives the session back: see Lifetime.
  ~Connection();

  /// Executes one statement.
  /// @param statement  All its parameters bound.
  /// @param options    What is set here counts for this statement alone.
  /// @return Its result, buffered unless `options.stream_results`.
  /// @throws DBAPIError            As the database reports; the connection stays usable unless `is_disconnect()`.
  /// @throws ArgumentError         Parameters have no value.
  /// @throws TimeoutError          It took longer than its timeout, and has been cancelled.
  /// @throws InvalidRequestError   A streaming result is open, somebody else is using the connection, or this runs in
  ///                               the function of a transaction that is over.
  /// @throws PendingRollbackError  The connection broke in a transaction: rollback() first.
  /// @throws ResourceClosedError   The connection is closed.
  Result execute(const TextClause& statement, const ExecutionOptions& options = {});
  /// Executes one statement.
  /// @param statement   See above.
  /// @param parameters  Values of its parameters, in addition to those bound already.
  /// @param options     See above.
  /// @return As above.
  /// @throws ...  As above.
  Result execute(const TextClause& statement, const Parameters& parameters, const ExecutionOptions& options = {});
  /// Executes one statement, compiled for the database; what has the same shape is compiled once.
  /// @param statement   Any: select(), insert(), …
  /// @param parameters  Values of its bindparam()s, and of the columns that an insert() without values, or an update()
  ///                    that sets nothing, is to write.
  /// @param options     See above.
  /// @return As above.
  /// @throws ArgumentError  A bindparam() has no value, or a value has none.
  /// @throws CompileError   The database cannot do that.
  /// @throws ...            As above.
  Result execute(const Statement& statement, const Parameters& parameters = {}, const ExecutionOptions& options = {});
  /// Executes one statement once for each set of parameters: SQLAlchemy's executemany.
  /// An insert().returning() is sent as `VALUES (…), (…)`, in pages of options.insertmanyvalues_page_size sets.
  /// @param statement   An insert() without values takes its columns from the first set.
  /// @param parameters  See rows(). Without any nothing is sent.
  /// @param options     See above.
  /// @return The sum of the row counts; of an insert().returning() the rows, in the order of the sets.
  /// @throws InvalidRequestError  The statement returns rows, and is no insert() that takes its columns from the sets.
  /// @throws ...                  As above. In AUTOCOMMIT the sets before the one that failed are kept, elsewhere the
  ///                              transaction decides.
  Result execute(const Statement& statement, const ParameterSets& parameters, const ExecutionOptions& options = {});
  /// Hands SQL to the driver as it is.
  /// @param sql         With the database's own placeholders.
  /// @param parameters  In their order.
  /// @param options     As execute().
  /// @return As execute().
  /// @throws ...  As execute().
  Result exec_driver_sql(std::string_view sql, const std::vector<Value>& parameters = {},
                         const ExecutionOptions& options = {});

  /// Executes one statement and reads one value.
  /// @tparam T         As Result::scalar.
  /// @param statement  As execute().
  /// @return The first column of the first row; see Result::scalar.
  /// @throws ...  As execute() and Result::scalar.
  template <class T = Value>
  [[nodiscard]] T scalar(const TextClause& statement) {
    return execute(statement).template scalar<T>();
  }
  /// As above.
  /// @tparam T          As above.
  /// @param statement   As above.
  /// @param parameters  As execute().
  /// @return As above.
  /// @throws ...  As above.
  template <class T = Value>
  [[nodiscard]] T scalar(const TextClause& statement, const Parameters& parameters) {
    return execute(statement, parameters).template scalar<T>();
  }

  /// As above.
  /// @tparam T          As above.
  /// @param statement   As execute().
  /// @param parameters  As execute().
  /// @return As above.
  /// @throws ...  As above.
  template <class T = Value>
  [[nodiscard]] T scalar(const Statement& statement, const Parameters& parameters = {}) {
    return execute(statement, parameters).template scalar<T>();
  }

  /// Executes one statement and reads one column.
  /// @tparam T    As Result::scalars.
  /// @param what  Anything that execute() takes.
  /// @return The first column of each row.
  /// @throws ...  As execute() and Result::scalars.
  template <class T = Value, class... A>
  [[nodiscard]] ScalarResult<T> scalars(const A&... what) {
    return execute(what...).template scalars<T>();
  }

  /// @return Which database this is, as the SQL layer sees it.
  /// @throws ArgumentError  It has no dialect.
  [[nodiscard]] const Dialect& dialect() const;

  /// A second handle on the same session and transaction, as of SQLAlchemy 1.3.
  /// @return It; closing or destroying it leaves this one open.
  /// @throws ResourceClosedError  The connection is closed.
  [[nodiscard]] Connection connect() const;
  /// @return Its engine, with the options that it had here.
  /// @throws ResourceClosedError  The connection is closed.
  [[nodiscard]] Engine engine() const;

  /// Begins a transaction.
  /// @return It. It rolls back unless committed.
  /// @throws InvalidRequestError  One has begun already, by begin() or by a statement.
  /// @throws ...                  As execute().
  Transaction begin();
  /// Runs `fn` in a transaction: commits when it returns, rolls back when it throws. A transaction that `fn` itself has
  /// ended stays as it is, and refuses statements until `fn` returns.
  /// @param fn  Called once, in place, without arguments.
  /// @return What `fn` returns.
  /// @throws ...  What `fn` throws; as begin() and Transaction::commit.
  template <std::invocable F>
  std::invoke_result_t<F> begin(F&& fn) {
    return run_in(begin(), std::forward<F>(fn));
  }
  /// Makes a savepoint; begins a transaction first if none has begun.
  /// @return The savepoint, as a transaction.
  /// @throws ...  As execute().
  Transaction begin_nested();
  /// Runs `fn` in a savepoint, as begin() does in a transaction.
  /// @param fn  As begin().
  /// @return As begin().
  /// @throws ...  As begin().
  template <std::invocable F>
  std::invoke_result_t<F> begin_nested(F&& fn) {
    return run_in(begin_nested(), std::forward<F>(fn));
  }

  /// Commits the transaction; does nothing when none has begun.
  /// @throws ...  As Transaction::commit.
  void commit();
  /// Rolls the transaction back; does nothing when none has begun. After the connection broke in a transaction this is
  /// what makes it usable again.
  /// @throws DBAPIError  The rollback failed; the session has been closed, which comes to the same.
  void rollback();

  /// @return Whether a transaction is open.
  [[nodiscard]] bool in_transaction() const noexcept;
  /// @return Whether a savepoint of begin_nested() is open.
  [[nodiscard]] bool in_nested_transaction() const noexcept;

  /// Sets options for all further statements.
  /// @param options  What is set replaces what was.
  /// @return This.
  /// @throws InvalidRequestError  isolation_level, read_only or deferrable, while a transaction is open.
  /// @throws ArgumentError        There is no such isolation_level; the message lists those there are.
  Connection& execution_options(const ExecutionOptions& options);
  /// @return The options as they are now, the engine's among them.
  /// @throws ResourceClosedError  The connection is closed.
  [[nodiscard]] const ExecutionOptions& get_execution_options() const;
  /// @return "READ COMMITTED", "SERIALIZABLE", "AUTOCOMMIT", …; asked of the database when nobody has said.
  /// @throws ...  As execute().
  [[nodiscard]] std::string get_isolation_level();

  /// Whatever the application wants to keep with a session, while it lives: it comes back when the pool hands the session
  /// out again, and goes when that is closed.
  /// @return It, by name.
  /// @throws ResourceClosedError, OperationalError  There is no session, and none can be had.
  [[nodiscard]] std::map<std::string, std::any>& info();
  /// The session as its driver knows it, whose native_handle() is the `PGconn*` or `sqlite3*`. What is done with it
  /// happens behind the connection's back.
  /// @return It; valid until the connection is closed, invalidated or broken.
  /// @throws ResourceClosedError, OperationalError  As info().
  [[nodiscard]] DriverConnection& get_raw_connection();
  /// Takes the session out of the pool, which may open another one in its place. It is closed rather than given back.
  /// @throws ResourceClosedError, OperationalError  As info().
  void detach();

  /// Closes the session for good, without waiting: for one that is known to be of no more use. The next statement gets
  /// a new one, after rollback() if a transaction was open.
  /// @param soft  The session stays good for this user, and is closed when it comes back.
  void invalidate(bool soft = false);
  /// Gives the session back to the pool; a transaction is rolled back. Closing twice does nothing.
  /// @throws InvalidRequestError  Somebody else is using the connection.
  void close();
  /// @return Whether it is closed.
  [[nodiscard]] bool closed() const noexcept;
  /// @return Whether its session is gone and the next statement will get a new one.
  [[nodiscard]] bool invalidated() const noexcept;

 private:
  friend class Engine;
  friend class detail::ConnectionState;
  explicit Connection(std::shared_ptr<detail::ConnectionState> state, bool is_branch = false) noexcept;
  [[nodiscard]] detail::ConnectionState& state() const;

  template <class F>
  std::invoke_result_t<F> run_in(Transaction transaction, F&& fn) {
    if constexpr (std::is_void_v<std::invoke_result_t<F>>) {
      run_scoped(transaction, std::forward<F>(fn));
      commit_if_active(transaction);
    } else {
      std::invoke_result_t<F> result = run_scoped(transaction, std::forward<F>(fn));
      commit_if_active(transaction);
      return static_cast<std::invoke_result_t<F>&&>(result);
    }
  }
  template <class F>
  std::invoke_result_t<F> run_scoped(const Transaction& transaction, F&& fn) {
    const detail::TransactionScope scope(state(), transaction);
    return std::forward<F>(fn)();
  }
  static void commit_if_active(Transaction& transaction);
  Result execute_complete(const Statement& statement, const Parameters& parameters, const ExecutionOptions& options);
  Result execute_found(detail::FoundStatement& found, std::span<const Value> values, const ExecutionOptions& options);
  Result execute_insert(const std::shared_ptr<const detail::Executable>& insert, std::span<const Value> values,
                        std::vector<Value> key, const ExecutionOptions& options);
  Result insert_many_values(const Statement& insert, std::span<const Parameters> sets, const ExecutionOptions& options);

  std::shared_ptr<detail::ConnectionState> state_;
  bool is_branch_ = false;  // of a connection that somebody else closes
};

}  // namespace greenway
