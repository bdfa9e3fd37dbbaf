// SPDX-License-Identifier: BSL-1.0

// What a scope leaves behind, however it is left: by its end, by an exception, by cancellation.

#include <chrono>
#include <stdexcept>
#include <string>

#include "ways.hpp"

namespace conformance {

using namespace std::chrono_literals;
using database::count;
using database::error_of;

namespace {

EngineOptions pool_of_one() {
  EngineOptions options;
  options.pool_size = 1;
  options.max_overflow = 0;
  options.pool_timeout = Duration::zero();
  return options;
}

// With `t`, and `child`, whose reference to it is checked by COMMIT.
template <class F>
void with_child(F&& body) {
  everywhere(pool_of_one(), [&](const Engine& engine) {
    database::make_table(engine);
    database::run_sql(engine, "CREATE TABLE child (t_id bigint REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED)");
    body(engine);
  });
}

const TextClause orphan = text("INSERT INTO child VALUES (99)");

}  // namespace

TEST_CASE("the scope of an engine's begin gives its connection back, whether it commits or rolls back") {
  everywhere(pool_of_one(), [](const Engine& engine) {
    database::make_table(engine);
    const int answer = engine.begin([](gw::Connection& connection) {
      connection.execute(text("DELETE FROM t WHERE id = 1"));
      return 7;
    });
    CHECK(answer == 7);
    CHECK(engine.pool_status().in_use == 0);
    CHECK(count(engine) == 2);

    CHECK(error_of<std::logic_error>([&] {
            engine.begin([](gw::Connection& connection) {
              connection.execute(text("DELETE FROM t"));
              throw std::logic_error("on the way");
            });
            return 0;
          }) == "on the way");
    CHECK(engine.pool_status().in_use == 0);
    CHECK(count(engine) == 2);
  });
}

TEST_CASE("the scope of a connection gives it back, rolled back, though the function throws") {
  everywhere(pool_of_one(), [](const Engine& engine) {
    database::make_table(engine);
    CHECK(error_of<std::logic_error>([&] {
            engine.connect([](gw::Connection& connection) {
              connection.execute(text("DELETE FROM t"));
              throw std::logic_error("on the way");
            });
            return 0;
          }) == "on the way");
    CHECK(error_of<std::logic_error>([&] {
            Connection connection = engine.connect();
            connection.execute(text("DELETE FROM t"));
            throw std::logic_error("on the way");
            return 0;
          }) == "on the way");
    CHECK(engine.pool_status().in_use == 0);
    CHECK(count(engine) == 3);
  });
}

TEST_CASE("a commit that fails at the end of a scope is rolled back, and its error is what the caller gets") {
  with_child([](const Engine& engine) {
    CHECK_THROWS_AS(engine.begin([](gw::Connection& connection) { connection.execute(orphan); }), IntegrityError);
    CHECK(engine.pool_status().in_use == 0);

    Connection connection = engine.connect();
    CHECK_THROWS_AS(connection.begin([&] { connection.execute(orphan); }), IntegrityError);
    CHECK_FALSE(connection.in_transaction());
    CHECK(connection.scalar<int>(text("SELECT count(*) FROM child")) == 0);
  });
}

TEST_CASE("a stream whose loop throws is closed, and its connection usable") {
  everywhere([](const Engine& engine) {
    database::make_table(engine);
    Connection connection = engine.connect();
    ExecutionOptions options;
    options.yield_per = 1;
    CHECK(error_of<std::logic_error>([&] {
            Result result = connection.execute(text("SELECT id FROM t"), options);
            for (const Row& row : result) {
              throw std::logic_error("at " + std::to_string(row.get<int>(0)));
            }
            return 0;
          }) == "at 1");
    CHECK(connection.scalar<int>(text("SELECT 1")) == 1);
  });
}

TEST_CASE("a scope that is cancelled rolls back and gives its connection back") {
  everywhere(pool_of_one(), [](const Engine& engine) {
    database::make_table(engine);
    CHECK_THROWS_AS(with_timeout(50ms,
                                 [&] {
                                   engine.begin([](gw::Connection& connection) {
                                     connection.execute(text("DELETE FROM t"));
                                     connection.execute(text(endless));
                                   });
                                 }),
                    TimeoutError);
    CHECK(engine.pool_status().in_use == 0);
    CHECK(count(engine) == 3);
  });
}

TEST_CASE("after a statement that was cancelled the connection executes the next one") {
  everywhere([](const Engine& engine) {
    database::make_table(engine);
    Connection connection = engine.connect();
    connection.execute(text("DELETE FROM t"));
    CHECK_THROWS_AS(with_timeout(50ms, [&] { connection.execute(text(endless)); }), TimeoutError);
    if (engine.name() == "postgresql") {  // whose transaction is aborted by it
      CHECK_THROWS_AS(connection.execute(text("SELECT 1")), DBAPIError);
    }
    connection.rollback();

    CHECK_FALSE(connection.invalidated());
    CHECK(connection.scalar<int>(text("SELECT count(*) FROM t")) == 3);
  });
}

TEST_CASE("a statement whose handler is cancelled is not sent, and its connection comes back clean") {
  everywhere(pool_of_one(), [](const Engine& engine) {
    database::make_table(engine);
    const auto number = engine.events().before_cursor_execute.listen(
        [](gw::Connection&, StatementContext&) { greenway::sleep_for(1h); });
    {
      Connection connection = engine.connect();
      CHECK_THROWS_AS(with_timeout(20ms, [&] { connection.execute(text("DELETE FROM t")); }), TimeoutError);
    }
    engine.events().before_cursor_execute.remove(number);

    CHECK(engine.pool_status().in_use == 0);
    CHECK(count(engine) == 3);
  });
}

}  // namespace conformance
