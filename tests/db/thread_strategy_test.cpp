// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <numeric>
#include <vector>

#include <greenway/runtime/cancel.hpp>
#include <greenway/runtime/task_group.hpp>

#include "database.hpp"

using namespace greenway;
using namespace std::chrono_literals;

namespace {

// Runs for minutes unless it is stopped.
constexpr const char* endless =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000) SELECT count(*) FROM n";

/// An engine whose connections have threads, and only one of them.
Engine threaded(const database::Scratch& scratch) {
  const bool has_options = scratch.url().find('?') != std::string::npos;
  return create_engine(scratch.url() + (has_options ? "&" : "?") + "strategy=thread",
                       {.pool_size = 1, .isolation_level = "AUTOCOMMIT"});
}

std::int64_t number(Connection& connection, std::int64_t n) {
  return connection.scalar<std::int64_t>(text("SELECT CAST(:n AS bigint)").bind("n", n));
}

}  // namespace

TEST_CASE("with a thread for each connection no answer goes to a later statement after a cancellation") {
  const database::Scratch scratch = database::each();
  const Engine engine = threaded(scratch);
  std::vector<std::int64_t> answers;
  int cancelled = 0;
  bool is_same_session = false;
  run([&] {
    auto connection = engine.connect();
    database::mark(connection);
    for (int round = 0; round < 30; ++round) {
      CancelScope scope;
      TaskGroup group;
      // Before it has begun, while it begins, while it runs.
      group.spawn([&scope, round] {
        sleep_for(round % 3 * 1ms);
        scope.cancel();
      });
      try {
        connection.execute(text(endless));
      } catch (const Cancelled&) {
        ++cancelled;
      }
      const Shield shield(60s);
      answers.push_back(number(connection, round));
      group.wait();
    }
    is_same_session = database::has_mark(connection);
  });
  std::vector<std::int64_t> expected(30);
  std::iota(expected.begin(), expected.end(), 0);
  CHECK(answers == expected);
  CHECK(cancelled == 30);
  CHECK(is_same_session);
}

TEST_CASE("with a thread for each connection a statement that ends as it is cancelled keeps its answer to itself") {
  const database::Scratch scratch = database::each();
  const Engine engine = threaded(scratch);
  std::vector<std::int64_t> wrong;
  run([&] {
    auto connection = engine.connect();
    for (std::int64_t round = 0; round < 1000; ++round) {
      CancelScope scope;
      TaskGroup group;
      // From the beginning of the statement to beyond its end.
      group.spawn([&scope, round] {
        sleep_for(round % 100 * 3us);
        scope.cancel();
      });
      try {
        if (number(connection, -round) != -round) {
          wrong.push_back(-round);
        }
      } catch (const Cancelled&) {
      }
      const Shield shield(60s);
      if (number(connection, round) != round) {
        wrong.push_back(round);
      }
      group.wait();
    }
  });
  CHECK(wrong.empty());
}

TEST_CASE("the loop goes on while a connection's thread works, and statements of one connection come in order") {
  const database::Scratch scratch = database::each();
  const Engine engine = threaded(scratch);
  std::vector<std::string> order;
  run([&] {
    TaskGroup group;
    group.spawn([&] {
      auto connection = engine.connect();
      for (int i = 0; i < 3; ++i) {
        number(connection, i);
        order.push_back("statement " + std::to_string(i));
      }
    });
    order.push_back("the loop");
    group.wait();
  });
  CHECK(order == std::vector<std::string>{"the loop", "statement 0", "statement 1", "statement 2"});
}

TEST_CASE("a thread that runs a loop may use a connection that has a thread, and blocks") {
  const database::Scratch scratch = database::each();
  const Engine engine = threaded(scratch);
  std::int64_t answer = 0;
  run([&]() -> Task<> {
    auto connection = engine.connect();
    answer = number(connection, 42);
    co_return;
  }());
  CHECK(answer == 42);
}

TEST_CASE("a stream comes over from its connection's thread, and may be given up") {
  const database::Scratch scratch = database::each();
  const Engine engine = threaded(scratch);
  database::make_table(engine);
  std::int64_t first = 0;
  std::int64_t after = 0;
  run([&] {
    auto connection = engine.connect();
    {
      ExecutionOptions options;
      options.yield_per = 1;
      auto result = connection.execute(text("SELECT id FROM t ORDER BY id"), options);
      first = result.fetchone()->get<std::int64_t>(0);
    }
    after = number(connection, 7);
  });
  CHECK(first == 1);
  CHECK(after == 7);
}
