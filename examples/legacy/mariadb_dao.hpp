// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <memory>
#include <string>

struct st_mysql;

/// Accounts in MariaDB, by its C connector.
class MariadbDao {
 public:
  /// Throws std::runtime_error with the connector's own words, as all that follows.
  MariadbDao(const std::string& host, unsigned port, const std::string& database);

  /// An empty table, for this session alone.
  void create();
  void deposit(int account, long cents);
  long balance(int account);
  void nap(double seconds);

 private:
  struct Close {
    void operator()(st_mysql* connection) const;
  };
  std::string query(const std::string& sql);

  std::unique_ptr<st_mysql, Close> connection_;
};
