// SPDX-License-Identifier: BSL-1.0
#include <string>

#include "database.hpp"
#include "shell.hpp"
#include "support/catch.hpp"

namespace {

// What sqlalchemy_aio itself answers to the same calls, 1.3.24's texts and None written as ours.
constexpr const char* lines =
    "inserted_primary_key: 5\n"
    "rowcount: 1\n"
    "engine.has_table(users): true\n"
    "engine.has_table(others): false\n"
    "engine.table_names: [users]\n"
    "engine.scalar: 5\n"
    "engine.run_in_thread: 3\n"
    "engine.begin: rowcount: 2\n"
    "engine.begin: returns_rows: false\n"
    "result.keys: [id, name]\n"
    "result.returns_rows: true\n"
    "result.first: (3, 'Dan Rydell')\n"
    "result.fetchone: (3, 'Dan Rydell')\n"
    "result.fetchmany: (4, 'Casey McCall')\n"
    "result.fetchmany(5): (5, 'Dana Whitaker')\n"
    "result.fetchone: false\n"
    "result.fetchall: 3\n"
    "result.scalar: 3\n"
    "result.closed: true\n"
    "conn.in_transaction: true\n"
    "conn.scalar: 3\n"
    "conn.in_transaction: false\n"
    "branch.closed: true\n"
    "conn.closed: false\n"
    "conn.run_in_thread: 7\n"
    "conn.sync_connection: false\n"
    "conn.closed: true\n"
    "conn.execute: This Connection is closed\n"
    "BlockingWarning: AsyncEngine::run_callable blocks its thread; use co_await engine.begin(fn), or sync_engine()\n"
    "engine.run_callable: 4\n"
    "BlockingWarning: AsyncConnection::run_callable blocks its thread; use co_await connection.run_sync(fn)\n"
    "conn.run_callable: 4\n"
    "engine.sync_engine: true\n"
    "AlreadyQuit: the worker thread has quit: make a new one\n";

}  // namespace

TEST_CASE("seed_aio_api calls each member of sqlalchemy_aio's API, and each answers as there") {
  const Shell shell;
  const std::string command = SEED_AIO_API_PROGRAM " 'sqlite:///" + shell.file("api.db").string() + "?strategy=thread'";
  for (int run = 0; run != 2; ++run) {
    const Ended tour = shell.run(command);
    CHECK(tour.exit_code == 0);
    CHECK(tour.err.empty());
    CHECK(tour.out == lines);
  }
}

TEST_CASE("seed_aio_api does the same on PostgreSQL") {
  const Shell shell;
  const Database database;
  const Ended tour = shell.run(SEED_AIO_API_PROGRAM " '" + database.url() + "'");
  CHECK(tour.exit_code == 0);
  CHECK(tour.out == lines);
}
