// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <memory>
#include <string>

struct sqlite3;

/// Accounts in a file, by the C API of SQLite. Several connections may use one file.
class SqliteDao {
 public:
  /// Throws std::runtime_error with SQLite's own words, as all that follows.
  /// @param busy_timeout  Milliseconds that SQLite waits for a lock, asleep.
  explicit SqliteDao(const std::string& path, int busy_timeout = 5000);

  /// The table, unless it is there.
  void create();
  void deposit(int account, long cents);
  long balance(int account);

  /// Takes the lock of the one writer until unlock().
  void lock();
  void unlock();

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  void exec(const char* sql);

  std::unique_ptr<sqlite3, Close> db_;
};
