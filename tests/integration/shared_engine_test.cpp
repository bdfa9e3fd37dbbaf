// SPDX-License-Identifier: BSL-1.0
#include <cstdint>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <greenway/asio/asio.hpp>
#include <greenway/greenway.hpp>
#include <greenway/uv/uv_host.hpp>

#include "../db/database.hpp"

using namespace greenway;
namespace asio = boost::asio;

namespace {

constexpr int clients = 4;
constexpr int rounds = 25;

/// Synchronous, and shared by all.
/// @return Whether the database has added what was asked.
bool adds(Connection& connection, int a, int b) {
  return connection.scalar<std::int64_t>(text("SELECT CAST(:a AS bigint) + :b").bind("a", a).bind("b", b)) == a + b;
}

int call_from_thread(const Engine& engine) {
  int right = 0;
  for (int round = 0; round < rounds; ++round) {
    Connection connection = engine.connect();
    right += adds(connection, 1, round) ? 1 : 0;
  }
  return right;
}

int call_from_asio(const Engine& engine) {
  int right = 0;
  const auto client = [&](int name) -> asio::awaitable<void> {
    const AsyncEngine shared(engine);
    for (int round = 0; round < rounds; ++round) {
      AsyncConnection connection = co_await shared.connect();
      const bool is_right = co_await connection.run_sync(adds, name, round);
      right += is_right ? 1 : 0;
    }
  };
  asio::io_context context;
  for (int name = 0; name < clients; ++name) {
    asio::co_spawn(context, client(name), asio::detached);
  }
  context.run();
  return right;
}

int call_from_uv(const Engine& engine) {
  struct Clients {
    const Engine& engine;
    int right = 0;
  } shared{engine};
  uv_loop_t loop;
  uv_loop_init(&loop);
  {
    UvHost host(&loop);
    uv_timer_t timer;
    uv_timer_init(&loop, &timer);
    timer.data = &shared;
    const auto begin = [](uv_timer_t* fired) {
      auto& work = *static_cast<Clients*>(fired->data);
      for (int name = 0; name < clients; ++name) {
        greenlet_spawn([&work, name] {
          for (int round = 0; round < rounds; ++round) {
            Connection connection = work.engine.connect();
            work.right += adds(connection, name, round) ? 1 : 0;
          }
        }).start([](Outcome<void>&&) {});
      }
      uv_close(reinterpret_cast<uv_handle_t*>(fired), nullptr);
    };
    uv_timer_start(&timer, begin, 0, 0);
    host.run();
  }
  uv_loop_close(&loop);
  return shared.right;
}

}  // namespace

TEST_CASE("one engine serves a blocking thread, coroutines of Asio and callbacks of libuv at once") {
  const database::Scratch scratch = database::each();
  EngineOptions options;
  options.pool_size = 3;  // fewer than clients, so that connections go from loop to loop
  options.max_overflow = 0;
  const Engine engine = create_engine(scratch.url(), options);
  int right_in_asio = 0;
  int right_in_uv = 0;
  std::thread asio_thread([&] { right_in_asio = call_from_asio(engine); });
  std::thread uv_thread([&] { right_in_uv = call_from_uv(engine); });
  const int right_in_thread = call_from_thread(engine);
  asio_thread.join();
  uv_thread.join();
  CHECK(right_in_thread == rounds);
  CHECK(right_in_asio == clients * rounds);
  CHECK(right_in_uv == clients * rounds);
}
