// SPDX-License-Identifier: BSL-1.0
#include <string>

#include <greenway/base/error.hpp>
#include <greenway/db/driver.hpp>

#include "server.hpp"
#include "support/catch.hpp"

namespace gw = greenway;

using server::execute;
using server::rows;
using server::scalar;
using server::soon;

namespace {

/// How many statements the server keeps prepared for the session. Does not count itself.
gw::Value prepared_statements(gw::DriverConnection& connection) {
  const auto cursor = execute(connection, "SELECT count(*) FROM pg_prepared_statements", {}, {.prepare = false});
  return server::to_value(cursor->next()->cell(0, 0));
}

}  // namespace

TEST_CASE("a statement is prepared when it is executed for the second time") {
  const auto connection = server::connect();

  execute(*connection, "SELECT 1");
  CHECK(prepared_statements(*connection) == gw::Value(0));
  execute(*connection, "SELECT 1");
  CHECK(prepared_statements(*connection) == gw::Value(1));
  execute(*connection, "SELECT 1");
  CHECK(prepared_statements(*connection) == gw::Value(1));
}

TEST_CASE("the URL says when statements are prepared") {
  const auto named = server::connect("prepare=named");
  execute(*named, "SELECT 1");
  CHECK(prepared_statements(*named) == gw::Value(1));

  for (const char* option : {"prepare=never", "prepared_statement_cache_size=0"}) {
    const auto never = server::connect(option);
    for (int i = 0; i < 3; ++i) {
      CHECK(scalar(*never, "SELECT $1::int + 1", {i}) == gw::Value(i + 1));
    }
    CHECK(prepared_statements(*never) == gw::Value(0));
  }
}

TEST_CASE("a statement that must not be prepared is not") {
  const auto connection = server::connect("prepare=named");

  execute(*connection, "SELECT 1", {}, {.prepare = false});

  CHECK(prepared_statements(*connection) == gw::Value(0));
}

TEST_CASE("the least recently used statement goes when the cache is full") {
  const auto connection = server::connect("prepare=named&prepared_statement_cache_size=3");

  for (const char* sql : {"SELECT 1", "SELECT 2", "SELECT 3", "SELECT 1", "SELECT 4"}) {
    execute(*connection, sql);
  }

  // The deallocation rides with the next statement.
  execute(*connection, "SELECT 1");
  CHECK(rows(*connection, "SELECT statement FROM pg_prepared_statements WHERE statement ~ '^SELECT \\d$' ORDER BY 1") ==
        server::Rows{{"SELECT 1"}, {"SELECT 4"}});
  for (int i = 0; i < 50; ++i) {
    CHECK(scalar(*connection, "SELECT " + std::to_string(i)) == gw::Value(i));
  }
  CHECK(scalar(*connection, "SELECT count(*) <= 4 FROM pg_prepared_statements") == gw::Value(true));
}

TEST_CASE("statements are not deallocated inside a transaction, where that could make it fail") {
  const auto connection = server::connect("prepare=named&prepared_statement_cache_size=1");
  connection->begin({}, soon());
  execute(*connection, "SELECT 1");
  execute(*connection, "DEALLOCATE ALL", {}, {.prepare = false});

  // Each of these drops the one before, whose name the server has forgotten.
  CHECK(scalar(*connection, "SELECT 2") == gw::Value(2));
  CHECK(scalar(*connection, "SELECT 3") == gw::Value(3));
  CHECK(connection->transaction_state() == gw::TransactionState::in_transaction);
  connection->commit(soon());

  CHECK(scalar(*connection, "SELECT 4") == gw::Value(4));
}

TEST_CASE("one text with parameters of several kinds is several statements, and NULL fits each of them") {
  const auto connection = server::connect("prepare=named");
  const std::string sql = "SELECT pg_typeof($1)::text";

  CHECK(scalar(*connection, sql, {1}) == gw::Value("bigint"));
  CHECK(scalar(*connection, sql, {1.5}) == gw::Value("double precision"));
  CHECK(scalar(*connection, sql, {true}) == gw::Value("boolean"));
  CHECK(scalar(*connection, sql, {gw::Bytes()}) == gw::Value("bytea"));
  CHECK(prepared_statements(*connection) == gw::Value(4));
  CHECK(scalar(*connection, sql, {1}) == gw::Value("bigint"));
  scalar(*connection, sql, {nullptr});

  CHECK(prepared_statements(*connection) == gw::Value(4));
}

TEST_CASE("a statement first executed with NULL takes other values later") {
  const auto connection = server::connect("prepare=named");
  execute(*connection, "CREATE TEMP TABLE t (n int, s text)");
  const std::string sql = "INSERT INTO t VALUES ($1, $2)";

  execute(*connection, sql, {nullptr, nullptr});
  execute(*connection, sql, {1, "one"});
  execute(*connection, sql, {nullptr, "none"});
  execute(*connection, sql, {2, nullptr});

  CHECK(rows(*connection, "SELECT n, s FROM t") ==
        server::Rows{{nullptr, nullptr}, {1, "one"}, {nullptr, "none"}, {2, nullptr}});
}

TEST_CASE("a prepared statement whose table has changed is prepared anew") {
  const auto connection = server::connect("prepare=named");
  execute(*connection, "CREATE TEMP TABLE t AS SELECT 1 AS a");
  CHECK(rows(*connection, "SELECT * FROM t") == server::Rows{{1}});
  execute(*connection, "ALTER TABLE t ADD COLUMN b text DEFAULT 'new'");

  CHECK(rows(*connection, "SELECT * FROM t") == server::Rows{{1, "new"}});

  execute(*connection, "ALTER TABLE t ALTER COLUMN a TYPE text");
  connection->begin({.isolation_level = "SERIALIZABLE"}, soon());
  CHECK(rows(*connection, "SELECT * FROM t") == server::Rows{{"1", "new"}});
  CHECK(scalar(*connection, "SELECT current_setting('transaction_isolation')") == gw::Value("serializable"));
}

TEST_CASE("inside a transaction a stale statement fails once") {
  const auto connection = server::connect("prepare=named");
  execute(*connection, "CREATE TEMP TABLE t AS SELECT 1 AS a");
  rows(*connection, "SELECT * FROM t");

  connection->begin({}, soon());
  execute(*connection, "ALTER TABLE t ADD COLUMN b int");
  CHECK_THROWS_AS(rows(*connection, "SELECT * FROM t"), gw::NotSupportedError);
  CHECK(connection->transaction_state() == gw::TransactionState::failed);
  connection->rollback(soon());

  connection->begin({}, soon());
  execute(*connection, "ALTER TABLE t ADD COLUMN b int");
  CHECK(rows(*connection, "SELECT * FROM t") == server::Rows{{1, nullptr}});
}

TEST_CASE("statements that somebody deallocated are prepared anew") {
  const auto connection = server::connect("prepare=named");
  execute(*connection, "SELECT 1");
  execute(*connection, "SELECT 2");
  execute(*connection, "DISCARD ALL", {}, {.prepare = false});

  CHECK(scalar(*connection, "SELECT 1") == gw::Value(1));
  connection->begin({}, soon());
  CHECK(scalar(*connection, "SELECT 2") == gw::Value(2));
  CHECK(connection->transaction_state() == gw::TransactionState::in_transaction);
}

TEST_CASE("one prepared statement may return other columns each time") {
  const auto connection = server::connect("prepare=named");

  for (const char* query : {"SELECT 1 AS a", "SELECT 'x' AS b, 2.5 AS c"}) {
    connection->begin({}, soon());
    execute(*connection, std::string("DECLARE c CURSOR FOR ") + query);
    const auto cursor = execute(*connection, "FETCH ALL FROM c");
    const auto batch = cursor->next();
    CHECK(batch->cell(0, 0).kind == (cursor->columns()->size() == 1 ? gw::ValueKind::integer : gw::ValueKind::text));
    connection->rollback(soon());
  }
}

TEST_CASE("a statement that cannot be prepared fails its transaction like any other") {
  const auto connection = server::connect("prepare=named");
  connection->begin({}, soon());

  CHECK_THROWS_AS(execute(*connection, "SELECT nothing"), gw::ProgrammingError);

  CHECK(connection->transaction_state() == gw::TransactionState::failed);
  connection->rollback(soon());
  CHECK(scalar(*connection, "SELECT 1") == gw::Value(1));
}

TEST_CASE("statements of two connections do not mix their names") {
  const auto first = server::connect("prepare=named");
  const auto second = server::connect("prepare=named");

  execute(*first, "SELECT 1");
  execute(*second, "SELECT 2");

  const std::string name = "SELECT name FROM pg_prepared_statements WHERE statement ~ '^SELECT \\d$'";
  CHECK(scalar(*first, name) != scalar(*second, name));
}
