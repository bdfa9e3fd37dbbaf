// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/driver.hpp
/// @brief What a driver implements: our DB-API. Plain synchronous calls; a driver waits through the runtime and never
///        learns whether a greenlet or a thread does.
///
/// Layer: db. Users of the engine do not include this; authors of drivers do.
///
/// ```
/// Driver (one an engine) --connect()--> DriverConnection (one at a time per user) --execute()--> Cursor
/// Cursor --next()--> RowBatch
/// ```

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <greenway/db/row_batch.hpp>
#include <greenway/db/url.hpp>
#include <greenway/runtime/deadline.hpp>
#include <greenway/sql/sql_text.hpp>
#include <greenway/sql/value.hpp>

namespace greenway {

/// How one statement is to be executed.
struct ExecuteOptions {
  Deadline deadline = {};   ///< For each wait on the server. Unset for a stream: a scope around each call bounds it.
  std::size_t stream = 0;   ///< 0: the whole result is fetched at once. n: batches of about n rows, as next() asks.
  bool prepare = true;      ///< May the statement be kept prepared?
};

/// The answer to one statement. While a streaming cursor is open its connection executes nothing else.
class Cursor {
 public:
  /// Abandons unread rows without waiting; DriverConnection::reset then drains or reports that it cannot.
  virtual ~Cursor() = default;
  /// @return The columns; empty when the statement returns no rows.
  [[nodiscard]] virtual const std::shared_ptr<const ColumnList>& columns() const noexcept = 0;
  /// @return Rows affected, or rows returned when the whole result has been fetched; -1 when not known.
  [[nodiscard]] virtual std::int64_t rowcount() const noexcept = 0;
  /// @return The rowid of the last INSERT on SQLite; 0 elsewhere.
  [[nodiscard]] virtual std::int64_t lastrowid() const noexcept { return 0; }
  /// @return The next rows, or null at the end; after the end null again.
  /// @throws ResourceClosedError  An earlier call has failed, or the connection has given up the rows: not all were read.
  /// @throws DBAPIError           As reported.
  virtual std::shared_ptr<const RowBatch> next() = 0;
  /// Streaming: next() returns about so many rows from now on.
  /// @param rows  At least 1.
  virtual void set_batch(std::size_t rows) noexcept = 0;
  /// Gives up unread rows and leaves the connection able to execute the next statement, or closed. Bounded; calling it
  /// twice, or at the end, does nothing.
  virtual void close() = 0;
};

/// What the server says of the transaction.
enum class TransactionState : std::uint8_t {
  idle,            ///< None is open.
  in_transaction,  ///< One is open; also when its BEGIN has not been sent yet.
  failed,          ///< One is open and has failed: only a rollback helps (PostgreSQL).
  unknown,         ///< A statement is under way, or the connection is gone.
};

/// How a transaction begins.
struct BeginOptions {
  std::string isolation_level = {};  ///< "SERIALIZABLE", …; empty: the server's default.
  bool read_only = false;            ///< BEGIN … READ ONLY where the database has it.
  bool deferrable = false;           ///< BEGIN … DEFERRABLE where the database has it.
  bool immediate = false;            ///< SQLite: BEGIN IMMEDIATE, which takes the writer's place in the queue at once.
};

/// One session with a database. Used by one greenlet or thread at a time.
///
///     open --a call fails as a disconnect, or a clean-up cannot prove it idle--> broken --close(), terminate()--> closed
///     open --close(), terminate()--> closed
///
/// Every call waits no longer than its deadline, and at most an hour where none is given. A call that throws Cancelled
/// or TimeoutError has cancelled its statement and leaves the connection ready for the next (open), or broken.
class DriverConnection {
 public:
  /// As terminate().
  virtual ~DriverConnection() = default;

  /// Executes one statement.
  /// @param sql         With this driver's placeholders.
  /// @param parameters  As many as there are placeholders, alive until the call returns.
  /// @param options     See there.
  /// @return Its cursor, which must not outlive the connection.
  /// @throws DBAPIError  As the database reports; the connection is usable unless `is_disconnect()`.
  virtual std::unique_ptr<Cursor> execute(const SQLText& sql, std::span<const Value> parameters,
                                          const ExecuteOptions& options) = 0;

  /// Begins a transaction; a driver may send BEGIN with the first statement.
  /// @param options   See there.
  /// @param deadline  For the answer, where BEGIN is sent now.
  virtual void begin(const BeginOptions& options, Deadline deadline) = 0;
  /// Commits; nothing when none is open.
  /// @param deadline  For the answer.
  /// @throws OutcomeUnknown  The COMMIT was sent and its answer lost.
  /// @throws DBAPIError      The transaction has been rolled back instead, also when the server calls that a success.
  virtual void commit(Deadline deadline) = 0;
  /// Rolls back; nothing when none is open.
  /// @param deadline  For the answer.
  virtual void rollback(Deadline deadline) = 0;
  /// Makes a savepoint.
  /// @param name      Letters, digits and underscores.
  /// @param deadline  For the answer.
  virtual void savepoint(std::string_view name, Deadline deadline) = 0;
  /// Releases a savepoint and those made after it.
  /// @param name      As in savepoint().
  /// @param deadline  For the answer.
  virtual void release_savepoint(std::string_view name, Deadline deadline) = 0;
  /// Undoes what was done since a savepoint, which stays.
  /// @param name      As in savepoint().
  /// @param deadline  For the answer.
  virtual void rollback_to_savepoint(std::string_view name, Deadline deadline) = 0;

  /// @return What the client library says now, without asking the server.
  [[nodiscard]] virtual TransactionState transaction_state() const noexcept = 0;
  /// @return Whether the connection can execute a statement, without asking the server.
  [[nodiscard]] virtual bool is_usable() const noexcept = 0;

  /// Asks the server for a sign of life.
  /// @param deadline  For the answer.
  virtual void ping(Deadline deadline) = 0;
  /// Makes the session as if new for its next user: no unread rows, no transaction. May leave it broken.
  /// @param deadline  For all of it.
  virtual void reset(Deadline deadline) = 0;
  /// Says goodbye and closes. Bounded; never throws; after it the object is only good for destruction.
  /// @param deadline  For the goodbye; closing itself does not wait.
  virtual void close(Deadline deadline) noexcept = 0;
  /// Closes at once without waiting for anybody.
  virtual void terminate() noexcept = 0;

  /// @return The client library's own handle, `PGconn*` or `sqlite3*`; null when closed.
  [[nodiscard]] virtual void* native_handle() const noexcept = 0;
};

/// What one engine knows of its database: made from its URL, then asked for connections.
/// @par Threads
/// connect() may be called from several threads at once.
class Driver {
 public:
  virtual ~Driver() = default;
  /// @return "postgresql", "sqlite".
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  /// @return How placeholders are written.
  [[nodiscard]] virtual ParameterStyle parameter_style() const noexcept = 0;
  /// Opens a session.
  /// @param deadline  For the whole of it: name lookup, every address, TLS, authentication.
  /// @return The session, open and idle.
  /// @throws OperationalError  It cannot be had; nothing is left behind.
  virtual std::unique_ptr<DriverConnection> connect(Deadline deadline) = 0;
};

/// Makes the driver of an engine.
/// @throws ArgumentError  The URL has an option that the driver does not know, or lacks one that it needs.
using DriverFactory = std::function<std::unique_ptr<Driver>(const URL&)>;

/// Makes a driver known to create_engine. Thread-safe; a second registration replaces the first for new engines.
/// @param drivername  As in the URL.
/// @param factory     Called once an engine.
void register_driver(std::string drivername, DriverFactory factory);

/// @param url  Whose driver.
/// @return A new driver for it.
/// @throws ArgumentError  Nobody registered the name; the message lists those that are.
[[nodiscard]] std::unique_ptr<Driver> make_driver(const URL& url);

}  // namespace greenway
