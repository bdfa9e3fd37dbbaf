// SPDX-License-Identifier: BSL-1.0
#include <exception>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <greenway/asio/asio.hpp>

#include "rivals/asio.hpp"
#include "rows/rows.hpp"
#include "timed_row.hpp"

namespace greenway::bench {

namespace asio = boost::asio;

namespace {

void wait_once() { yield(); }

asio::awaitable<void> spawn_all(benchmark::State& state) {
  for (auto _ : state) {
    co_await greenlet_spawn(wait_once);
  }
}

void spawn_suspend(benchmark::State& state) {
  asio::io_context context;
  asio::co_spawn(context, spawn_all(state), rethrow);
  context.run();
}

}  // namespace

Family spawn_suspend_rows() {
  return {
      timed_row("spawn_suspend/greenway/asio", spawn_suspend),
      timed_row("spawn_suspend/asio_spawn", asio_spawn_suspend),
  };
}

}  // namespace greenway::bench
