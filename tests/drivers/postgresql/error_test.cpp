// SPDX-License-Identifier: BSL-1.0
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <greenway/base/error.hpp>
#include <greenway/base/log.hpp>
#include <greenway/db/driver.hpp>

#include "server.hpp"
#include "support/catch.hpp"

namespace gw = greenway;

using server::execute;
using server::scalar;

namespace {

/// What a statement throws, which must be an `E`.
template <class E>
E error_of(gw::DriverConnection& connection, const std::string& sql, const std::vector<gw::Value>& parameters = {}) {
  try {
    execute(connection, sql, parameters);
  } catch (const E& error) {
    return error;
  }
  FAIL("no error from " << sql);
  throw;
}

}  // namespace

TEST_CASE("a wrong statement says what is wrong and where, and the connection stays usable") {
  const auto connection = server::connect();

  const auto error = error_of<gw::ProgrammingError>(*connection, "SELECT 'ä',\n  nothing FROM pg_class");

  CHECK(error.sqlstate() == "42703");
  CHECK(error.statement() == "SELECT 'ä',\n  nothing FROM pg_class");
  CHECK(error.diagnostics().position == 15);
  CHECK(std::string(error.what()) ==
        "column \"nothing\" does not exist [SQLSTATE 42703]\n    nothing FROM pg_class\n    ^");
  CHECK_FALSE(error.is_disconnect());
  CHECK(scalar(*connection, "SELECT 1") == gw::Value(1));
}

TEST_CASE("a wrong statement fails the same way when it is to be prepared") {
  const auto connection = server::connect("prepare=named");

  CHECK(error_of<gw::ProgrammingError>(*connection, "SELEC 1").diagnostics().position == 1);
  CHECK(error_of<gw::ProgrammingError>(*connection, "SELEC 1").sqlstate() == "42601");
  CHECK(scalar(*connection, "SELECT 1") == gw::Value(1));
}

TEST_CASE("a violated constraint names itself, its table and its column") {
  const auto connection = server::connect();
  execute(*connection, "CREATE TEMP TABLE t (id int CONSTRAINT t_key PRIMARY KEY, n int NOT NULL CHECK (n > 0))");
  execute(*connection, "INSERT INTO t VALUES (1, 1)");

  const auto unique = error_of<gw::IntegrityError>(*connection, "INSERT INTO t VALUES (1, 2)");
  CHECK(unique.sqlstate() == "23505");
  CHECK(unique.constraint() == "t_key");
  CHECK(unique.table() == "t");
  CHECK(unique.detail() == "Key (id)=(1) already exists.");
  CHECK(std::string(unique.what()).find("(id)") == std::string::npos);

  const auto null = error_of<gw::IntegrityError>(*connection, "INSERT INTO t VALUES (2, NULL)");
  CHECK(null.sqlstate() == "23502");
  CHECK(null.column() == "n");
  CHECK(error_of<gw::IntegrityError>(*connection, "INSERT INTO t VALUES (2, -1)").sqlstate() == "23514");
}

TEST_CASE("the class of an SQLSTATE decides the class of the error") {
  const auto connection = server::connect();

  CHECK(error_of<gw::DataError>(*connection, "SELECT 1 / 0").sqlstate() == "22012");
  CHECK(error_of<gw::DataError>(*connection, "SELECT $1::int", {"seven"}).sqlstate() == "22P02");
  CHECK(error_of<gw::DataError>(*connection, "SELECT $1::int2", {70'000}).sqlstate() == "22003");
  CHECK(error_of<gw::ProgrammingError>(*connection, "SELECT * FROM no_such_table").sqlstate() == "42P01");
  CHECK(error_of<gw::ProgrammingError>(*connection, "SELECT no_such_function()").hint().find("No function matches") ==
        0);
  CHECK(error_of<gw::NotSupportedError>(*connection, "SELECT DISTINCT 1 FOR UPDATE").sqlstate() == "0A000");
  execute(*connection, "SET statement_timeout = 10");
  CHECK(error_of<gw::OperationalError>(*connection, "SELECT pg_sleep(60)").sqlstate() == "57014");
}

TEST_CASE("two statements in one are refused") {
  const auto connection = server::connect();

  CHECK(error_of<gw::ProgrammingError>(*connection, "SELECT 1; DROP TABLE t").sqlstate() == "42601");
}

TEST_CASE("a wrong number of parameters is refused, prepared or not") {
  const auto connection = server::connect();
  const std::string sql = "SELECT $1::int + $2::int";

  CHECK_THROWS_AS(execute(*connection, sql, {1}), gw::ProgrammingError);
  CHECK(scalar(*connection, sql, {1, 2}) == gw::Value(3));
  CHECK(scalar(*connection, sql, {1, 2}) == gw::Value(3));
  CHECK_THROWS_AS(execute(*connection, sql, {1}), gw::ProgrammingError);
  CHECK(scalar(*connection, sql, {1, 2}) == gw::Value(3));
}

TEST_CASE("text of the server is one printable line") {
  const auto connection = server::connect();
  const std::string sql =
      "DO $$ BEGIN RAISE EXCEPTION E'one\\n\\033[31mtwo' USING HINT = 'line\n2', ERRCODE = 'UX001'; END $$";

  const auto error = error_of<gw::DatabaseError>(*connection, sql);

  CHECK(error.diagnostics().message == "one [31mtwo");
  CHECK(error.sqlstate() == "UX001");
  CHECK(error.hint() == "line\n2");
}

TEST_CASE("notices go to the log, whose failure harms nothing") {
  const auto connection = server::connect();
  std::vector<std::pair<gw::LogLevel, std::string>> lines;
  gw::set_log_sink([&](gw::LogLevel level, std::string_view, std::string_view text) {
    lines.emplace_back(level, text);
    throw std::runtime_error("the disk is full");
  });

  execute(*connection, R"(DO $$ BEGIN RAISE WARNING E'be\ncareful'; RAISE NOTICE 'by the way'; END $$)");
  gw::set_log_sink({});

  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == std::pair(gw::LogLevel::warning, std::string("WARNING: be careful")));
  CHECK(lines[1] == std::pair(gw::LogLevel::info, std::string("NOTICE: by the way")));
}

TEST_CASE("COPY through the client is refused and closes the connection") {
  for (const char* direction : {"COPY pg_class TO STDOUT", "COPY pg_class FROM STDIN"}) {
    const auto connection = server::connect();

    const auto error = error_of<gw::NotSupportedError>(*connection, direction);

    CHECK(error.is_disconnect());
    CHECK_FALSE(connection->is_usable());
    CHECK_THROWS_AS(execute(*connection, "SELECT 1"), gw::OperationalError);
  }
}
