// SPDX-License-Identifier: BSL-1.0

// All that a connection executes, and what an engine says of itself.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <greenway/db/schema_changes.hpp>
#include <greenway/sql/ddl.hpp>
#include <greenway/sql/dml.hpp>
#include <greenway/sql/func.hpp>
#include <greenway/sql/schema.hpp>
#include <greenway/sql/select.hpp>

#include "ways.hpp"

namespace conformance {

using namespace std::chrono_literals;
using database::error_of;

namespace {

using Numbers = std::vector<std::int64_t>;

struct Things {
  MetaData metadata;
  Table table{"thing", metadata, Column("id", Integer(), primary_key), Column("name", gw::String(20))};
};

}  // namespace

TEST_CASE("text, expressions, DDL and many sets of parameters are executed") {
  everywhere([](const Engine& engine) {
    const Things things;
    const Table& t = things.table;
    Connection connection = engine.connect();

    CHECK_FALSE(connection.execute(CreateTable(t)).returns_rows());
    CHECK(connection.execute(insert(t), rows(params("id", 1, "name", "a"), params("id", 2, "name", "b"))).rowcount() == 2);
    CHECK(connection.execute(insert(t).values("id", 3, "name", "c")).rowcount() == 1);
    CHECK(connection.execute(insert(t), params("id", 4, "name", "d")).rowcount() == 1);
    const auto rename = text("UPDATE thing SET name = :name WHERE id = :id");
    CHECK(connection.execute(rename, params("name", "e", "id", 4)).rowcount() == 1);
    connection.commit();

    const auto above = select(t.c("id")).where(t.c("id") > bindparam("least")).order_by(t.c("id"));
    CHECK(connection.execute(above, params("least", 2)).scalars<std::int64_t>().all() == Numbers{3, 4});
    CHECK(connection.scalars<std::int64_t>(above, params("least", 3)).all() == Numbers{4});
    CHECK(connection.scalar<std::string>(select(t.c("name")).where(t.c("id") == 4)) == "e");
    CHECK(connection.scalar<std::int64_t>(above, params("least", 1)) == 2);
    CHECK(engine.scalar<std::int64_t>(select(func::count()).select_from(t)) == 4);
    CHECK(engine.execute(delete_(t).where(t.c("id") == 4)).rowcount() == 1);
    connection.commit();
    CHECK_FALSE(connection.execute(DropTable(t)).returns_rows());
  });
}

TEST_CASE("MetaData makes and drops its tables through the connection itself") {
  everywhere([](const Engine& engine) {
    const Things things;
    Connection connection = engine.connect();
    run_sync(connection, [&](gw::Connection& sync) { things.metadata.create_all(sync); });
    CHECK(connection.scalar<std::int64_t>(select(func::count()).select_from(things.table)) == 0);
    connection.commit();
    engine.begin([&](gw::Connection& sync) { things.metadata.drop_all(sync); });
    CHECK_THROWS_AS(engine.scalar(select(things.table)), ProgrammingError);
  });
}

TEST_CASE("a statement of the SQL layer streams where its connection does") {
  everywhere([](const Engine& engine) {
    const Things things;
    database::run_sql(engine, "CREATE TABLE thing (id bigint PRIMARY KEY, name text)");
    database::run_sql(engine, "INSERT INTO thing VALUES (1, 'a'), (2, 'b'), (3, 'c')");
    Connection connection = engine.connect();
    ExecutionOptions options;
    options.yield_per = 2;
    connection.execution_options(options);

    Result result = connection.execute(select(things.table.c("id")).order_by(things.table.c("id")));
    CHECK(result.rowcount() == -1);
    std::vector<std::size_t> sizes;
    for (const auto& part : result.partitions()) {  // of the size that was fetched
      sizes.push_back(part.size());
    }
    CHECK(sizes == std::vector<std::size_t>{2, 1});
  });
}

TEST_CASE("yield_per is how many rows are fetched at a time") {
  everywhere([](const Engine& engine) {
    database::make_table(engine);
    Connection connection = engine.connect();
    ExecutionOptions options;
    options.yield_per = 2;
    Result result = connection.execute(text("SELECT id FROM t ORDER BY id"), options);
    CHECK(result.fetchone()->get<int>(0) == 1);

    connection.close();
    CHECK(result.fetchone()->get<int>(0) == 2);
    CHECK_THROWS_AS(result.fetchone(), ResourceClosedError);
  });
}

TEST_CASE("a buffered result needs its connection no more") {
  everywhere([](const Engine& engine) {
    database::make_table(engine);
    Connection connection = engine.connect();
    Result result = connection.execute(text("SELECT id, name FROM t ORDER BY id"));
    CHECK(connection.scalar<int>(text("SELECT 1")) == 1);
    connection.close();

    CHECK(result.fetchall().size() == 3);
    CHECK(result.keys() == std::vector<std::string>{"id", "name"});
  });
}

TEST_CASE("a scalar closes its result, and without a row it is NULL") {
  everywhere([](const Engine& engine) {
    database::make_table(engine);
    Connection connection = engine.connect();
    ExecutionOptions options;
    options.yield_per = 1;
    Result result = connection.execute(text("SELECT id FROM t ORDER BY id"), options);
    CHECK(result.scalar<int>() == 1);
    CHECK(result.closed());
    CHECK(connection.scalar(text("SELECT id FROM t WHERE id = :id"), params("id", 9)).is_null());
    CHECK(connection.scalar(text("SELECT name FROM t WHERE id = 2")).is_null());
  });
}

TEST_CASE("an empty string is a statement to PostgreSQL") {
  on_postgresql([](const Engine& engine) {
    Connection connection = engine.connect();
    const Result result = connection.exec_driver_sql("");
    CHECK_FALSE(result.returns_rows());
    CHECK(connection.scalar<int>(text("SELECT 1")) == 1);
  });
}

TEST_CASE("an error says what was executed, and never with which values") {
  EngineOptions options;
  options.hide_parameters = GENERATE(false, true);
  everywhere(options, [](const Engine& engine) {
    Connection connection = engine.connect();
    const auto statement = text("SELECT nonsense, :secret").bind("secret", "canary");
    const std::string message = error_of<ProgrammingError>([&] { return connection.execute(statement); });
    CHECK_THAT(message, Catch::Matchers::Contains("nonsense") && !Catch::Matchers::Contains("canary"));
  });
}

TEST_CASE("an engine says what it was made of") {
  EngineOptions options;
  options.pool_size = 3;
  options.pool_timeout = Duration(4s);
  options.echo = false;
  options.execution_options.logging_token = "token";
  everywhere(options, [](const Engine& engine) {
    CHECK(engine.url().drivername() == engine.name());
    CHECK(engine.options().pool_size == 3);
    CHECK(engine.pool_status().size == 3);
    CHECK(engine.options().pool_timeout == Duration(4s));
    CHECK_FALSE(engine.options().echo);
    CHECK(engine.get_execution_options().logging_token == "token");
    Connection connection = engine.connect();
    CHECK(&connection.dialect() == &engine.dialect());
    CHECK((engine.dialect().kind() == Dialect::Kind::sqlite) == (engine.name() == "sqlite"));
  });
}

TEST_CASE("a statement is compiled anew when the cache of compiled statements was cleared, and where there is none") {
  EngineOptions options;
  options.query_cache_size = GENERATE(0U, 500U);
  everywhere(options, [](const Engine& engine) {
    const Things things;
    database::run_sql(engine, "CREATE TABLE thing (id bigint PRIMARY KEY, name text)");
    const auto statement = select(func::count()).select_from(things.table);
    for (int turn = 0; turn != 2; ++turn) {
      CHECK(engine.scalar<int>(statement) == 0);
      CHECK(engine.scalar<int>(statement) == 0);
      engine.clear_compiled_cache();
    }
  });
}

TEST_CASE("an isolation level stays a connection's own when its session is replaced") {
  everywhere([](const Engine& engine) {
    ExecutionOptions options;
    options.isolation_level = "AUTOCOMMIT";
    Connection connection = engine.connect();
    connection.execution_options(options);
    connection.execute(text("SELECT 1"));
    connection.invalidate();

    connection.execute(text("SELECT 1"));
    CHECK_FALSE(connection.in_transaction());
    CHECK(connection.get_isolation_level() == "AUTOCOMMIT");
  });
}

}  // namespace conformance
