// SPDX-License-Identifier: BSL-1.0
#include <any>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <greenway/db/driver.hpp>
#include <greenway/db/schema_changes.hpp>

#include "ways.hpp"

namespace conformance {

using database::error_of;

namespace {

EngineOptions no_autobegin() {
  EngineOptions options;
  options.autobegin = false;
  return options;
}

ExecutionOptions isolated(const std::string& level) {
  ExecutionOptions options;
  options.isolation_level = level;
  return options;
}

// The facade has functions for what is a function of the connection elsewhere.
#ifdef GREENWAY_FACADE
bool is_there(const Engine& engine, const char* table, const char* schema = "") { return engine.has_table(table, schema); }
std::vector<std::string> tables(const Engine& engine) { return engine.table_names(); }
std::vector<std::string> tables(const Engine& engine, const Connection& on) { return engine.table_names("", on); }
#else
bool is_there(const Engine& engine, const char* table, const char* schema = "") {
  return engine.connect([&](Connection& connection) { return has_table(connection, table, schema); });
}
std::vector<std::string> tables(const Engine& engine) {
  return engine.connect([](Connection& connection) { return table_names(connection); });
}
std::vector<std::string> tables(const Engine&, Connection& on) { return table_names(on); }
#endif

// Two transactions that each read all of `t` and then change it: one of them has to lose.
template <class F>
void lose_against_a_concurrent_change(const Engine& engine, gw::Connection& connection, F&& change) {
  CHECK(connection.scalar<int>(text("SELECT count(*) FROM t WHERE id < 100")) == 3);
  if (change()) {
    const auto rival = engine.execution_options(isolated("SERIALIZABLE"));
    rival.begin([](gw::Connection& other) {
      static_cast<void>(other.scalar<int>(text("SELECT count(*) FROM t WHERE id < 100")));
      other.execute(text("UPDATE t SET name = name || '!' WHERE id = 1"));
    });
  }
  connection.execute(text("UPDATE t SET name = 'mine' WHERE id = 1"));
}

}  // namespace

TEST_CASE("without autobegin each statement outside begin() commits by itself") {
  everywhere(no_autobegin(), [](const Engine& engine) {
    database::run_sql(engine, "CREATE TABLE t (id bigint PRIMARY KEY, name text)");
    Connection connection = engine.connect();
    connection.execute(text("INSERT INTO t VALUES (1, 'one')"));
    CHECK_FALSE(connection.in_transaction());
    CHECK(database::count(engine) == 1);
    connection.rollback();
    CHECK(database::count(engine) == 1);
    {
      Transaction transaction = connection.begin();
      connection.execute(text("INSERT INTO t VALUES (2, 'two')"));
      CHECK(connection.in_transaction());
    }
    CHECK(database::count(engine) == 1);
    connection.begin([&] { connection.execute(text("INSERT INTO t VALUES (3, 'three')")); });
    CHECK(database::count(engine) == 2);
    {
      Transaction savepoint = connection.begin_nested();
      CHECK(connection.in_transaction());
    }
    connection.commit();
  });
}

TEST_CASE("what an engine executes without a connection is committed, and its connection given back") {
  const bool autobegin = GENERATE(true, false);
  EngineOptions options;
  options.autobegin = autobegin;
  everywhere(options, [](const Engine& engine) {
    engine.execute(text("CREATE TABLE t (id bigint PRIMARY KEY, name text)"));
    engine.execute(text("INSERT INTO t VALUES (:id, 'x')"), params("id", 1));
    CHECK(engine.pool_status().in_use == 0);
    Result rows = engine.execute(text("SELECT id FROM t"));
    CHECK(rows.scalars<int>().all() == std::vector<int>{1});
    CHECK(engine.scalar<std::int64_t>(text("SELECT count(*) FROM t")) == 1);
    CHECK_THROWS_AS(engine.execute(text("INSERT INTO t VALUES (1, 'again')")), IntegrityError);
    CHECK(database::count(engine) == 1);
    CHECK(engine.pool_status().in_use == 0);
  });
}

TEST_CASE("an engine with other options shares the pool of the one it was made from") {
  everywhere([](const Engine& engine) {
    const Engine other = engine.execution_options(isolated("AUTOCOMMIT"));
    CHECK_FALSE(engine.get_execution_options().isolation_level.has_value());
    CHECK(other.get_execution_options().isolation_level == "AUTOCOMMIT");
    {
      Connection connection = other.connect();
      CHECK(connection.get_execution_options().isolation_level == "AUTOCOMMIT");
      CHECK(connection.engine().get_execution_options().isolation_level == "AUTOCOMMIT");
      CHECK(connection.get_isolation_level() == "AUTOCOMMIT");
      CHECK(engine.pool_status().in_use == 1);
      database::mark(connection);
    }
    Connection connection = engine.connect();
    CHECK(database::has_mark(connection));
    CHECK(connection.in_transaction());
    Engine told = engine;
    told.update_execution_options(isolated("AUTOCOMMIT"));
    CHECK(told.get_execution_options().isolation_level == "AUTOCOMMIT");
    CHECK_FALSE(engine.get_execution_options().isolation_level.has_value());
    CHECK_THROWS_AS(told.update_execution_options(isolated("SOMETIMES")), ArgumentError);
  });
}

TEST_CASE("an isolation level holds for the connection that was told, and is gone with it") {
  on_postgresql([](const Engine& engine) {
    {
      Connection connection = engine.connect();
      connection.execution_options(isolated("REPEATABLE READ"));
      CHECK(connection.scalar<std::string>(text("SELECT current_setting('transaction_isolation')")) == "repeatable read");
      CHECK(error_of<InvalidRequestError>([&] { return connection.execution_options(isolated("SERIALIZABLE")).closed(); })
                .find("isolation_level may not be altered unless rollback() or commit() is called first") !=
            std::string::npos);
      connection.rollback();
      CHECK_THROWS_AS(connection.execution_options(isolated("WRONG")), ArgumentError);
    }
    Connection next = engine.connect();
    CHECK(next.get_isolation_level() == "READ COMMITTED");
  });
}

TEST_CASE("a read-only transaction refuses changes, and the next user of the session may make them") {
  everywhere([](const Engine& engine) {
    database::make_table(engine);
    ExecutionOptions options;
    options.read_only = true;
    {
      Connection connection = engine.connect();
      connection.execution_options(options);
      CHECK(connection.scalar<int>(text("SELECT count(*) FROM t")) == 3);
      CHECK_THROWS_AS(connection.execute(text("DELETE FROM t")), DBAPIError);
    }
    database::run_sql(engine, "DELETE FROM t");
    CHECK(database::count(engine) == 0);
  });
}

TEST_CASE("a deferrable transaction says so to PostgreSQL") {
  on_postgresql([](const Engine& engine) {
    Connection connection = engine.connect();
    ExecutionOptions options = isolated("SERIALIZABLE");
    options.read_only = true;
    options.deferrable = true;
    connection.execution_options(options);
    CHECK(connection.scalar<std::string>(text("SELECT current_setting('transaction_deferrable')")) == "on");
  });
}

TEST_CASE("a transaction that lost against a concurrent one is run again, and only that") {
  everywhere([](const Engine& plain) {
    database::make_table(plain);
    const Engine engine = plain.execution_options(isolated("SERIALIZABLE"));

    int attempts = 0;
    const int answer = engine.run_transaction([&](gw::Connection& connection) {
      lose_against_a_concurrent_change(plain, connection, [&] { return ++attempts == 1; });
      return attempts;
    });
    CHECK(answer == 2);
    CHECK(plain.scalar<std::string>(text("SELECT name FROM t WHERE id = 1")) == "mine");

    int tries = 0;
    CHECK_THROWS_AS(engine.run_transaction(
                        [&](gw::Connection& connection) {
                          ++tries;
                          lose_against_a_concurrent_change(plain, connection, [] { return true; });
                        },
                        1),
                    OperationalError);
    CHECK(tries == 2);

    tries = 0;
    CHECK_THROWS_AS(engine.run_transaction([&](gw::Connection& connection) {
      ++tries;
      connection.execute(text("INSERT INTO t VALUES (1, 'taken')"));
    }),
                    IntegrityError);
    CHECK(tries == 1);
  });
}

TEST_CASE("a commit whose outcome is unknown is never retried") {
  Diagnostics fields;
  fields.sqlstate = "40001";
  CHECK(is_retryable(OperationalError(fields)));
  CHECK_FALSE(is_retryable(OutcomeUnknown(fields)));
  fields.sqlstate = "40P01";
  CHECK(is_retryable(OperationalError(fields)));
  fields.sqlstate = "23505";
  CHECK_FALSE(is_retryable(IntegrityError(fields)));
}

TEST_CASE("info stays with the session, through the pool, until it is closed") {
  everywhere([](const Engine& engine) {
    {
      Connection connection = engine.connect();
      connection.info()["mark"] = 5;
    }
    Connection connection = engine.connect();
    CHECK(std::any_cast<int>(connection.info().at("mark")) == 5);
    connection.invalidate();
    connection.execute(text("SELECT 1"));
    CHECK(connection.info().empty());
    connection.close();
    CHECK_THROWS_AS(connection.info(), ResourceClosedError);
  });
}

TEST_CASE("the driver's own connection is within reach") {
  everywhere([](const Engine& engine) {
    Connection connection = engine.connect();
    CHECK(connection.get_raw_connection().native_handle() != nullptr);
    CHECK(connection.get_raw_connection().is_usable());
  });
}

TEST_CASE("a session is borrowed without a connection, and comes back to its pool reset") {
  EngineOptions options;
  options.pool_size = 1;
  options.max_overflow = 0;
  everywhere(options, [](const Engine& engine) {
    {
      Connection connection = engine.connect();
      database::mark(connection);
      connection.info()["seen"] = 1;
    }
    Connection connection = engine.connect();
    run_sync(connection, [](gw::Connection& sync) {
      const gw::Engine same = sync.engine();
      sync.close();
      gw::PooledConnection raw = same.raw_connection();
      CHECK(raw.info().contains("seen"));
      CHECK(raw->native_handle() != nullptr);
      raw->begin({}, {});
      raw.close();
      CHECK_FALSE(raw.is_valid());
      CHECK(same.pool_status().idle == 1);
      gw::Connection next = same.connect();
      CHECK_FALSE(next.in_transaction());
      CHECK(next.get_raw_connection().transaction_state() == gw::TransactionState::idle);
      CHECK(database::has_mark(next));
    });
  });
}

TEST_CASE("a detached connection leaves the pool, and is closed rather than given back") {
  EngineOptions options;
  options.pool_size = 1;
  options.max_overflow = 0;
  everywhere(options, [](const Engine& engine) {
    Connection connection = engine.connect();
    database::mark(connection);
    connection.detach();
    CHECK(engine.pool_status().in_use == 0);
    {
      Connection other = engine.connect();
      CHECK_FALSE(database::has_mark(other));
    }
    CHECK(database::has_mark(connection));
    connection.close();
    CHECK(engine.pool_status().idle == 1);
    CHECK(engine.pool_status().in_use == 0);
  });
}

TEST_CASE("a branch shares the session and its transaction, and closing it leaves the connection open") {
  everywhere([](const Engine& engine) {
    database::make_table(engine);
    Connection connection = engine.connect();
    {
      Connection branch = connection.connect();
      branch.execute(text("DELETE FROM t WHERE id = 1"));
      CHECK(connection.in_transaction());
      branch.close();
      CHECK(branch.closed());
      Connection dropped = connection.connect();
    }
    CHECK_FALSE(connection.closed());
    CHECK(connection.scalar<int>(text("SELECT count(*) FROM t")) == 2);
    connection.close();
    CHECK_THROWS_AS(connection.connect(), ResourceClosedError);
    CHECK(database::count(engine) == 3);
  });
}

TEST_CASE("disposing without closing forgets the idle connections") {
  everywhere([](const Engine& engine) {
    database::run_sql(engine, "CREATE TABLE t (id bigint)");
    CHECK(engine.pool_status().idle == 1);
    engine.dispose(false);
    CHECK(engine.pool_status().idle == 0);
    CHECK(engine.pool_status().in_use == 0);
    CHECK(database::count(engine) == 0);
  });
}

TEST_CASE("an engine tells which tables there are, on a connection of its own or a given one") {
  everywhere([](const Engine& engine) {
    database::make_table(engine);
    CHECK(is_there(engine, "t"));
    CHECK_FALSE(is_there(engine, "u"));
    const bool is_sqlite = engine.name() == "sqlite";
    CHECK(is_there(engine, is_sqlite ? "t" : "pg_class", is_sqlite ? "main" : "pg_catalog"));
    CHECK_FALSE(is_there(engine, "t", is_sqlite ? "temp" : "pg_catalog"));
    Connection connection = engine.connect();
    connection.execute(text("CREATE TABLE another (id bigint)"));
    CHECK(tables(engine) == std::vector<std::string>{"t"});
    CHECK(tables(engine, connection) == std::vector<std::string>{"another", "t"});
    CHECK(engine.pool_status().in_use == 1);
  });
}

}  // namespace conformance
