// SPDX-License-Identifier: BSL-1.0
#include "pqxx_dao.hpp"

#include <pqxx/pqxx>

struct PqxxDao::Session {
  explicit Session(const std::string& url) : connection(url) {}
  pqxx::connection connection;
};

PqxxDao::PqxxDao(const std::string& url) : session_(new Session(url)) {}

PqxxDao::~PqxxDao() = default;

void PqxxDao::create() {
  pqxx::connection& connection = session_->connection;
  {
    pqxx::work work(connection);
    work.exec("CREATE TEMPORARY TABLE account (id int PRIMARY KEY, cents bigint NOT NULL)");
    work.commit();
  }
  connection.prepare("balance", "SELECT cents FROM account WHERE id = $1");
}

void PqxxDao::deposit(int account, long cents) {
  pqxx::work work(session_->connection);
  work.exec_params(
      "INSERT INTO account VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET cents = account.cents + excluded.cents",
      account, cents);
  work.commit();
}

long PqxxDao::balance(int account) {
  pqxx::nontransaction work(session_->connection);
  return work.exec_prepared1("balance", account)[0].as<long>();
}

void PqxxDao::nap(double seconds) {
  pqxx::nontransaction work(session_->connection);
  work.exec_params("SELECT pg_sleep($1)", seconds);
}
