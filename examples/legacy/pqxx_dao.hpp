// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <memory>
#include <string>

/// Accounts in PostgreSQL, by libpqxx.
class PqxxDao {
 public:
  /// Throws pqxx's exceptions, as all that follows.
  explicit PqxxDao(const std::string& url);
  ~PqxxDao();

  /// An empty table, for this session alone.
  void create();
  void deposit(int account, long cents);
  long balance(int account);
  void nap(double seconds);

 private:
  struct Session;
  std::unique_ptr<Session> session_;
};
