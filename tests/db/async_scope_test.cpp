// SPDX-License-Identifier: BSL-1.0

// Scopes whose body is a coroutine.

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include "database.hpp"

using namespace greenway;

namespace {

constexpr const char* endless =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000) SELECT count(*) FROM n";

Task<std::int64_t> delete_one(AsyncConnection& connection, int id) {
  Result result = co_await connection.execute(text("DELETE FROM t WHERE id = :id").bind("id", id));
  co_return result.rowcount();
}

Task<> delete_and_throw(AsyncConnection& connection) {
  co_await connection.execute(text("DELETE FROM t"));
  throw std::logic_error("on the way");
}

Task<> delete_and_stay(AsyncConnection& connection) {
  co_await connection.execute(text("DELETE FROM t"));
  co_await connection.execute(text(endless));
}

// Runs `body(engine)` as a task on each database, with `t` made and one connection for everybody.
template <class F>
void as_task(F&& body) {
  const database::Scratch scratch = database::each();
  EngineOptions options;
  options.pool_size = 1;
  options.max_overflow = 0;
  const AsyncEngine engine = create_async_engine(scratch.url(), options);
  database::make_table(engine.sync_engine());
  run(body(engine));
}

Task<int> rows(AsyncEngine engine) { co_return co_await engine.scalar<int>(text("SELECT count(*) FROM t")); }

}  // namespace

TEST_CASE("a coroutine in the scope of begin commits when it ends, and rolls back when it throws") {
  as_task([](AsyncEngine engine) -> Task<> {
    const std::int64_t deleted = co_await engine.begin(delete_one, 1);
    CHECK(deleted == 1);
    const int left = co_await rows(engine);
    CHECK(left == 2);

    std::string message;
    try {
      co_await engine.begin(delete_and_throw);
    } catch (const std::logic_error& error) {
      message = error.what();
    }
    CHECK(message == "on the way");
    const int still_left = co_await rows(engine);
    CHECK(still_left == 2);
  });
}

TEST_CASE("a coroutine in the scope of connect decides itself what is kept") {
  as_task([](AsyncEngine engine) -> Task<> {
    const std::int64_t deleted = co_await engine.connect(delete_one, 1);
    CHECK(deleted == 1);
    const int left = co_await rows(engine);
    CHECK(left == 3);
  });
}

TEST_CASE("a caller that is cancelled leaves its scope rolled back and its connection given back") {
  as_task([](AsyncEngine engine) -> Task<> {
    bool is_there = false;
    engine.events().before_cursor_execute.listen(
        [&](Connection&, StatementContext& it) { is_there = is_there || it.statement == endless; });
    const bool begins = GENERATE(true, false);
    Operation<void> scope = begins ? engine.begin(delete_and_stay) : engine.connect(delete_and_stay);
    const auto cancel = scope.canceller();
    Future<void> ended = scope.to_future();
    const auto arrive = [&] {
      while (!is_there) {
        yield();
      }
    };
    co_await greenlet_spawn(arrive);

    cancel();

    const auto end = [&] { CHECK_THROWS_AS(ended.get(), OperationCancelled); };
    co_await greenlet_spawn(end);
    const std::size_t in_use = engine.pool_status().in_use;
    CHECK(in_use == 0);
    const int left = co_await rows(engine);
    CHECK(left == 3);
  });
}
