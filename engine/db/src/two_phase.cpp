// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/two_phase.hpp>

#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/sql/compiler.hpp>

namespace greenway {

namespace {

constexpr std::size_t longest_xid = 199;  // GIDSIZE of PostgreSQL, without the terminating zero

// Names cannot be parameters of these commands.
std::string command(const std::string& verb, const std::string& xid) {
  std::string sql = verb + " '";
  for (const char c : xid) {
    sql += c == '\'' ? "''" : std::string(1, c);
  }
  return sql + '\'';
}

void execute(Connection& connection, const std::string& sql) {
  ExecutionOptions once;
  once.prepare = false;
  connection.exec_driver_sql(sql, {}, once);
}

// Within no transaction, whatever the connection's isolation level.
void execute_alone(Connection& connection, const std::string& sql) {
  ExecutionOptions options;
  const ExecutionOptions before = connection.get_execution_options();
  options.isolation_level = "AUTOCOMMIT";
  connection.execution_options(options);
  options.isolation_level = before.isolation_level.value_or("");
  try {
    execute(connection, sql);
  } catch (...) {
    connection.execution_options(options);
    throw;
  }
  connection.execution_options(options);
}

std::string checked(const Connection& connection, std::string xid) {
  if (connection.dialect().kind() != Dialect::Kind::postgresql) {
    Diagnostics fields;
    fields.message = "two-phase transactions are PostgreSQL's; this is " + std::string(connection.dialect().name());
    throw NotSupportedError(std::move(fields));
  }
  if (xid.empty() || xid.size() > longest_xid || xid.find('\0') != std::string::npos) {
    throw ArgumentError("the name of a two-phase transaction has 1 to 199 bytes, none of them zero");
  }
  return xid;
}

}  // namespace

TwoPhaseTransaction::TwoPhaseTransaction(Connection& connection, std::string xid)
    : connection_(connection), xid_(checked(connection, std::move(xid))), transaction_(connection.begin()) {}

void TwoPhaseTransaction::prepare() {
  if (!transaction_.is_active()) {
    throw InvalidRequestError("This transaction is inactive");
  }
  execute(connection_, command("PREPARE TRANSACTION", xid_));
  is_prepared_ = true;
}

void TwoPhaseTransaction::commit() {
  if (!is_prepared_) {
    return transaction_.commit();
  }
  commit_prepared(connection_, xid_);
  is_prepared_ = false;
}

void TwoPhaseTransaction::rollback() {
  if (!is_prepared_) {
    return transaction_.rollback();
  }
  rollback_prepared(connection_, xid_);
  is_prepared_ = false;
}

std::vector<std::string> recover_twophase(Connection& connection) {
  return connection
      .scalars<std::string>(
          text("SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = current_database() ORDER BY 1"))
      .all();
}

void commit_prepared(Connection& connection, const std::string& xid) {
  execute_alone(connection, command("COMMIT PREPARED", checked(connection, xid)));
}

void rollback_prepared(Connection& connection, const std::string& xid) {
  execute_alone(connection, command("ROLLBACK PREPARED", checked(connection, xid)));
}

}  // namespace greenway
