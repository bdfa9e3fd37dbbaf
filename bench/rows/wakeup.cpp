// SPDX-License-Identifier: BSL-1.0
#include <exception>

#include <boost/asio/io_context.hpp>

#include <greenway/asio/asio.hpp>
#include <greenway/runtime/wait.hpp>

#include "rivals/asio.hpp"
#include "rows/rows.hpp"
#include "rows/socket_pair.hpp"
#include "timed_row.hpp"

namespace greenway::bench {

namespace asio = boost::asio;

namespace {

void wait_for_each_byte(benchmark::State& state, const SocketPair& sockets) {
  Descriptor near_end(sockets.near_end());
  for (auto _ : state) {
    sockets.send();
    near_end.wait(Interest::read);
    sockets.receive();
  }
}

void wakeup(benchmark::State& state) {
  const SocketPair sockets;
  asio::io_context context;
  greenlet_spawn(wait_for_each_byte, std::ref(state), std::cref(sockets))(asio::bind_executor(context, rethrow));
  context.run();
}

}  // namespace

Family wakeup_rows() {
  return {
      counted_row("wakeup/greenway/asio", wakeup),
      counted_row("wakeup/asio_async_wait", asio_async_wait),
      counted_row("wakeup/asio_awaitable", asio_awaitable_wait),
  };
}

}  // namespace greenway::bench
