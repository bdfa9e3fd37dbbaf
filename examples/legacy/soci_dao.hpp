// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <memory>
#include <string>

/// Accounts in whatever database SOCI has a back end for.
class SociDao {
 public:
  /// Throws soci::soci_error, as all that follows.
  /// @param url  As SOCI writes it: "postgresql://host=… dbname=…", "sqlite3://db=file timeout=5".
  explicit SociDao(const std::string& url);
  ~SociDao();

  /// The table, unless it is there. PostgreSQL's is this session's alone.
  void create();
  void deposit(int account, long cents);
  long balance(int account);
  /// PostgreSQL only.
  void nap(double seconds);

 private:
  struct Session;
  std::unique_ptr<Session> session_;
};
