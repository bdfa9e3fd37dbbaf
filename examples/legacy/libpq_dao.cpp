// SPDX-License-Identifier: BSL-1.0
#include "libpq_dao.hpp"

#include <stdexcept>

#include <libpq-fe.h>

namespace {

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, Clear>;

Result checked(PGconn* connection, PGresult* answer, ExecStatusType expected) {
  Result result(answer);
  if (PQresultStatus(answer) != expected) {
    throw std::runtime_error(PQerrorMessage(connection));
  }
  return result;
}

Result exec(PGconn* connection, const std::string& sql, ExecStatusType expected = PGRES_TUPLES_OK) {
  return checked(connection, PQexec(connection, sql.c_str()), expected);
}

}  // namespace

void LibpqDao::Finish::operator()(pg_conn* connection) const { PQfinish(connection); }

LibpqDao::LibpqDao(const std::string& url) : connection_(PQconnectdb(url.c_str())) {
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    throw std::runtime_error(PQerrorMessage(connection_.get()));
  }
}

void LibpqDao::create() {
  exec(connection_.get(), "CREATE TEMPORARY TABLE account (id int PRIMARY KEY, cents bigint NOT NULL)",
       PGRES_COMMAND_OK);
}

void LibpqDao::deposit(int account, long cents) {
  const std::string id = std::to_string(account);
  const std::string amount = std::to_string(cents);
  const char* const values[] = {id.c_str(), amount.c_str()};
  checked(connection_.get(),
          PQexecParams(connection_.get(),
                       "INSERT INTO account VALUES ($1::int, $2::bigint)"
                       " ON CONFLICT (id) DO UPDATE SET cents = account.cents + excluded.cents",
                       2, nullptr, values, nullptr, nullptr, 0),
          PGRES_COMMAND_OK);
}

long LibpqDao::balance(int account) {
  const Result result = exec(connection_.get(), "SELECT cents FROM account WHERE id = " + std::to_string(account));
  return std::stol(PQgetvalue(result.get(), 0, 0));
}

void LibpqDao::nap(double seconds) { exec(connection_.get(), "SELECT pg_sleep(" + std::to_string(seconds) + ")"); }

void LibpqDao::copy_in(const std::vector<long>& cents) {
  PGconn* const connection = connection_.get();
  exec(connection, "COPY account FROM STDIN", PGRES_COPY_IN);
  int account = 0;
  for (const long amount : cents) {
    const std::string line = std::to_string(++account) + '\t' + std::to_string(amount) + '\n';
    if (PQputCopyData(connection, line.data(), static_cast<int>(line.size())) != 1) {
      throw std::runtime_error(PQerrorMessage(connection));
    }
  }
  if (PQputCopyEnd(connection, nullptr) != 1) {
    throw std::runtime_error(PQerrorMessage(connection));
  }
  checked(connection, PQgetResult(connection), PGRES_COMMAND_OK);
  while (const Result rest{PQgetResult(connection)}) {
  }
}

std::vector<long> LibpqDao::copy_out() {
  PGconn* const connection = connection_.get();
  exec(connection, "COPY (SELECT cents FROM account ORDER BY id) TO STDOUT", PGRES_COPY_OUT);
  std::vector<long> cents;
  char* line = nullptr;
  int length = 0;
  while ((length = PQgetCopyData(connection, &line, 0)) > 0) {
    cents.push_back(std::stol(std::string(line, static_cast<std::size_t>(length))));
    PQfreemem(line);
  }
  if (length != -1) {
    throw std::runtime_error(PQerrorMessage(connection));
  }
  checked(connection, PQgetResult(connection), PGRES_COMMAND_OK);
  while (const Result rest{PQgetResult(connection)}) {
  }
  return cents;
}
