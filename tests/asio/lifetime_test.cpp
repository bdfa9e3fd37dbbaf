// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <greenway/asio/asio.hpp>
#include <greenway/runtime/event.hpp>
#include <greenway/runtime/wait.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

using greenway::greenlet_spawn;

struct Counted {
  int& count;
  ~Counted() { ++count; }
};

using Socket = asio::local::stream_protocol::socket;

/// Spawns greenlets that await something of `context` for ever, of each kind.
int spawn_waiters(asio::io_context& context, int& unwound) {
  int spawned = 0;
  const auto spawn = [&](auto wait) {
    ++spawned;
    greenlet_spawn([&unwound, wait] {
      const Counted counted{unwound};
      wait();
    })(asio::bind_executor(context, asio::detached));
  };
  spawn([] { greenway::sleep_for(1h); });
  spawn([&context] {
    asio::steady_timer timer(context, 1h);
    greenway::await_only(timer.async_wait(asio::deferred));
  });
  spawn([&context] {
    Socket a(context);
    Socket b(context);
    asio::local::connect_pair(a, b);
    std::string buffer(10, '\0');
    greenway::await_only(asio::async_read(b, asio::buffer(buffer), asio::deferred));
  });
  spawn([&context] {
    const std::string local = "referred to by the coroutine's frame";
    const auto coroutine = [](asio::io_context& ctx, const std::string& text) -> asio::awaitable<void> {
      struct Reader {
        const std::string& text;
        ~Reader() { CHECK(text.size() == 36); }
      } const reader{text};
      asio::steady_timer timer(ctx, 1h);
      co_await timer.async_wait(asio::use_awaitable);
    };
    greenway::await_only(coroutine(context, local));
  });
  spawn([&context] {
    try {
      greenway::sleep_for(1h);
    } catch (const greenway::Cancelled&) {
      const greenway::Shield shield(10s);
      asio::steady_timer timer(context, 1ms);
      greenway::await_only(timer.async_wait(asio::deferred));
    }
  });
  return spawned;
}

}  // namespace

TEST_CASE("a context that is destroyed unwinds what is suspended in it, and calls nobody") {
  int unwound = 0;
  int spawned = 0;
  bool was_called = false;
  {
    asio::io_context context;
    asio::post(context, [&] {
      spawned = spawn_waiters(context, unwound);
      ++spawned;
      greenlet_spawn([&] {
        const Counted counted{unwound};
        greenway::sleep_for(1h);
      })(asio::bind_executor(context, [&](std::exception_ptr) { was_called = true; }));
      context.stop();
    });
    context.run();
    CHECK(unwound == 0);
  }
  CHECK(unwound == spawned);
  CHECK_FALSE(was_called);
}

TEST_CASE("a coroutine that awaits a greenlet is destroyed with the context, and the greenlet unwound") {
  int unwound = 0;
  int destroyed = 0;
  {
    asio::io_context context;
    asio::co_spawn(
        context,
        [&]() -> asio::awaitable<void> {
          const Counted counted{destroyed};
          asio::steady_timer timer(context);
          co_await greenlet_spawn([&] {
            const Counted inner{unwound};
            greenway::sleep_for(1h);
          });
        },
        asio::detached);
    context.run_one();
    context.poll();
  }
  CHECK(unwound == 1);
  CHECK(destroyed == 1);
}

TEST_CASE("shutdown runs a context that has been stopped until its greenlets have unwound, and they are told") {
  int unwound = 0;
  int spawned = 0;
  std::exception_ptr error;
  asio::io_context context;
  asio::post(context, [&] {
    spawned = spawn_waiters(context, unwound);
    greenlet_spawn([] { greenway::sleep_for(1h); })(
        asio::bind_executor(context, [&](std::exception_ptr result) { error = result; }));
    context.stop();
  });
  context.run();
  CHECK(greenway::AsioHost::of(context).shutdown(greenway::Deadline::in(10s)).empty());
  context.restart();
  context.poll();
  CHECK(unwound == spawned);
  CHECK(error != nullptr);
}

TEST_CASE("what refers to a greenlet may be used after its context has gone") {
  std::optional<greenway::Future<void>> future;
  std::function<void()> cancel;
  {
    asio::io_context context;
    asio::post(context, [&] {
      greenway::GreenletOptions options;
      options.host = &greenway::AsioHost::of(context);
      auto operation = greenlet_spawn(options, [&] {
        asio::steady_timer timer(context, 1h);
        greenway::await_only(timer.async_wait(asio::deferred));
      });
      cancel = operation.canceller();
      future = operation.to_future();
      context.stop();
    });
    context.run();
  }
  cancel();
  CHECK_THROWS_AS(future->get(), greenway::OperationCancelled);
}

TEST_CASE("a context that never ran drops what was spawned on it") {
  int destroyed = 0;
  {
    asio::io_context context;
    greenlet_spawn([counted = std::make_shared<Counted>(Counted{destroyed})] {})(
        asio::bind_executor(context, asio::detached));
    destroyed = 0;
  }
  CHECK(destroyed == 1);
}
