// SPDX-License-Identifier: BSL-1.0
#include "database.hpp"

#include <algorithm>
#include <utility>

#include <sqlite3.h>

#include "error.hpp"

namespace greenway::detail {

namespace {

const SQLText begin_deferred("BEGIN");
const SQLText begin_immediate("BEGIN IMMEDIATE");
const SQLText commit_transaction("COMMIT");
const SQLText rollback_transaction("ROLLBACK");
const SQLText query_only_on("PRAGMA query_only=ON");
const SQLText query_only_off("PRAGMA query_only=OFF");

void refuse_unknown_isolation(std::string level) {
  std::transform(level.begin(), level.end(), level.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  // All of the standard's are satisfied by the one that SQLite has.
  for (const char* known : {"", "SERIALIZABLE", "REPEATABLE READ", "READ COMMITTED", "READ UNCOMMITTED"}) {
    if (level == known) {
      return;
    }
  }
  throw ArgumentError("'" + level + "' is no isolation level: SQLite's is always SERIALIZABLE");
}

}  // namespace

SQLiteDatabase::~SQLiteDatabase() {
  statements_.clear();
  sqlite3_close_v2(db_);
}

bool SQLiteDatabase::execute(const SQLText& sql, std::span<const Value> parameters, const ExecuteOptions& options,
                             SQLiteResult& result) {
  refuse_what_cannot_run(sql.text);
  drop_abandoned();
  SQLiteStatement& statement = statements_.get(db_, sql, options.prepare);
  try {
    statement.bind(parameters, options.stream != 0);
    if (statement.writes() && !place_->try_take()) {
      statements_.give_back(statement);
      return false;
    }
    send_begin();
    const std::int64_t changes = sqlite3_total_changes64(db_);
    const bool has_row = statement.step();
    result.columns = statement.columns();
    result.statement = &statement;
    result.batch_rows = options.stream;
    gather(result, has_row);
    result.lastrowid = sqlite3_last_insert_rowid(db_);
    if (result.columns->empty()) {
      // What sqlite3_changes64() says is of an earlier statement if this one has changed nothing.
      result.rowcount = sqlite3_total_changes64(db_) == changes ? 0 : sqlite3_changes64(db_);
    }
  } catch (...) {
    result.statement = nullptr;
    unread_ = nullptr;
    statements_.give_back(statement);
    throw;
  }
  return true;
}

void SQLiteDatabase::fetch(SQLiteResult& result) {
  SQLiteStatement& statement = *result.statement;
  try {
    gather(result, statement.step());
  } catch (...) {
    result.statement = nullptr;
    result.is_lost = true;
    unread_ = nullptr;
    statements_.give_back(statement);
    throw;
  }
}

void SQLiteDatabase::gather(SQLiteResult& result, bool has_row) {
  SQLiteStatement& statement = *result.statement;
  if (has_row) {
    auto batch = std::make_shared<SQLiteBatch>(result.columns->size());
    do {
      statement.copy_row(*batch);
    } while (batch->size() != result.batch_rows && (has_row = statement.step()));
    result.rows += static_cast<std::int64_t>(batch->size());
    result.batch = std::move(batch);
  }
  if (has_row) {
    unread_ = &result;
    return;
  }
  result.statement = nullptr;
  result.rowcount = result.rows;
  unread_ = nullptr;
  statements_.give_back(statement);
  // Ended by the user's own COMMIT or ROLLBACK.
  if (begun_ == Begun::open && is_autocommit()) {
    begun_ = Begun::none;
  }
  settle();
}

void SQLiteDatabase::finish(SQLiteResult& result) {
  SQLiteStatement& statement = *std::exchange(result.statement, nullptr);
  unread_ = nullptr;
  const std::string text = statement.sql().text;
  const int code = statements_.give_back(statement);
  settle();
  if (code != SQLITE_OK) {
    throw_sqlite_error(db_, code, text);
  }
}

void SQLiteDatabase::abandon(SQLiteResult& result) noexcept {
  abandoned_ = std::exchange(result.statement, nullptr);
  unread_ = nullptr;
}

void SQLiteDatabase::drop_abandoned() noexcept {
  if (abandoned_ != nullptr) {
    statements_.give_back(*std::exchange(abandoned_, nullptr));
    settle();
  }
}

void SQLiteDatabase::refuse_what_cannot_run(std::string_view statement) const {
  if (unread_ != nullptr) {
    throw InvalidRequestError(
        "rows of an earlier statement are still unread: read them all, or close its result, before "
        "anything else is executed on this connection");
  }
  if (transaction_state() == TransactionState::failed) {
    throw_sqlite_error(
        "SQLite has rolled the transaction back when an earlier statement failed: roll back before "
        "anything else",
        SQLITE_ABORT_ROLLBACK, statement);
  }
}

void SQLiteDatabase::run(const SQLText& sql) {
  SQLiteStatement& statement = statements_.get(db_, sql, true);
  try {
    statement.step();
  } catch (...) {
    statements_.give_back(statement);
    throw;
  }
  statements_.give_back(statement);
}

void SQLiteDatabase::begin(const BeginOptions& options) {
  refuse_unknown_isolation(options.isolation_level);
  if (transaction_state() != TransactionState::idle) {
    throw InvalidRequestError("a transaction is open already: commit it or roll it back, or make a savepoint");
  }
  begun_ = Begun::pending;
  is_read_only_ = options.read_only;
  is_immediate_ = !is_read_only_ && (options.immediate || options_.begins_immediate);
}

void SQLiteDatabase::send_begin() {
  if (begun_ != Begun::pending) {
    return;
  }
  if (is_read_only_) {
    run(query_only_on);
    is_query_only_ = true;
  }
  run(is_immediate_ ? begin_immediate : begin_deferred);
  begun_ = Begun::open;
}

void SQLiteDatabase::commit() {
  if (begun_ == Begun::pending || (begun_ == Begun::none && is_autocommit())) {
    begun_ = Begun::none;
    yield_place();
    return;
  }
  if (transaction_state() == TransactionState::failed) {
    begun_ = Begun::none;
    settle();
    throw_sqlite_error("nothing was committed: SQLite has rolled the transaction back when an earlier statement failed",
                       SQLITE_ABORT_ROLLBACK, commit_transaction.text);
  }
  refuse_what_cannot_run(commit_transaction.text);
  drop_abandoned();
  run(commit_transaction);
  begun_ = Begun::none;
  settle();
}

void SQLiteDatabase::rollback() {
  if (unread_ != nullptr) {
    unread_->is_lost = true;
    abandon(*unread_);
  }
  drop_abandoned();
  begun_ = Begun::none;
  if (!is_autocommit()) {
    run(rollback_transaction);
  }
  settle();
}

void SQLiteDatabase::forget() noexcept {
  if (unread_ != nullptr) {
    unread_->is_lost = true;
    abandon(*unread_);
  }
  begun_ = Begun::none;
  yield_place();
}

bool SQLiteDatabase::is_dirty() const noexcept {
  return unread_ != nullptr || abandoned_ != nullptr || is_query_only_ || !is_autocommit();
}

void SQLiteDatabase::settle() noexcept {
  if (is_query_only_ && begun_ == Begun::none && is_autocommit()) {
    try {
      run(query_only_off);
      is_query_only_ = false;
    } catch (const Error&) {
      // Still in force, and so is_dirty(): the next one tries again.
    }
  }
  yield_place();
}

void SQLiteDatabase::yield_place() noexcept {
  const bool is_in_use = wants_place() || !is_autocommit() || unread_ != nullptr || abandoned_ != nullptr;
  if (place_ && !is_in_use) {
    place_->release();
  }
}

void SQLiteDatabase::ping() {
  int has_moved = 0;
  sqlite3_file_control(db_, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
  if (has_moved != 0) {
    throw_sqlite_error("the database file has been moved, deleted or replaced: " + options_.path,
                       SQLITE_READONLY_DBMOVED, {});
  }
}

bool SQLiteDatabase::is_autocommit() const noexcept { return db_ == nullptr || sqlite3_get_autocommit(db_) != 0; }

TransactionState SQLiteDatabase::transaction_state() const noexcept {
  if (begun_ == Begun::pending || !is_autocommit()) {
    return TransactionState::in_transaction;
  }
  return begun_ == Begun::open ? TransactionState::failed : TransactionState::idle;
}

}  // namespace greenway::detail
