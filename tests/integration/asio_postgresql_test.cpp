// SPDX-License-Identifier: BSL-1.0
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <greenway/asio/asio.hpp>
#include <greenway/greenway.hpp>

#include "support/catch.hpp"

using namespace greenway;
namespace asio = boost::asio;

namespace {

std::string postgresql_url() {
  const char* url = std::getenv("GREENWAY_TEST_POSTGRESQL_URL");
  if (url == nullptr) {
    FAIL("GREENWAY_TEST_POSTGRESQL_URL is not set: run the suite by scripts/test.sh");
  }
  return url;
}

EngineOptions pool_of(std::size_t size) {
  EngineOptions options;
  options.pool_size = size;
  options.max_overflow = 0;
  return options;
}

/// How many sessions hold `key` as a shared advisory lock, or wait for it.
std::int64_t holders(Connection& connection, std::int64_t key, bool granted) {
  return connection.scalar<std::int64_t>(
      text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = :key AND granted = :granted")
          .bind("key", key)
          .bind("granted", granted));
}

}  // namespace

TEST_CASE("100 coroutines of one thread wait in the server at the same time") {
  constexpr int clients = 100;
  constexpr std::int64_t gate = 70'001;
  const AsyncEngine engine = create_async_engine(postgresql_url(), pool_of(clients + 1));
  asio::io_context context;
  int passed = 0;

  // Each client can pass the gate only when the last one has arrived there: none is served before another waits.
  const auto client = [&]() -> asio::awaitable<void> {
    AsyncConnection connection = co_await engine.connect();
    co_await connection.execute(text("SELECT pg_advisory_xact_lock_shared(:gate)").bind("gate", gate));
    ++passed;
  };
  const auto keeper = [&]() -> asio::awaitable<void> {
    AsyncConnection connection = co_await engine.connect();
    co_await connection.execute(text("SELECT pg_advisory_xact_lock(:gate)").bind("gate", gate));
    for (int i = 0; i < clients; ++i) {
      asio::co_spawn(context, client(), asio::detached);
    }
    while (co_await connection.run_sync(holders, gate, false) < clients) {
    }
    const int passed_before = passed;
    CHECK(passed_before == 0);
    co_await connection.rollback();
  };
  auto kept = asio::co_spawn(context, keeper(), asio::use_future);
  context.run();

  kept.get();
  CHECK(passed == clients);
}

TEST_CASE("one engine serves a blocking thread and coroutines of two loops at once") {
  const Engine engine = create_engine(postgresql_url(), pool_of(4));
  constexpr int rounds = 50;
  const auto add = [](Connection& connection, int a, int b) {
    return connection.scalar<std::int64_t>(text("SELECT CAST(:a AS bigint) + :b").bind("a", a).bind("b", b));
  };
  const auto loop = [&](int base, int& right) {
    asio::io_context context;
    for (int i = 0; i < 8; ++i) {
      asio::co_spawn(
          context,
          [](AsyncEngine shared, decltype(add)& work, int offset, int& count) -> asio::awaitable<void> {
            for (int round = 0; round < rounds; ++round) {
              AsyncConnection connection = co_await shared.connect();
              const std::int64_t sum = co_await connection.run_sync(work, offset, round);
              count += sum == offset + round ? 1 : 0;
            }
          }(AsyncEngine(engine), add, base + i, right),
          asio::detached);
    }
    context.run();
  };

  int right_in_loop = 0;
  int right_in_other_loop = 0;
  int right_in_thread = 0;
  std::thread first([&] { loop(1000, right_in_loop); });
  std::thread second([&] { loop(2000, right_in_other_loop); });
  for (int round = 0; round < rounds; ++round) {
    Connection connection = engine.connect();
    right_in_thread += add(connection, 7, round) == 7 + round ? 1 : 0;
  }
  first.join();
  second.join();

  CHECK(right_in_thread == rounds);
  CHECK(right_in_loop == 8 * rounds);
  CHECK(right_in_other_loop == 8 * rounds);
}
