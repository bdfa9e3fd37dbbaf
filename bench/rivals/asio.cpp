// SPDX-License-Identifier: BSL-1.0
#include "rivals/asio.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "rows/socket_pair.hpp"

namespace greenway::bench {

namespace asio = boost::asio;

namespace {

using Stream = asio::posix::basic_stream_descriptor<asio::io_context::executor_type>;

void post_once(asio::yield_context yield) { asio::post(yield); }

asio::awaitable<void> spawn_all(benchmark::State& state) {
  const auto executor = co_await asio::this_coro::executor;
  for (auto _ : state) {
    co_await asio::spawn(executor, post_once, asio::use_awaitable);
  }
}

/// One callback after another.
struct Waiting {
  benchmark::State& state;
  const SocketPair& sockets;
  Stream& near_end;

  void next() {
    if (!state.KeepRunning()) {
      return;
    }
    sockets.send();
    near_end.async_wait(Stream::wait_read, [this](const boost::system::error_code& error) {
      if (error) {
        throw boost::system::system_error(error);
      }
      sockets.receive();
      next();
    });
  }
};

asio::awaitable<void> wait_for_each_byte(benchmark::State& state, const SocketPair& sockets, Stream& near_end) {
  for (auto _ : state) {
    sockets.send();
    co_await near_end.async_wait(Stream::wait_read, asio::use_awaitable);
    sockets.receive();
  }
}

}  // namespace

void asio_spawn_suspend(benchmark::State& state) {
  asio::io_context context;
  asio::co_spawn(context, spawn_all(state), rethrow);
  context.run();
}

void asio_async_wait(benchmark::State& state) {
  const SocketPair sockets;
  asio::io_context context;
  Stream near_end(context, sockets.near_end());
  Waiting waiting{state, sockets, near_end};
  waiting.next();
  context.run();
  near_end.release();
}

void asio_awaitable_wait(benchmark::State& state) {
  const SocketPair sockets;
  asio::io_context context;
  Stream near_end(context, sockets.near_end());
  asio::co_spawn(context, wait_for_each_byte(state, sockets, near_end), rethrow);
  context.run();
  near_end.release();
}

}  // namespace greenway::bench
