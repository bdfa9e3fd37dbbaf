// SPDX-License-Identifier: BSL-1.0
#include "drivers/sqlite/scratch.hpp"

using namespace scratch;

namespace {

// Debian's SQLite lists its prepared statements in this table.
std::int64_t prepared(gw::DriverConnection& connection, const std::string& pattern) {
  return *scalar(connection, "SELECT count(*) FROM sqlite_stmt WHERE sql LIKE ?1", {pattern}).get_if<std::int64_t>();
}

}  // namespace

TEST_CASE("a statement stays prepared until so many others have been used since") {
  const Connection connection = connect("sqlite://");
  execute(*connection, "SELECT 'first'");
  execute(*connection, "SELECT 'second'");
  for (int i = 0; i < 124; ++i) {
    execute(*connection, "SELECT " + std::to_string(i));
  }
  CHECK(prepared(*connection, "SELECT 'first'") == 1);

  execute(*connection, "SELECT 'first'");
  execute(*connection, "SELECT 'one more'");
  execute(*connection, "SELECT 'and one more'");

  CHECK(prepared(*connection, "SELECT 'first'") == 1);
  CHECK(prepared(*connection, "SELECT 'second'") == 0);
  CHECK(prepared(*connection, "%") == 128);
}

TEST_CASE("a statement that is not to be kept is not") {
  const Connection connection = connect("sqlite://");
  gw::ExecuteOptions options;
  options.prepare = false;
  CHECK(rows_of(*connection->execute(gw::SQLText("SELECT 'passing'"), {}, options)) == Rows{{"passing"}});
  CHECK(prepared(*connection, "SELECT 'passing'") == 0);
}

TEST_CASE("a kept statement forgets the parameters of its last use") {
  const Connection connection = connect("sqlite://");
  CHECK(scalar(*connection, "SELECT ?1", {"x"}) == gw::Value("x"));
  CHECK(scalar(*connection, "SELECT ?1", {nullptr}) == gw::Value(nullptr));
  CHECK_THROWS_AS(execute(*connection, "SELECT ?1"), gw::ProgrammingError);
}

TEST_CASE("a kept statement that failed can be executed again") {
  const Connection connection = connect("sqlite://");
  execute(*connection, "CREATE TABLE t (a UNIQUE)");
  execute(*connection, "INSERT INTO t VALUES (?1)", {1});
  CHECK_THROWS_AS(execute(*connection, "INSERT INTO t VALUES (?1)", {1}), gw::IntegrityError);
  execute(*connection, "INSERT INTO t VALUES (?1)", {2});
  CHECK(scalar(*connection, "SELECT count(*) FROM t") == 2);
}
