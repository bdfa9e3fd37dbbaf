// SPDX-License-Identifier: BSL-1.0
#include "sqlite_dao.hpp"

#include <stdexcept>

#include <sqlite3.h>

namespace {

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

Statement prepare(sqlite3* db, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(db, sql, -1, &statement, nullptr) != SQLITE_OK) {
    throw std::runtime_error(sqlite3_errmsg(db));
  }
  return Statement(statement);
}

void step(sqlite3* db, const Statement& statement, int expected) {
  if (sqlite3_step(statement.get()) != expected) {
    throw std::runtime_error(sqlite3_errmsg(db));
  }
}

}  // namespace

void SqliteDao::Close::operator()(sqlite3* db) const { sqlite3_close(db); }

SqliteDao::SqliteDao(const std::string& path, int busy_timeout) {
  sqlite3* db = nullptr;
  const int code = sqlite3_open(path.c_str(), &db);
  db_.reset(db);
  if (code != SQLITE_OK) {
    throw std::runtime_error(sqlite3_errmsg(db));
  }
  sqlite3_busy_timeout(db, busy_timeout);
}

void SqliteDao::exec(const char* sql) {
  if (sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    throw std::runtime_error(sqlite3_errmsg(db_.get()));
  }
}

void SqliteDao::create() { exec("CREATE TABLE IF NOT EXISTS account (id int PRIMARY KEY, cents bigint NOT NULL)"); }

void SqliteDao::deposit(int account, long cents) {
  const Statement statement = prepare(
      db_.get(), "INSERT INTO account VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET cents = cents + excluded.cents");
  sqlite3_bind_int(statement.get(), 1, account);
  sqlite3_bind_int64(statement.get(), 2, cents);
  step(db_.get(), statement, SQLITE_DONE);
}

long SqliteDao::balance(int account) {
  const Statement statement = prepare(db_.get(), "SELECT cents FROM account WHERE id = ?1");
  sqlite3_bind_int(statement.get(), 1, account);
  step(db_.get(), statement, SQLITE_ROW);
  return static_cast<long>(sqlite3_column_int64(statement.get(), 0));
}

void SqliteDao::lock() { exec("BEGIN IMMEDIATE"); }

void SqliteDao::unlock() { exec("ROLLBACK"); }
