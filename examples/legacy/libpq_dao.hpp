// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <memory>
#include <string>
#include <vector>

struct pg_conn;

/// Accounts in PostgreSQL, by libpq's blocking calls.
class LibpqDao {
 public:
  /// PQconnectdb. Throws std::runtime_error with libpq's own words, as all that follows.
  explicit LibpqDao(const std::string& url);

  /// An empty table, for this session alone.
  void create();
  void deposit(int account, long cents);
  long balance(int account);
  void nap(double seconds);

  /// COPY account FROM STDIN: accounts 1, 2, … with these cents.
  void copy_in(const std::vector<long>& cents);
  /// COPY account TO STDOUT: their cents, by account.
  std::vector<long> copy_out();

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  std::unique_ptr<pg_conn, Finish> connection_;
};
