// SPDX-License-Identifier: BSL-1.0
#include <cstring>
#include <fstream>

#include <sqlite3.h>

#include "drivers/sqlite/scratch.hpp"

using namespace scratch;

TEST_CASE(
    "a wrong statement throws ProgrammingError with code, statement and position, and the connection stays usable") {
  const Folder folder;
  in_thread_and_greenlet([&] {
    const Connection connection = connect(folder.url());
    const auto error = error_of<gw::ProgrammingError>([&] { execute(*connection, "SELECT 'ä',\n  missing FRM t"); });

    CHECK(error.code() == SQLITE_ERROR);
    CHECK(error.sqlstate().empty());
    CHECK(error.statement() == "SELECT 'ä',\n  missing FRM t");
    CHECK_THAT(error.what(), Catch::EndsWith("    missing FRM t\n                ^"));
    CHECK_FALSE(error.is_disconnect());
    CHECK(scalar(*connection, "SELECT 1") == gw::Value(1));
  });
}

TEST_CASE("an error about a name points at the name") {
  const Connection connection = connect("sqlite://");
  execute(*connection, "CREATE TABLE t (a)");
  const std::pair<std::string, int> statements[] = {
      {"SELECT a FROM nowhere", 15},
      {"SELECT a FROM main.nowhere", 20},
      {"SELECT 'nowhere', nowhere FROM t", 19},
      {"INSERT INTO t (a, nothing) VALUES (1, 2)", 19},
      {"SELECT unknown(1)", 8},
      {"DROP INDEX nowhere", 12},
      {"SELECT", 7},
      {"CREATE TABLE t (a)", 14},
  };
  for (const auto& [statement, position] : statements) {
    CAPTURE(statement);
    const auto error = error_of<gw::ProgrammingError>([&, &text = statement] { execute(*connection, text); });
    CHECK(error.diagnostics().position == position);
  }
}

TEST_CASE("a violated constraint throws IntegrityError with what SQLite names") {
  const Connection connection = connect("sqlite://");
  execute(*connection, "CREATE TABLE parent (id INTEGER PRIMARY KEY)");
  execute(*connection,
          "CREATE TABLE t (id INTEGER PRIMARY KEY, a UNIQUE, b NOT NULL DEFAULT 0, c, d, e REFERENCES parent (id),"
          " UNIQUE (c, d), CONSTRAINT positive CHECK (b >= 0))");
  execute(*connection, "INSERT INTO t (id, a, c, d) VALUES (1, 1, 'x', 'y')");
  const auto violation = [&](const std::string& sql) {
    return error_of<gw::IntegrityError>([&] { execute(*connection, sql); });
  };

  auto error = violation("INSERT INTO t (id) VALUES (1)");
  CHECK(error.code() == SQLITE_CONSTRAINT_PRIMARYKEY);
  CHECK(error.table() == "t");
  CHECK(error.column() == "id");

  error = violation("INSERT INTO t (a) VALUES (1)");
  CHECK(error.code() == SQLITE_CONSTRAINT_UNIQUE);
  CHECK(error.column() == "a");

  error = violation("INSERT INTO t (c, d) VALUES ('x', 'y')");
  CHECK(error.table() == "t");
  CHECK(error.column() == "c, d");

  execute(*connection, "CREATE UNIQUE INDEX lower_c ON t (lower(c)) WHERE c > ''");
  error = violation("INSERT INTO t (c) VALUES ('X')");
  CHECK(error.constraint() == "lower_c");

  error = violation("INSERT INTO t (b) VALUES (NULL)");
  CHECK(error.code() == SQLITE_CONSTRAINT_NOTNULL);
  CHECK(error.column() == "b");

  error = violation("INSERT INTO t (b) VALUES (-1)");
  CHECK(error.code() == SQLITE_CONSTRAINT_CHECK);
  CHECK(error.constraint() == "positive");

  error = violation("INSERT INTO t (e) VALUES (5)");
  CHECK(error.code() == SQLITE_CONSTRAINT_FOREIGNKEY);
  CHECK(scalar(*connection, "SELECT count(*) FROM t") == gw::Value(1));
}

TEST_CASE("a value that the column cannot hold throws DataError") {
  const Connection connection = connect("sqlite://");
  execute(*connection, "CREATE TABLE t (id INTEGER PRIMARY KEY)");
  CHECK(error_of<gw::DataError>([&] { execute(*connection, "INSERT INTO t VALUES ('x')"); }).code() == SQLITE_MISMATCH);
}

TEST_CASE("exactly one statement is executed at a time") {
  const Connection connection = connect("sqlite://");
  execute(*connection, "CREATE TABLE t (a)");
  for (const char* sql : {"INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)",
                          "INSERT INTO t VALUES (1);;-- x\nSELECT 1", "INSERT INTO t VALUES (1); nonsense"}) {
    const auto error = error_of<gw::ProgrammingError>([&] { execute(*connection, sql); });
    CHECK_THAT(error.what(), Catch::Contains("more than one statement"));
  }
  for (const char* sql : {"", "  \n", "-- nothing", ";"}) {
    const auto error = error_of<gw::ProgrammingError>([&] { execute(*connection, sql); });
    CHECK_THAT(error.what(), Catch::Contains("empty"));
  }
  CHECK_THROWS_AS(execute(*connection, std::string("SELECT 1\0; DROP TABLE t", 23)), gw::ProgrammingError);
  CHECK(scalar(*connection, "SELECT count(*) FROM t") == gw::Value(0));

  execute(*connection, "INSERT INTO t VALUES (1) ; -- that was all\n /* really */ ;");
  CHECK(scalar(*connection, "SELECT count(*) FROM t") == gw::Value(1));
}

TEST_CASE("a wrong number of parameters throws ProgrammingError with both numbers") {
  const Connection connection = connect("sqlite://");
  const auto error = error_of<gw::ProgrammingError>([&] { execute(*connection, "SELECT ?1, ?2", {1}); });
  CHECK_THAT(error.what(), Catch::Contains("has 2 parameters, but 1 values"));
}

TEST_CASE("a full disk throws OperationalError, the transaction is over, and the data of before is there") {
  const Folder folder;
  const Connection connection = connect(folder.url());
  execute(*connection, "CREATE TABLE t (v)");
  execute(*connection, "INSERT INTO t VALUES ('kept')");
  execute(*connection, "PRAGMA max_page_count = 20");

  connection->begin({}, soon());
  const auto error = error_of<gw::OperationalError>(
      [&] { execute(*connection, "INSERT INTO t VALUES (?1)", {std::string(1'000'000, 'x')}); });
  CHECK(error.code() == SQLITE_FULL);
  CHECK(connection->transaction_state() == gw::TransactionState::failed);
  connection->rollback(soon());

  CHECK(connection->transaction_state() == gw::TransactionState::idle);
  CHECK(query(*connection, "SELECT v FROM t") == Rows{{"kept"}});
  execute(*connection, "INSERT INTO t VALUES ('more')");
}

TEST_CASE("what is no database throws when it is opened, with its path") {
  const Folder folder;
  std::ofstream(folder.file()) << std::string(4096, 'x');

  const auto error = error_of<gw::InternalError>([&] { connect(folder.url()); });

  CHECK(error.code() == SQLITE_NOTADB);
  CHECK(error.is_disconnect());
  CHECK_THAT(error.what(), Catch::Contains(folder.file().string()));
}

TEST_CASE("a file that cannot be opened throws OperationalError with its path and the system's reason") {
  const Folder folder;
  const std::string missing = "sqlite:///" + folder.file("no/such/folder.db").string();

  const auto error = error_of<gw::OperationalError>([&] { connect(missing); });

  CHECK((error.code() & 0xFF) == SQLITE_CANTOPEN);
  CHECK_THAT(error.what(), Catch::Contains("no/such/folder.db") && Catch::Contains(std::strerror(ENOENT)));
  CHECK_THROWS_AS(connect(folder.url("mode=rw")), gw::OperationalError);
  CHECK_FALSE(std::filesystem::exists(folder.file()));
}

TEST_CASE("ping finds that the file has gone from under the connection") {
  const Folder folder;
  const Connection connection = connect(folder.url());
  execute(*connection, "CREATE TABLE t (a)");
  connection->ping(soon());

  std::filesystem::rename(folder.file(), folder.file("elsewhere.db"));

  CHECK(error_of<gw::OperationalError>([&] { connection->ping(soon()); }).is_disconnect());
  CHECK_FALSE(connection->is_usable());
}
