// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <greenway/db/driver.hpp>

#include "interrupt.hpp"
#include "options.hpp"
#include "statement.hpp"
#include "writer_queue.hpp"

struct sqlite3;

namespace greenway::detail {

/// The answer to one statement, as far as it has been fetched. The database keeps the address of one that has unread
/// rows: it stays where it is.
struct SQLiteResult {
  SQLiteStatement* statement = nullptr;       ///< Has unread rows; null: none are left.
  bool is_lost = false;                       ///< Unread rows have been given up by the connection, or could not be had.
  std::size_t batch_rows = 0;                 ///< So many at a time; 0: all at once.
  std::shared_ptr<const ColumnList> columns;  ///< Its columns.
  std::shared_ptr<const RowBatch> batch;      ///< Fetched, and not handed out yet; null: none.
  std::int64_t rows = 0;                      ///< Fetched so far.
  std::int64_t rowcount = -1;                 ///< As Cursor::rowcount().
  std::int64_t lastrowid = 0;                 ///< As Cursor::lastrowid().
};

/// A connection as SQLite has it: plain calls that block. Knows nothing of where it runs; whoever owns it sees to it
/// that it is used by one thread or greenlet at a time.
///
/// What a call would write waits for the writer's place first, and that wait is the caller's: such a call returns
/// false, having done nothing, and is made again when place() is taken.
///
///     none    --begin()---------------------->  pending     nothing has been sent
///     pending --first statement-------------->  open        BEGIN rides with it
///     open    --commit(), COMMIT, rollback()->  none
///     open    --SQLite rolls back by itself-->  failed      disk full, I/O error, interrupted write, OR ROLLBACK
///     failed  --commit() (throws), rollback()>  none
///
/// `open` and `failed` differ by sqlite3_get_autocommit() alone.
class SQLiteDatabase {
 public:
  /// Does nothing yet.
  explicit SQLiteDatabase(const SQLiteOptions& options) noexcept
      : options_(options), interrupt_(options.busy_timeout) {}
  /// Closes; what is open is rolled back.
  ~SQLiteDatabase();
  SQLiteDatabase(const SQLiteDatabase&) = delete;
  SQLiteDatabase& operator=(const SQLiteDatabase&) = delete;

  /// Opens the file and sets the connection up.
  /// @return False: the place is needed, to change the journal mode.
  /// @throws OperationalError, InternalError  It cannot be opened, or is no database.
  [[nodiscard]] bool open();

  /// Executes a statement and fetches its first rows.
  /// @param result  Fresh; receives the answer.
  /// @return False: the place is needed.
  /// @throws DBAPIError  As reported.
  [[nodiscard]] bool execute(const SQLText& sql, std::span<const Value> parameters, const ExecuteOptions& options,
                             SQLiteResult& result);
  /// Fetches the next rows of a result whose statement has some.
  /// @throws DBAPIError  As reported; no rows are left then.
  void fetch(SQLiteResult& result);
  /// Gives up the unread rows of a result.
  /// @throws DBAPIError  What the statement wrote could not be committed.
  void finish(SQLiteResult& result);
  /// As finish(), but makes no call of SQLite: the next one does it.
  void abandon(SQLiteResult& result) noexcept;

  /// A transaction begins with the next statement.
  /// @throws ArgumentError        The isolation level has no meaning.
  /// @throws InvalidRequestError  One is open.
  void begin(const BeginOptions& options);
  /// @return Whether begin() was told to take the write lock, and BEGIN has not been sent.
  [[nodiscard]] bool wants_place() const noexcept { return begun_ == Begun::pending && is_immediate_; }
  /// Commits what is open.
  /// @throws DBAPIError  It is still open (a lock, a deferred constraint), or has been rolled back.
  void commit();
  /// Gives up unread rows and rolls back what is open.
  /// @throws DBAPIError  It cannot be said what is open now.
  void rollback();
  /// Forgets unread rows and a transaction of which nothing has been sent; makes no call of SQLite.
  void forget() noexcept;
  /// @return Whether rollback() has to call SQLite, or forget() is enough.
  [[nodiscard]] bool is_dirty() const noexcept;

  /// Checks that the file is still the one that was opened.
  /// @throws OperationalError  It is not; a disconnect.
  void ping();

  /// @return As DriverConnection::transaction_state().
  [[nodiscard]] TransactionState transaction_state() const noexcept;
  /// @return SQLite's handle; null before open().
  [[nodiscard]] sqlite3* handle() const noexcept { return db_; }
  /// @return How to cut short what runs.
  [[nodiscard]] SQLiteInterrupt& interrupt() noexcept { return interrupt_; }
  /// @return The claim on the writer's place; only after open() has returned once.
  [[nodiscard]] SQLiteWriterPlace& place() noexcept { return *place_; }
  /// Gives the place back unless a transaction or unread rows need it; to be called when anything above has thrown.
  void yield_place() noexcept;

 private:
  enum class Begun : std::uint8_t { none, pending, open };

  void open_handle();
  void configure();
  [[nodiscard]] bool set_journal_mode();
  std::string query_text(const char* sql);
  void exec(const char* sql);
  [[noreturn]] void fail_to_open(int code);

  void run(const SQLText& sql);
  void send_begin();
  void gather(SQLiteResult& result, bool has_row);
  void refuse_what_cannot_run(std::string_view statement) const;
  void drop_abandoned() noexcept;
  void settle() noexcept;
  [[nodiscard]] bool is_autocommit() const noexcept;

  const SQLiteOptions options_;
  SQLiteInterrupt interrupt_;
  sqlite3* db_ = nullptr;
  std::optional<SQLiteWriterPlace> place_;
  SQLiteStatementCache statements_{128};
  SQLiteResult* unread_ = nullptr;        // whose statement is running
  SQLiteStatement* abandoned_ = nullptr;  // to be reset before anything else
  Begun begun_ = Begun::none;
  bool is_immediate_ = false;
  bool is_read_only_ = false;
  bool is_query_only_ = false;  // the pragma is in force
};

}  // namespace greenway::detail
