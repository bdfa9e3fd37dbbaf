// SPDX-License-Identifier: BSL-1.0
#include "bank/bank_dao.hpp"

#include <string_view>

#include <greenway/base/error.hpp>
#include <greenway/sql/text.hpp>

namespace bank {

namespace {

using greenway::params;
using greenway::text;

constexpr std::string_view tables[] = {
    "CREATE TABLE pgbench_branches (bid integer PRIMARY KEY, bbalance integer, filler char(88))",
    "CREATE TABLE pgbench_tellers (tid integer PRIMARY KEY, bid integer, tbalance integer, filler char(84))",
    "CREATE TABLE pgbench_accounts (aid integer PRIMARY KEY, bid integer, abalance integer, filler char(84))",
    "CREATE TABLE pgbench_history (tid integer, bid integer, aid integer, delta integer, mtime timestamp,"
    " filler char(22))",
};

std::int64_t count_branches(greenway::Connection& conn) {
  return conn.scalar<std::int64_t>(text("SELECT count(*) FROM pgbench_branches"));
}

bool has_tables(greenway::Connection& conn) {
  try {
    conn.begin_nested([&] { count_branches(conn); });
    return true;
  } catch (const greenway::ProgrammingError&) {
    return false;
  }
}

/// The n-th branch, with the tellers and accounts that pgbench gives it. One statement a table: none takes longer than
/// a second, and none travels with more than two numbers.
void add_branch(greenway::Connection& conn, std::int64_t n) {
  conn.execute(text("INSERT INTO pgbench_branches (bid, bbalance) VALUES (:n, 0)"), params("n", n));
  conn.execute(text("WITH RECURSIVE number(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM number WHERE i < :tellers) "
                    "INSERT INTO pgbench_tellers (tid, bid, tbalance) "
                    "SELECT (:n - 1) * :tellers + i, :n, 0 FROM number"),
               params("tellers", tellers_per_branch, "n", n));
  conn.execute(text("WITH RECURSIVE number(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM number WHERE i < :accounts) "
                    "INSERT INTO pgbench_accounts (aid, bid, abalance, filler) "
                    "SELECT (:n - 1) * :accounts + i, :n, 0, '' FROM number"),
               params("accounts", accounts_per_branch, "n", n));
}

}  // namespace

bool is_balanced(const Books& before, const Books& after) {
  const std::int64_t change = after.history - before.history;
  return after.accounts - before.accounts == change && after.tellers - before.tellers == change &&
         after.branches - before.branches == change;
}

std::int64_t found(greenway::Connection& conn, std::int64_t branches) {
  auto transaction = conn.begin();
  if (!has_tables(conn)) {
    for (const std::string_view table : tables) {
      conn.execute(text(table));
    }
  }
  if (count_branches(conn) == 0) {
    for (std::int64_t n = 1; n <= branches; ++n) {
      add_branch(conn, n);
    }
  }
  const std::int64_t count = count_branches(conn);
  transaction.commit();
  return count;
}

std::int64_t transfer(greenway::Connection& conn, const Transfer& order) {
  static const auto update_account =
      text("UPDATE pgbench_accounts SET abalance = abalance + :delta WHERE aid = :account");
  static const auto select_balance = text("SELECT abalance FROM pgbench_accounts WHERE aid = :account");
  static const auto update_teller = text("UPDATE pgbench_tellers SET tbalance = tbalance + :delta WHERE tid = :teller");
  static const auto update_branch =
      text("UPDATE pgbench_branches SET bbalance = bbalance + :delta WHERE bid = :branch");
  static const auto insert_history = text(
      "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) "
      "VALUES (:teller, :branch, :account, :delta, CURRENT_TIMESTAMP)");

  auto transaction = conn.begin();
  // Writing before reading: on SQLite nobody can come in between.
  conn.execute(update_account, params("delta", order.delta, "account", order.account));
  const auto balance = conn.scalar<std::int64_t>(select_balance, params("account", order.account));
  conn.execute(update_teller, params("delta", order.delta, "teller", order.teller));
  conn.execute(update_branch, params("delta", order.delta, "branch", order.branch));
  conn.execute(insert_history,
               params("teller", order.teller, "branch", order.branch, "account", order.account, "delta", order.delta));
  transaction.commit();
  return balance;
}

Books audit(greenway::Connection& conn) {
  // Without the casts PostgreSQL's sums are numeric.
  const auto row = conn.execute(text("SELECT (SELECT CAST(sum(abalance) AS bigint) FROM pgbench_accounts), "
                                     "(SELECT CAST(sum(tbalance) AS bigint) FROM pgbench_tellers), "
                                     "(SELECT CAST(sum(bbalance) AS bigint) FROM pgbench_branches), "
                                     "(SELECT CAST(coalesce(sum(delta), 0) AS bigint) FROM pgbench_history)"))
                       .one();
  Books books;
  books.accounts = row.get<std::int64_t>(0);
  books.tellers = row.get<std::int64_t>(1);
  books.branches = row.get<std::int64_t>(2);
  books.history = row.get<std::int64_t>(3);
  return books;
}

}  // namespace bank
