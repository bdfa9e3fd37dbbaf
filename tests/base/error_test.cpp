// SPDX-License-Identifier: BSL-1.0
#include <string>

#include <greenway/base/error.hpp>

#include "support/catch.hpp"

namespace gw = greenway;

TEST_CASE("caret stands under the character at the position") {
  CHECK(gw::caret("SELECT x", 1) == "  SELECT x\n  ^");
  CHECK(gw::caret("SELECT x", 8) == "  SELECT x\n         ^");
}

TEST_CASE("caret shows only the line that holds the position") {
  CHECK(gw::caret("SELECT a,\n  b\nFROM t", 13) == "    b\n    ^");
  CHECK(gw::caret("SELECT a,\n  b\nFROM t", 20) == "  FROM t\n       ^");
}

TEST_CASE("caret counts UTF-8 code points") {
  CHECK(gw::caret("SELECT 'ä€😀', y", 15) == "  SELECT 'ä€😀', y\n                ^");
}

TEST_CASE("caret keeps the tabs before it so that it lines up") { CHECK(gw::caret("\tx", 2) == "  \tx\n  \t^"); }

TEST_CASE("caret may stand one past the end, where a statement stops too early") {
  CHECK(gw::caret("SELECT", 7) == "  SELECT\n        ^");
}

TEST_CASE("caret is empty when the position lies outside") {
  CHECK(gw::caret("SELECT", 0).empty());
  CHECK(gw::caret("SELECT", -1).empty());
  CHECK(gw::caret("SELECT", 8).empty());
  CHECK(gw::caret("", 1).empty());
}

TEST_CASE("a database error says what happened, its SQLSTATE, and where in the statement") {
  const gw::ProgrammingError error(
      {.message = "column \"y\" does not exist", .sqlstate = "42703", .statement = "SELECT y", .position = 8});

  CHECK(std::string(error.what()) == "column \"y\" does not exist [SQLSTATE 42703]\n  SELECT y\n         ^");
  CHECK(error.sqlstate() == "42703");
}

TEST_CASE("an error without a SQLSTATE gives SQLite's code") {
  const gw::IntegrityError error({.message = "UNIQUE constraint failed: a.id", .code = 1555});

  CHECK(std::string(error.what()) == "UNIQUE constraint failed: a.id [SQLite code 1555]");
}

TEST_CASE("detail and hint, which may quote data, are not in the message") {
  const gw::IntegrityError error({.message = "duplicate key",
                                  .sqlstate = "23505",
                                  .detail = "Key (id)=(secret) already exists.",
                                  .hint = "secret hint"});

  CHECK(std::string(error.what()).find("secret") == std::string::npos);
  CHECK(error.detail() == "Key (id)=(secret) already exists.");
}

TEST_CASE("a database error is caught as each class above it") {
  const auto raise = [] { throw gw::OutcomeUnknown({.message = "connection lost", .is_disconnect = true}); };

  CHECK_THROWS_AS(raise(), gw::OperationalError);
  CHECK_THROWS_AS(raise(), gw::DatabaseError);
  CHECK_THROWS_AS(raise(), gw::DBAPIError);
  CHECK_THROWS_AS(raise(), gw::Error);
}
