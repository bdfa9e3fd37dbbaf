// SPDX-License-Identifier: BSL-1.0
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "database.hpp"

using namespace greenway;
using database::error_of;

// Values awaited are given a name before they are checked: g++ 12 miscompiles what a macro would put around `co_await`.
namespace {

constexpr const char* count_rows = "SELECT count(*) FROM t";

EngineOptions pool_of_one() {
  EngineOptions options;
  options.pool_size = 1;
  options.max_overflow = 0;
  return options;
}

std::int64_t set_name(Connection& connection, int id, const std::string& name) {
  return connection.execute(text("UPDATE t SET name = :name WHERE id = :id").bind("name", name).bind("id", id))
      .rowcount();
}

std::string name_of(Connection& connection, int id) {
  return connection.scalar<std::string>(text("SELECT name FROM t WHERE id = :id").bind("id", id));
}

// Runs `body(engine)` as a task on each database, with `t` made.
template <class F>
void as_task(const EngineOptions& options, F&& body) {
  const database::Scratch scratch = database::each();
  const AsyncEngine engine = create_async_engine(scratch.url(), options);
  database::make_table(engine.sync_engine());
  run(body(engine));
}

template <class F>
void as_task(F&& body) {
  as_task({}, body);
}

// Whether no statement can be executed by who has no time left.
bool is_late_to_execute(Connection& connection) {
  try {
    with_timeout(Duration::zero(), [&] { connection.execute(text("SELECT 1")); });
  } catch (const TimeoutError&) {
    return true;
  }
  return false;
}

}  // namespace

TEST_CASE("every call of an async engine and connection works inside a co_await expression") {
  as_task([](AsyncEngine engine) -> Task<> {
    AsyncConnection connection = co_await engine.connect();
    const ExecutionOptions options;
    const std::vector<Value> none;

    Result all = co_await connection.execute(text("SELECT id, name FROM t ORDER BY id"));
    CHECK(all.fetchall().size() == 3);
    Result bound = co_await connection.execute(text("SELECT name FROM t WHERE id = :id").bind("id", 3));
    CHECK(bound.scalar<std::string>() == "three");
    Result given = co_await connection.execute(text("SELECT name FROM t WHERE id = :id"), params("id", 1));
    CHECK(given.scalar<std::string>() == "one");
    Result with_options = co_await connection.execute(text("SELECT 1"), options);
    CHECK(with_options.scalar<int>() == 1);
    Result raw = co_await connection.exec_driver_sql("SELECT 2");
    CHECK(raw.scalar<int>() == 2);
    Result raw_given = co_await connection.exec_driver_sql("SELECT 3", none);
    CHECK(raw_given.scalar<int>() == 3);
    const Value value = co_await connection.scalar(text(count_rows));
    CHECK(value == Value(3));
    const auto number = co_await connection.scalar<std::int64_t>(text(count_rows));
    CHECK(number == 3);
    const auto name =
        co_await connection.scalar<std::string>(text("SELECT name FROM t WHERE id = :id"), params("id", 1));
    CHECK(name == "one");
    const std::int64_t changed = co_await connection.run_sync(set_name, 2, std::string("two"));
    CHECK(changed == 1);
    CHECK(connection.in_transaction());
    co_await connection.rollback();
    CHECK_FALSE(connection.in_transaction());

    AsyncTransaction transaction = co_await connection.begin();
    CHECK(transaction.is_active());
    AsyncTransaction savepoint = co_await connection.begin_nested();
    CHECK(connection.in_nested_transaction());
    co_await connection.run_sync(set_name, 2, std::string("zwei"));
    co_await savepoint.rollback();
    co_await connection.run_sync(set_name, 1, std::string("eins"));
    co_await transaction.commit();
    CHECK_FALSE(transaction.is_active());
    const std::string first = co_await connection.run_sync(name_of, 1);
    CHECK(first == "eins");
    co_await connection.commit();

    co_await connection.invalidate();
    CHECK(connection.invalidated());
    connection.execution_options(options);
    co_await connection.close();
    CHECK(connection.closed());

    const std::int64_t begun = co_await engine.begin(set_name, 3, std::string("drei"));
    CHECK(begun == 1);
    CHECK(engine.pool_status().in_use == 0);
    co_await engine.dispose();
    CHECK(engine.pool_status().idle == 0);
    CHECK(engine.url().drivername() == engine.sync_engine().url().drivername());
  });
}

TEST_CASE("every call of an async result works inside a co_await expression") {
  as_task([](AsyncEngine engine) -> Task<> {
    AsyncConnection connection = co_await engine.connect();
    ExecutionOptions options;
    options.yield_per = 1;
    const TextClause rows = text("SELECT id FROM t ORDER BY id");
    const TextClause row = text("SELECT id FROM t WHERE id = 2");

    AsyncResult result = co_await connection.stream(rows, options);
    CHECK(result.returns_rows());
    CHECK(result.keys() == std::vector<std::string>{"id"});
    std::vector<int> ids;
    while (const auto next = co_await result.fetchone()) {
      ids.push_back(next->get<int>(0));
    }
    CHECK(ids == std::vector<int>{1, 2, 3});

    AsyncResult partly = co_await connection.stream(rows);
    const std::vector<Row> one = co_await partly.fetchmany();
    const std::vector<Row> rest = co_await partly.fetchall();
    CHECK(one.size() + rest.size() == 3);
    AsyncResult whole = co_await connection.stream(rows);
    const std::vector<Row> everything = co_await whole.all();
    CHECK(everything.size() == 3);
    AsyncResult for_first = co_await connection.stream(rows, options);
    const std::optional<Row> first = co_await for_first.first();
    CHECK(first->get<int>(0) == 1);
    CHECK(for_first.closed());
    AsyncResult for_one = co_await connection.stream(row);
    const Row only = co_await for_one.one();
    CHECK(only.get<int>(0) == 2);
    AsyncResult for_none = co_await connection.stream(text("SELECT id FROM t WHERE id = 99"));
    const std::optional<Row> none = co_await for_none.one_or_none();
    CHECK_FALSE(none.has_value());
    AsyncResult for_scalar = co_await connection.stream(row);
    const int scalar = co_await for_scalar.scalar<int>();
    CHECK(scalar == 2);
    AsyncResult for_scalar_one = co_await connection.stream(row);
    const Value scalar_one = co_await for_scalar_one.scalar_one();
    CHECK(scalar_one == Value(2));
    AsyncResult for_maybe = co_await connection.stream(row);
    const std::optional<int> maybe = co_await for_maybe.scalar_one_or_none<int>();
    CHECK(maybe == 2);
    AsyncResult unread = co_await connection.stream(rows, options);
    co_await unread.close();
    CHECK(unread.closed());
  });
}

TEST_CASE("errors arrive where the operation is awaited, type and text intact") {
  as_task([](AsyncEngine engine) -> Task<> {
    AsyncConnection connection = co_await engine.connect();
    std::string caught;
    try {
      co_await connection.execute(text("SELECT nonsense"));
    } catch (const ProgrammingError& error) {
      caught = error.statement();
    }
    CHECK(caught == "SELECT nonsense");
    co_await connection.rollback();

    const auto fail = [](Connection&) -> int { throw std::logic_error("my own"); };
    try {
      co_await connection.run_sync(fail);
    } catch (const std::logic_error& error) {
      caught = error.what();
    }
    CHECK(caught == "my own");
  });
}

TEST_CASE("run_sync passes the connection, then the arguments, and returns what the function does") {
  as_task([](AsyncEngine engine) -> Task<> {
    AsyncConnection connection = co_await engine.connect();
    int touched = 0;
    const auto add = [](Connection& sync, int& target, std::unique_ptr<int> owned) {
      target = sync.scalar<int>(text("SELECT 40")) + *owned;
      return std::make_unique<int>(target);
    };

    const std::unique_ptr<int> result = co_await connection.run_sync(add, std::ref(touched), std::make_unique<int>(2));

    CHECK(touched == 42);
    CHECK(*result == 42);
  });
}

TEST_CASE("what came through the async facade refuses to wait outside a greenlet") {
  as_task([](AsyncEngine engine) -> Task<> {
    AsyncConnection connection = co_await engine.connect();
    Connection& sync = connection.sync_connection();

    const std::string message = error_of<MissingGreenlet>([&] { return sync.execute(text("SELECT 1")); });
    CHECK_THAT(message, Catch::Matchers::StartsWith("this connection comes from an AsyncEngine") &&
                            Catch::Matchers::Contains("run_sync"));
    CHECK_THROWS_AS(sync.begin(), MissingGreenlet);
    CHECK_THROWS_AS(sync.close(), MissingGreenlet);
    CHECK_FALSE(connection.closed());

    const int answer = co_await connection.scalar<int>(text("SELECT 1"));
    CHECK(answer == 1);
  });
}

TEST_CASE("a connection dropped outside a greenlet is reset and given back by its engine") {
  as_task(pool_of_one(), [](AsyncEngine engine) -> Task<> {
    for (int i = 0; i < 3; ++i) {
      AsyncConnection connection = co_await engine.connect();  // waits until the one before has been given back
      const auto rows = co_await connection.scalar<int>(text(count_rows));
      CHECK(rows == 3);
      co_await connection.execute(text("DELETE FROM t"));
    }
    AsyncConnection last = co_await engine.connect();
    CHECK_FALSE(last.in_transaction());
    CHECK(engine.pool_status().in_use == 1);
  });
}

TEST_CASE("a session that is borrowed without a connection and dropped outside a greenlet is reset by its engine") {
  as_task(pool_of_one(), [](AsyncEngine engine) -> Task<> {
    for (int i = 0; i < 3; ++i) {
      PooledConnection session = co_await engine.raw_connection();  // waits until the one before has been given back
      CHECK(session->transaction_state() == TransactionState::idle);
      co_await greenlet_spawn([](PooledConnection& borrowed) { borrowed->begin({}, {}); }, std::ref(session));
      CHECK(session->transaction_state() == TransactionState::in_transaction);
    }
  });
}

TEST_CASE("an engine may go together with connections that were just dropped") {
  as_task([](AsyncEngine made) -> Task<> {
    AsyncEngine engine = create_async_engine(made.url());
    std::vector<AsyncConnection> connections;
    for (int i = 0; i < 5; ++i) {
      connections.push_back(co_await engine.connect());
      co_await connections.back().execute(text("SELECT 1"));
    }
  });
}

TEST_CASE("a transaction dropped outside a greenlet is rolled back before anything else happens") {
  as_task([](AsyncEngine engine) -> Task<> {
    AsyncConnection connection = co_await engine.connect();
    {
      AsyncTransaction transaction = co_await connection.begin();
      co_await connection.execute(text("DELETE FROM t"));
    }
    const int rows = co_await connection.scalar<int>(text(count_rows));
    CHECK(rows == 3);
    co_await connection.rollback();

    {
      AsyncTransaction transaction = co_await connection.begin();
      co_await connection.execute(text("DELETE FROM t"));
    }
    co_await connection.commit();
    CHECK_FALSE(connection.in_transaction());
    AsyncTransaction again = co_await connection.begin();
    const int left = co_await connection.scalar<int>(text(count_rows));
    CHECK(left == 3);
  });
}

TEST_CASE("a savepoint dropped outside a greenlet is rolled back before its transaction is committed") {
  as_task([](AsyncEngine engine) -> Task<> {
    AsyncConnection connection = co_await engine.connect();
    AsyncTransaction transaction = co_await connection.begin();
    co_await connection.execute(text("DELETE FROM t WHERE id = 1"));
    {
      AsyncTransaction savepoint = co_await connection.begin_nested();
      co_await connection.execute(text("DELETE FROM t WHERE id = 2"));
      AsyncTransaction inner = co_await connection.begin_nested();
      co_await connection.execute(text("DELETE FROM t WHERE id = 3"));
    }
    co_await transaction.commit();

    const int rows = co_await connection.scalar<int>(text(count_rows));
    CHECK(rows == 2);
  });
}

TEST_CASE("a savepoint dropped outside a greenlet is rolled back though who comes next has no time for it") {
  as_task([](AsyncEngine engine) -> Task<> {
    AsyncConnection connection = co_await engine.connect();
    AsyncTransaction transaction = co_await connection.begin();
    co_await connection.execute(text("DELETE FROM t WHERE id = 1"));
    {
      AsyncTransaction savepoint = co_await connection.begin_nested();
      co_await connection.execute(text("DELETE FROM t WHERE id = 2"));
    }
    const bool was_late = co_await connection.run_sync(&is_late_to_execute);
    CHECK(was_late);
    co_await transaction.commit();

    const int rows = co_await connection.scalar<int>(text(count_rows));
    CHECK(rows == 2);
  });
}

TEST_CASE("a stream dropped outside a greenlet is given up when its connection is next used") {
  as_task([](AsyncEngine engine) -> Task<> {
    AsyncConnection connection = co_await engine.connect();
    ExecutionOptions options;
    options.yield_per = 1;
    {
      AsyncResult result = co_await connection.stream(text("SELECT id FROM t"), options);
      const auto row = co_await result.fetchone();
      CHECK(row.has_value());
    }
    const int answer = co_await connection.scalar<int>(text("SELECT 1"));
    CHECK(answer == 1);
  });
}

TEST_CASE("a stream is read as scalars, mappings, tuples and partitions") {
  as_task([](AsyncEngine engine) -> Task<> {
    AsyncConnection connection = co_await engine.connect();
    const TextClause select = text("SELECT id, name FROM t ORDER BY id");

    AsyncScalarResult<std::int64_t> scalars = co_await connection.stream_scalars<std::int64_t>(select);
    std::int64_t sum = 0;
    while (const std::optional<std::int64_t> id = co_await scalars.fetchone()) {
      sum = 10 * sum + *id;
    }
    CHECK(sum == 123);

    AsyncResult result = co_await connection.stream(select);
    AsyncMappingResult mappings = result.mappings();
    CHECK(result.closed());
    const auto first = co_await mappings.first();
    CHECK(first->get<std::string>("name") == "one");

    AsyncResult whole = co_await connection.stream(select);
    auto tuples = whole.columns("name", "id").tuples<std::optional<std::string>, int>();
    const auto pairs = co_await tuples.all();
    CHECK(pairs.size() == 3);
    CHECK(std::get<0>(pairs[1]) == std::nullopt);

    AsyncResult parts = co_await connection.stream(select);
    std::size_t count = 0;
    for (auto rows = co_await parts.partition(2); !rows.empty(); rows = co_await parts.partition(2)) {
      count = 10 * count + rows.size();
    }
    CHECK(count == 21);

    AsyncResult again = co_await connection.stream(select);
    const FrozenResult frozen = co_await again.freeze();
    CHECK(frozen().scalars<int>().all() == std::vector<int>{1, 2, 3});

    ScalarResult<int> buffered = co_await connection.scalars<int>(select);
    CHECK(buffered.all().size() == 3);
  });
}

TEST_CASE("an engine executes without a connection, and runs a transaction again, for coroutines too") {
  as_task([](AsyncEngine engine) -> Task<> {
    co_await engine.execute(text("INSERT INTO t VALUES (4, 'four')"));
    const int rows = co_await engine.scalar<int>(text(count_rows));
    CHECK(rows == 4);

    int tries = 0;
    const auto insert = [&tries](Connection& connection) {
      connection.execute(text("INSERT INTO t VALUES (5, 'five')"));
      return ++tries;
    };
    const int answer = co_await engine.run_transaction(insert);
    CHECK(answer == 1);

    ExecutionOptions options;
    options.isolation_level = "AUTOCOMMIT";
    const AsyncEngine other = engine.execution_options(options);
    AsyncConnection connection = co_await other.connect();
    AsyncConnection branch = connection.connect();
    const int more = co_await branch.scalar<int>(text(count_rows));
    CHECK(more == 5);
    const std::string level = co_await branch.get_isolation_level();
    CHECK(level == "AUTOCOMMIT");
    co_await branch.close();
    CHECK_FALSE(connection.closed());
    connection.info()["x"] = 1;
    CHECK(connection.info().size() == 1);
    CHECK(&engine.dialect() == &connection.dialect());
    CHECK_FALSE(engine.name().empty());
    co_await engine.dispose(false);
  });
}

TEST_CASE("an operation owns what it works on") {
  as_task(pool_of_one(), [](AsyncEngine engine) -> Task<> {
    std::optional<AsyncConnection> connection;
    {
      AsyncConnection opened = co_await engine.connect();
      connection.emplace(std::move(opened));
    }
    Operation<int> operation = connection->scalar<int>(text("SELECT 6"));
    connection.reset();
    const int answer = co_await std::move(operation);
    CHECK(answer == 6);

    Operation<AsyncConnection> next = AsyncEngine(engine).connect();
    AsyncConnection again = co_await std::move(next);
    CHECK_FALSE(again.closed());
  });
}

TEST_CASE("an operation that is never consumed does nothing") {
  as_task([](AsyncEngine engine) -> Task<> {
    AsyncConnection connection = co_await engine.connect();
    { const Operation<Result> unused = connection.execute(text("DELETE FROM t")); }
    CHECK_FALSE(connection.in_transaction());
  });
}

TEST_CASE("the same engine serves a blocking caller and a coroutine") {
  as_task([](AsyncEngine engine) -> Task<> {
    AsyncConnection connection = co_await engine.connect();
    const std::int64_t changed = co_await connection.run_sync(set_name, 2, std::string("two"));
    CHECK(changed == 1);
    co_await connection.commit();
    co_await connection.close();
  });

  const database::Scratch scratch = database::each();
  const AsyncEngine engine = create_async_engine(scratch.url());
  database::make_table(engine.sync_engine());
  Connection connection = engine.sync_engine().connect();
  CHECK(set_name(connection, 2, "two") == 1);
  connection.commit();
  CHECK(name_of(connection, 2) == "two");
}
