// SPDX-License-Identifier: BSL-1.0

// What sqlalchemy_aio has and SQLAlchemy's own asyncio extension has not.

#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "database.hpp"

using namespace greenway;
using database::error_of;

namespace {

// Runs a coroutine with an engine on each database, with `t` made.
template <class F>
void as_task(F&& body) {
  const database::Scratch scratch = database::each();
  const AsyncEngine engine = create_async_engine(scratch.url());
  database::make_table(engine.sync_engine());
  run(body(engine));
}

// The warnings logged while it exists.
class Warnings {
 public:
  Warnings() {
    set_log_sink([this](LogLevel level, std::string_view, std::string_view line) {
      if (level == LogLevel::warning) {
        lines.emplace_back(line);
      }
    });
  }
  ~Warnings() { set_log_sink({}); }
  std::vector<std::string> lines;
};

}  // namespace

TEST_CASE("an engine tells which tables there are, on a connection of its own or a given one") {
  as_task([](AsyncEngine engine) -> Task<> {
    const bool has_t = co_await engine.has_table("t");
    CHECK(has_t);
    const bool has_u = co_await engine.has_table("u");
    CHECK_FALSE(has_u);
    AsyncConnection connection = co_await engine.connect();
    co_await connection.execute(text("CREATE TABLE another (id bigint)"));
    const std::vector<std::string> outside = co_await engine.table_names();
    CHECK(outside == std::vector<std::string>{"t"});
    const std::vector<std::string> inside = co_await engine.table_names("", connection);
    CHECK(inside == std::vector<std::string>{"another", "t"});
    CHECK(engine.pool_status().in_use == 1);
  });
}

TEST_CASE("a transaction that is closed is rolled back, and one that is over stays as it ended") {
  as_task([](AsyncEngine engine) -> Task<> {
    AsyncConnection connection = co_await engine.connect();
    AsyncTransaction first = co_await connection.begin();
    co_await connection.execute(text("DELETE FROM t"));
    co_await first.close();
    CHECK_FALSE(first.is_active());
    AsyncTransaction second = co_await connection.begin();
    co_await connection.execute(text("DELETE FROM t WHERE id = 1"));
    co_await second.commit();
    co_await second.close();
    const auto rows = co_await engine.scalar<std::int64_t>(text("SELECT count(*) FROM t"));
    CHECK(rows == 2);
  });
}

TEST_CASE("a branch ends without its connection, for coroutines too") {
  as_task([](AsyncEngine engine) -> Task<> {
    AsyncConnection connection = co_await engine.connect();
    AsyncConnection branch = connection.connect();
    co_await branch.execute(text("DELETE FROM t"));
    CHECK(connection.in_transaction());
    co_await branch.close();
    CHECK_FALSE(connection.closed());
    co_await connection.rollback();
    co_await connection.close();
    CHECK_THROWS_AS(connection.connect(), ResourceClosedError);
  });
}

TEST_CASE("a function runs on another thread while the loop goes on, with arguments and errors") {
  as_task([](AsyncEngine engine) -> Task<> {
    const auto here = std::this_thread::get_id();
    const auto there = co_await engine.run_in_thread([] { return std::this_thread::get_id(); });
    CHECK(here != there);
    AsyncConnection connection = co_await engine.connect();
    const int sum = co_await connection.run_in_thread([](int a, int b) { return a + b; }, 2, 3);
    CHECK(sum == 5);
    std::string message;
    try {
      co_await engine.run_in_thread([] { throw std::runtime_error("over there"); });
    } catch (const std::runtime_error& error) {
      message = error.what();
    }
    CHECK(message == "over there");
  });
}

TEST_CASE("run_callable blocks the thread and warns of it, and is refused where a loop runs") {
  const database::Scratch scratch = database::each();
  const AsyncEngine engine = create_async_engine(scratch.url());
  const auto count = [](Connection& connection, int more) { return connection.scalar<int>(text("SELECT 1")) + more; };
  {
    Warnings warnings;
    CHECK(engine.run_callable(count, 4) == 5);
    CHECK(warnings.lines == std::vector<std::string>{"BlockingWarning: AsyncEngine::run_callable blocks its thread; use "
                                                     "co_await engine.begin(fn), or sync_engine()"});
  }
  std::string refused;
  Warnings warnings;
  run([](AsyncEngine at, auto fn, std::string& error) -> Task<> {
    AsyncConnection connection = co_await at.connect();
    error = error_of<WouldBlockLoop>([&] { return connection.run_callable(fn, 1); });
  }(engine, count, refused));
  CHECK(refused != "nothing was thrown");
  CHECK_FALSE(refused.empty());
  CHECK(warnings.lines.size() == 1);
}
