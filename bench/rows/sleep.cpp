// SPDX-License-Identifier: BSL-1.0
#include "rows/rows.hpp"

#if defined(GREENWAY_BENCH_BANK)

#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <greenway/asio/asio.hpp>
#include <greenway/greenway.hpp>

#include "rivals/asio.hpp"
#include "rows/postgresql_server.hpp"
#include "timed_row.hpp"

namespace greenway::bench {

namespace asio = boost::asio;

namespace {

constexpr int clients = 100;
constexpr double run_seconds = 1;

asio::awaitable<void> open(AsyncEngine engine, std::vector<AsyncConnection>& connections) {
  for (int client = 0; client < clients; ++client) {
    connections.push_back(co_await engine.connect());
  }
}

asio::awaitable<void> sleep_in_server(AsyncConnection& connection) {
  static const auto statement = text("SELECT pg_sleep(0.2)");
  co_await connection.execute(statement);
}

void sleep_together(benchmark::State& state) {
  const AsyncEngine engine = create_async_engine(url_of_server(), {.pool_size = clients, .isolation_level = "AUTOCOMMIT"});
  std::vector<AsyncConnection> connections;
  asio::io_context context;
  asio::co_spawn(context, open(engine, connections), rethrow);
  context.run();
  for (auto _ : state) {
    for (AsyncConnection& connection : connections) {
      asio::co_spawn(context, sleep_in_server(connection), rethrow);
    }
    context.restart();
    context.run();
  }
}

}  // namespace

Family sleep_rows() { return {timed_row("sleep/postgresql_c100/greenway", sleep_together, run_seconds)}; }

}  // namespace greenway::bench

#else

namespace greenway::bench {

Family sleep_rows() {
  return {unmeasured_row("sleep/postgresql_c100/greenway", "greenway-bench was built without the examples, and so without the drivers")};
}

}  // namespace greenway::bench

#endif
