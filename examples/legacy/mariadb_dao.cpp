// SPDX-License-Identifier: BSL-1.0
#include "mariadb_dao.hpp"

#include <stdexcept>

#include <mysql.h>

void MariadbDao::Close::operator()(st_mysql* connection) const { mysql_close(connection); }

MariadbDao::MariadbDao(const std::string& host, unsigned port, const std::string& database)
    : connection_(mysql_init(nullptr)) {
  if (mysql_real_connect(connection_.get(), host.c_str(), nullptr, nullptr, database.c_str(), port, nullptr, 0) ==
      nullptr) {
    throw std::runtime_error(mysql_error(connection_.get()));
  }
}

/// The first value of the first row; empty when there is none.
std::string MariadbDao::query(const std::string& sql) {
  if (mysql_real_query(connection_.get(), sql.data(), sql.size()) != 0) {
    throw std::runtime_error(mysql_error(connection_.get()));
  }
  MYSQL_RES* const rows = mysql_store_result(connection_.get());
  if (rows == nullptr) {
    if (mysql_errno(connection_.get()) != 0) {
      throw std::runtime_error(mysql_error(connection_.get()));
    }
    return {};
  }
  const MYSQL_ROW row = mysql_fetch_row(rows);
  std::string value = row != nullptr && row[0] != nullptr ? row[0] : "";
  mysql_free_result(rows);
  return value;
}

void MariadbDao::create() {
  query("CREATE TEMPORARY TABLE account (id int PRIMARY KEY, cents bigint NOT NULL) ENGINE = MEMORY");
}

void MariadbDao::deposit(int account, long cents) {
  query("INSERT INTO account VALUES (" + std::to_string(account) + ", " + std::to_string(cents) +
        ") ON DUPLICATE KEY UPDATE cents = cents + VALUES(cents)");
}

long MariadbDao::balance(int account) {
  return std::stol(query("SELECT cents FROM account WHERE id = " + std::to_string(account)));
}

void MariadbDao::nap(double seconds) { query("SELECT SLEEP(" + std::to_string(seconds) + ")"); }
