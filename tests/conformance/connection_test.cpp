// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <limits>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ways.hpp"

namespace conformance {

using namespace std::chrono_literals;
using database::error_of;

namespace {

const std::string lost =
    "Can't reconnect until invalid transaction is rolled back.  Please rollback() fully before proceeding";

int backend(Connection& connection) { return connection.scalar<int>(text("SELECT pg_backend_pid()")); }

// Has the server end a session.
void hang_up(const Engine& other, int pid) {
  CHECK(other.scalar<bool>(text("SELECT pg_terminate_backend(CAST(:pid AS int), 10000)").bind("pid", pid)));
}

}  // namespace

TEST_CASE("parameters travel beside the statement, whatever they contain") {
  everywhere([](const Engine& engine) {
    database::run_sql(engine, "CREATE TABLE v (id bigint PRIMARY KEY, n bigint, s text, d double precision)");
    Connection connection = engine.connect();
    static const TextClause insert = text("INSERT INTO v VALUES (:id, :n, :s, :d)");
    const std::string nasty = "'); DROP TABLE v; -- \" $1 ?1 :id \\ \n\t\x7F é 世界";

    connection.execute(insert, params("id", 1, "n", std::numeric_limits<std::int64_t>::max(), "s", nasty, "d", -0.0));
    connection.execute(insert, params("id", 2, "n", std::numeric_limits<std::int64_t>::min(), "s", "", "d", nullptr));
    connection.execute(insert.bind("id", 3).bind("n", std::optional<int>()).bind("s", nullptr).bind("d", 1e308));
    connection.commit();

    const std::vector<Row> rows = connection.execute(text("SELECT n, s, d FROM v ORDER BY id")).all();
    CHECK(rows[0].get<std::int64_t>(0) == std::numeric_limits<std::int64_t>::max());
    CHECK(rows[0].get<std::string>(1) == nasty);
    CHECK(rows[0].get<double>(2) == 0.0);
    CHECK(rows[1].get<std::int64_t>(0) == std::numeric_limits<std::int64_t>::min());
    CHECK(rows[1].get<std::string>(1).empty());
    CHECK(rows[1].is_null(2));
    CHECK(rows[2].is_null(0));
    CHECK(rows[2].is_null("s"));
    CHECK(rows[2].get<double>(2) == 1e308);
  });
}

TEST_CASE("a parameter without a value is found before anything is sent") {
  everywhere([](const Engine& engine) {
    Connection connection = engine.connect();

    CHECK_THROWS_AS(connection.execute(text("SELECT :a")), ArgumentError);
    CHECK_THROWS_AS(connection.execute(text("SELECT :a"), params("b", 1)), ArgumentError);
    CHECK_FALSE(connection.in_transaction());
  });
}

TEST_CASE("a statement that is wrong throws ProgrammingError, and the connection stays usable") {
  everywhere([](const Engine& engine) {
    Connection connection = engine.connect();

    try {
      connection.execute(text("SELECT 1,\n  nonsense"));
      FAIL("nothing was thrown");
    } catch (const ProgrammingError& error) {
      CHECK(error.statement() == "SELECT 1,\n  nonsense");
      CHECK((error.sqlstate() == "42703" || error.code() != 0));
      CHECK_FALSE(error.is_disconnect());
      CHECK_THAT(error.what(), Catch::Matchers::Contains("\n    nonsense\n    ^"));
    }
    connection.rollback();

    CHECK(connection.scalar<int>(text("SELECT 1")) == 1);
  });
}

TEST_CASE("driver SQL goes through as it is") {
  everywhere([](const Engine& engine) {
    Connection connection = engine.connect();
    const bool is_postgresql = engine.url().drivername() == "postgresql";

    CHECK(connection.exec_driver_sql("SELECT ':a'").scalar<std::string>() == ":a");
    CHECK(connection.exec_driver_sql(is_postgresql ? "SELECT $1::int + $2::int" : "SELECT ?1 + ?2", {1, 2})
              .scalar<int>() == 3);
  });
}

TEST_CASE("a closed connection says so") {
  everywhere([](const Engine& engine) {
    Connection connection = engine.connect();
    CHECK_FALSE(connection.closed());
    Connection moved = std::move(connection);
    moved.close();

    CHECK(moved.closed());
    CHECK_FALSE(moved.in_transaction());
    CHECK(error_of<ResourceClosedError>([&] { return moved.execute(text("SELECT 1")); }) ==
          "This Connection is closed");
    CHECK_THROWS_AS(moved.begin(), ResourceClosedError);
    CHECK_THROWS_AS(moved.begin_nested(), ResourceClosedError);
    CHECK_THROWS_AS(moved.commit(), ResourceClosedError);
    CHECK_THROWS_AS(moved.rollback(), ResourceClosedError);
    CHECK_THROWS_AS(moved.invalidate(), ResourceClosedError);
    moved.close();
  });
}

TEST_CASE("a transaction that outlives its connection is inactive") {
  everywhere([](const Engine& engine) {
    std::optional<Transaction> transaction;
    {
      Connection connection = engine.connect();
      transaction = connection.begin();
    }

    CHECK_FALSE(transaction->is_active());
    CHECK_THROWS_AS(transaction->commit(), ResourceClosedError);
  });
}

TEST_CASE("a statement that takes longer than its timeout is cancelled, and the connection goes on") {
  everywhere([](const Engine& engine) {
    Connection connection = engine.connect();
    ExecutionOptions options;
    options.timeout = 50ms;

    CHECK_THROWS_AS(connection.execute(text(endless), options), TimeoutError);
    connection.rollback();

    CHECK(connection.scalar<int>(text("SELECT 1")) == 1);
  });
}

TEST_CASE("timeouts are set for an engine, a connection, a statement, each stronger than the one before") {
  EngineOptions short_engine;
  short_engine.statement_timeout = 50ms;
  everywhere(short_engine, [](const Engine& engine) {
    Connection connection = engine.connect();
    CHECK_THROWS_AS(connection.execute(text(endless)), TimeoutError);
    connection.rollback();

    ExecutionOptions options;
    options.timeout = 60ms;
    connection.execution_options(options);
    CHECK_THROWS_AS(connection.execute(text(endless)), TimeoutError);
    connection.rollback();
    options.timeout = 30s;
    CHECK(connection.execute(text("SELECT 1"), options).scalar<int>() == 1);
  });
}

TEST_CASE("a stream's batches are bounded one by one") {
  everywhere([](const Engine& engine) {
    Connection connection = engine.connect();
    ExecutionOptions options;
    options.stream_results = true;
    options.yield_per = 1;
    options.timeout = 100ms;
    const auto slow_second_row = text(
        "SELECT 1 AS n UNION ALL SELECT count(*) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 100000000) SELECT i FROM n) AS x");

    CHECK_THROWS_AS(connection.execute(slow_second_row, options).fetchall(), TimeoutError);
    connection.rollback();

    CHECK(connection.scalar<int>(text("SELECT 1")) == 1);
  });
}

TEST_CASE("a connection's options count for its statements, and a statement's own before them") {
  everywhere([](const Engine& engine) {
    database::make_table(engine);
    Connection connection = engine.connect();
    ExecutionOptions streaming;
    streaming.stream_results = true;
    connection.execution_options(streaming);

    Result stream = connection.execute(text("SELECT id FROM t"));
    CHECK(stream.rowcount() == -1);
    stream.close();
    streaming.stream_results = false;
    CHECK(connection.execute(text("SELECT id FROM t"), streaming).rowcount() == 3);
    streaming.isolation_level = "AUTOCOMMIT";
    CHECK_THROWS_AS(connection.execute(text("SELECT 1"), streaming), ArgumentError);
  });
}

TEST_CASE("an invalidated connection gets a new session, after a rollback if it was in a transaction") {
  everywhere([](const Engine& engine) {
    Connection connection = engine.connect();
    database::mark(connection);
    connection.invalidate();
    CHECK(connection.invalidated());
    CHECK_FALSE(database::has_mark(connection));
    CHECK_FALSE(connection.invalidated());

    database::mark(connection);
    Transaction transaction = connection.begin();
    connection.invalidate();
    CHECK(connection.in_transaction());
    CHECK_FALSE(transaction.is_active());
    CHECK(error_of<PendingRollbackError>([&] { return connection.execute(text("SELECT 1")); }) == lost);
    CHECK(error_of<PendingRollbackError>([&] { return transaction.commit(); }) == lost);
    CHECK(error_of<PendingRollbackError>([&] { return connection.commit(); }) == lost);
    transaction.rollback();
    CHECK_FALSE(connection.in_transaction());
    CHECK_FALSE(database::has_mark(connection));
    CHECK(engine.pool_status().in_use == 1);
  });
}

TEST_CASE("a server that hangs up in a transaction makes a rollback necessary, and then is asked again") {
  const bool is_rolled_back_by_scope = GENERATE(false, true);
  on_postgresql([&](const Engine& engine) {
    Connection connection = engine.connect();
    {
      Transaction transaction = connection.begin();
      hang_up(engine_for(engine.url()), backend(connection));
      CHECK_THROWS_AS(connection.execute(text("SELECT 1")), OperationalError);
      CHECK(connection.invalidated());
      CHECK(error_of<PendingRollbackError>([&] { return connection.execute(text("SELECT 1")); }) == lost);
      if (!is_rolled_back_by_scope) {
        connection.rollback();
      }
    }

    CHECK(connection.scalar<int>(text("SELECT 1")) == 1);
  });
}

TEST_CASE("a rollback on a connection that the server has left says so once") {
  on_postgresql([](const Engine& engine) {
    Connection connection = engine.connect();
    hang_up(engine_for(engine.url()), backend(connection));

    CHECK_THROWS_AS(connection.rollback(), OperationalError);

    CHECK_FALSE(connection.in_transaction());
    CHECK(connection.scalar<int>(text("SELECT 1")) == 1);
  });
}

TEST_CASE("when the server hangs up on one connection, the idle ones as old are replaced without an error") {
  on_postgresql([](const Engine& engine) {
    const Engine other = engine_for(engine.url());
    std::vector<int> pids;
    {
      std::vector<Connection> connections;
      for (int i = 0; i < 3; ++i) {
        connections.push_back(engine.connect());
        pids.push_back(backend(connections.back()));
      }
    }
    CHECK(engine.pool_status().idle == 3);
    for (const int pid : pids) {
      hang_up(other, pid);
    }

    Connection connection = engine.connect();
    CHECK_THROWS_AS(connection.execute(text("SELECT 1")), OperationalError);
    connection.rollback();

    for (int i = 0; i < 3; ++i) {
      CHECK(engine.connect().scalar<int>(text("SELECT 1")) == 1);
    }
    CHECK(connection.scalar<int>(text("SELECT 1")) == 1);
  });
}

TEST_CASE("an engine echoes what it sends, with parameters unless they are to be hidden, under a name and a token") {
  const bool is_hidden = GENERATE(false, true);
  EngineOptions options;
  options.echo = true;
  options.logging_name = "bank";
  options.hide_parameters = is_hidden;
  options.execution_options.logging_token = "t1";
  everywhere(options, [&](const Engine& engine) {
    std::vector<std::string> lines;
    set_log_sink([&](LogLevel, std::string_view logger, std::string_view line) {
      if (logger == "greenway.engine.bank") {
        lines.emplace_back(line);
      }
    });
    {
      Connection connection = engine.connect();
      const std::chrono::sys_days day(std::chrono::year(2024) / 2 / 29);
      connection.execute(text("SELECT CAST(:a AS text), CAST(:b AS text), :c, :d")
                             .bind(params("a", "canary", "b", nullptr, "c", day, "d", Decimal("1.50"))));
      Transaction savepoint = connection.begin_nested();
      savepoint.commit();
      connection.commit();
    }
    set_log_sink({});

    const bool is_postgresql = engine.name() == "postgresql";
    CHECK(lines == std::vector<std::string>{"[t1] BEGIN (implicit)",
                                            is_postgresql ? "[t1] SELECT CAST($1 AS text), CAST($2 AS text), $3, $4"
                                                          : "[t1] SELECT CAST(?1 AS text), CAST(?2 AS text), ?3, ?4",
                                            is_hidden ? "[t1] [SQL parameters hidden due to hide_parameters=true]"
                                                      : "[t1] ('canary', NULL, '2024-02-29', 1.50)",
                                            "[t1] SAVEPOINT sa_savepoint_1", "[t1] RELEASE SAVEPOINT sa_savepoint_1",
                                            "[t1] COMMIT"});
  });
}

}  // namespace conformance
