// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <future>
#include <iterator>
#include <string>

#include <greenway/greenway.hpp>

#include "bank/bank_dao.hpp"
#include "bank_table.hpp"
#include "database.hpp"
#include "shell.hpp"
#include "support/catch.hpp"

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::Matches;
using Catch::Matchers::StartsWith;

Ended run_bank(const Shell& shell, const Database& database, const std::string& arguments) {
  return shell.run(BANK_PROGRAM " --url '" + database.url() + "' " + arguments);
}

void check_books(greenway::Connection& conn, int transactions) {
  CHECK(conn.scalar<int>(greenway::text("SELECT count(*) FROM pgbench_history")) == transactions);
  CHECK(bank::is_balanced({}, bank::audit(conn)));
}

const std::string table = balanced_table("postgresql://.*, scale 2", 20, 5);

// A thread makes 5 transactions, and so does each of 20 clients of each loop.
const int transactions = 5 + 100 * static_cast<int>(std::size(bank_loops));

}  // namespace

TEST_CASE("bank: PostgreSQL without tables gets a new bank") {
  const Shell shell;
  const Database database;
  const Ended bank = run_bank(shell, database, "--scale 2 --clients 20 --transactions 5");
  CHECK(bank.exit_code == 0);
  CHECK(bank.err.empty());
  CHECK_THAT(bank.out, Matches(table));
  auto conn = greenway::create_engine(database.url()).connect();
  check_books(conn, transactions);
}

TEST_CASE("bank: a database of `pgbench -i` is taken as it is, and pgbench goes on with it") {
  const Shell shell;
  const Database database;
  REQUIRE(shell.run("pgbench -i -q -s 2 '" + database.url() + "'").exit_code == 0);
  const Ended bank = run_bank(shell, database, "--clients 20 --transactions 5");
  CHECK(bank.exit_code == 0);
  CHECK_THAT(bank.out, Matches(table));
  REQUIRE(shell.run("pgbench -n -c 2 -t 10 -M extended '" + database.url() + "'").exit_code == 0);
  auto conn = greenway::create_engine(database.url()).connect();
  check_books(conn, transactions + 20);
}

TEST_CASE("bank: a server that hangs up ends the run with one line, and the books balance") {
  const Shell shell;
  const Database database;
  const auto engine = greenway::create_engine(database.url());
  auto conn = engine.connect();
  bank::found(conn, 1);
  auto running =
      std::async(std::launch::async, [&] { return run_bank(shell, database, "--host asio --clients 5 --seconds 60"); });
  while (conn.scalar<int>(greenway::text("SELECT count(*) FROM pgbench_history")) < 100) {
    conn.commit();
  }
  conn.execute(greenway::text(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
      "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"));
  conn.commit();
  const Ended bank = running.get();
  CHECK(bank.exit_code == 1);
  CHECK_THAT(bank.err, StartsWith("bank: "));
  CHECK(std::count(bank.err.begin(), bank.err.end(), '\n') == 1);
  CHECK_THAT(bank.out, Contains(" balanced\n"));
  CHECK(bank::is_balanced({}, bank::audit(conn)));
}
