// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>

#include <greenway/asio/asio.hpp>
#include <greenway/asio/spawn.hpp>
#include <greenway/runtime/offload.hpp>
#include <greenway/runtime/wait.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

using greenway::greenlet_spawn;

struct Ticket {
  explicit Ticket(int n) : number(n) {}
  int number;
};

int slow(int n) {
  greenway::sleep_for(1ms);
  return n;
}

greenway::Task<int> add(int a, int b) {
  const int left = co_await greenlet_spawn(slow, a);
  co_return left + b;
}

/// Runs one coroutine to its end on a context of its own.
template <class F>
void run_coroutine(F coroutine) {
  asio::io_context context;
  std::exception_ptr error;
  bool has_ended = false;
  asio::co_spawn(context, std::move(coroutine), [&](std::exception_ptr result) {
    error = result;
    has_ended = true;
  });
  context.run();
  REQUIRE(has_ended);
  if (error != nullptr) {
    std::rethrow_exception(error);
  }
}

bool is_aborted(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const boost::system::system_error& failure) {
    return failure.code() == asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

}  // namespace

TEST_CASE("a bare co_await in asio::awaitable yields void, values, move-only values and values without a default") {
  run_coroutine([]() -> asio::awaitable<void> {
    co_await greenlet_spawn([] { greenway::yield(); });
    CHECK(co_await greenlet_spawn(slow, 4) == 4);
    const auto owned = co_await greenlet_spawn([] { return std::make_unique<int>(5); });
    CHECK(*owned == 5);
    const Ticket ticket = co_await greenlet_spawn([] {
      greenway::yield();
      return Ticket(6);
    });
    CHECK(ticket.number == 6);
    CHECK(co_await add(1, 2) == 3);
  });
}

TEST_CASE("an exception of the function is thrown at the co_await, type and text intact") {
  run_coroutine([]() -> asio::awaitable<void> {
    std::string text;
    try {
      co_await greenlet_spawn([]() -> int {
        greenway::sleep_for(1ms);
        throw std::out_of_range("row 7");
      });
    } catch (const std::out_of_range& error) {
      text = error.what();
    }
    CHECK(text == "row 7");
    try {
      co_await greenlet_spawn([]() -> Ticket { throw std::out_of_range("row 8"); });
    } catch (const std::out_of_range& error) {
      text = error.what();
    }
    CHECK(text == "row 8");
  });
}

TEST_CASE("an operation takes any completion token") {
  asio::io_context context;
  int called_back = 0;
  greenlet_spawn(slow, 1)(asio::bind_executor(context, [&](std::exception_ptr error, int n) {
    CHECK(error == nullptr);
    called_back = n;
  }));
  std::future<int> future = greenlet_spawn(slow, 2)(asio::bind_executor(context, asio::use_future));
  auto deferred = greenlet_spawn(slow, 3)(asio::deferred);
  int from_deferred = 0;
  std::move(deferred)(asio::bind_executor(context, [&](std::exception_ptr, int n) { from_deferred = n; }));
  int from_spawn = 0;
  asio::spawn(
      context, [&](asio::yield_context yield) { from_spawn = greenlet_spawn(slow, 4)(yield); }, asio::detached);
  asio::co_spawn(
      context,
      []() -> asio::awaitable<void> { CHECK(co_await greenlet_spawn(slow, 5)(asio::use_awaitable) == 5); },
      asio::detached);
  context.run();
  CHECK(called_back == 1);
  CHECK(future.get() == 2);
  CHECK(from_deferred == 3);
  CHECK(from_spawn == 4);
}

TEST_CASE("a handler is never called from inside the initiating function") {
  asio::io_context context;
  bool was_inside = false;
  bool is_initiating = false;
  asio::post(context, [&] {
    is_initiating = true;
    greenlet_spawn([] { return 1; })(
        asio::bind_executor(context, [&](std::exception_ptr, int) { was_inside = is_initiating; }));
    is_initiating = false;
  });
  context.run();
  CHECK_FALSE(was_inside);
}

TEST_CASE("the completion comes through the handler's own executor, a strand too") {
  asio::io_context context;
  auto strand = asio::make_strand(context);
  bool was_on_strand = false;
  greenlet_spawn(slow, 1)(
      asio::bind_executor(strand, [&](std::exception_ptr, int) { was_on_strand = strand.running_in_this_thread(); }));
  context.run();
  CHECK(was_on_strand);
}

TEST_CASE("run returns only when the greenlets that wait have ended, and then does return") {
  asio::io_context context;
  int ended = 0;
  asio::post(context, [&] {
    greenway::GreenletOptions options;
    options.host = &greenway::AsioHost::of(context);
    greenlet_spawn(options, [&] {
      greenway::sleep_for(1ms);
      greenway::offload([] {});
      ++ended;
    }).start([&](auto&&) { ++ended; });
  });
  context.run();
  CHECK(ended == 2);
}

TEST_CASE("a cancellation slot unwinds the function, which completes with operation_aborted") {
  asio::io_context context;
  asio::cancellation_signal signal;
  bool is_unwound = false;
  std::exception_ptr result;
  greenlet_spawn([&] {
    struct Guard {
      bool& flag;
      ~Guard() { flag = true; }
    } guard{is_unwound};
    greenway::sleep_for(10s);
  })(asio::bind_cancellation_slot(
      signal.slot(), asio::bind_executor(context, [&](std::exception_ptr error) { result = error; })));
  asio::post(context, [&] { asio::post(context, [&] { signal.emit(asio::cancellation_type::terminal); }); });
  context.run();
  CHECK(is_unwound);
  CHECK(is_aborted(result));
}

TEST_CASE("the loser of an awaitable race is cancelled at its suspension point") {
  run_coroutine([]() -> asio::awaitable<void> {
    using namespace asio::experimental::awaitable_operators;
    bool is_unwound = false;
    const auto sleeper = [&]() -> asio::awaitable<void> {
      co_await greenlet_spawn([&] {
        struct Guard {
          bool& flag;
          ~Guard() { flag = true; }
        } guard{is_unwound};
        greenway::sleep_for(10s);
      });
    };
    const auto winner = []() -> asio::awaitable<void> {
      asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
      co_await timer.async_wait(asio::use_awaitable);
    };
    co_await (sleeper() || winner());
    CHECK(is_unwound);
  });
}

TEST_CASE("synchronous code awaits Asio's operations and coroutines") {
  run_coroutine([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    const auto synchronous = [executor] {
      asio::steady_timer timer(executor, 1ms);
      greenway::await_only(timer.async_wait(asio::deferred));

      asio::local::stream_protocol::socket a(executor);
      asio::local::stream_protocol::socket b(executor);
      asio::local::connect_pair(a, b);
      const std::string sent = "hello";
      greenway::await_only(asio::async_write(a, asio::buffer(sent), asio::deferred));
      std::string received(sent.size(), '\0');
      const std::size_t count = greenway::await_only(asio::async_read(b, asio::buffer(received), asio::deferred));
      a.close();
      bool was_error = false;
      try {
        greenway::await_only(asio::async_read(b, asio::buffer(received), asio::deferred));
      } catch (const boost::system::system_error& error) {
        was_error = error.code() == asio::error::eof;
      }
      const auto coroutine = []() -> asio::awaitable<int> { co_return co_await greenlet_spawn(slow, 8); };
      return received == sent && count == sent.size() && was_error && greenway::await_only(coroutine()) == 8;
    };
    CHECK(co_await greenlet_spawn(synchronous));
  });
}

TEST_CASE("cancelling a greenlet cancels the Asio operation it awaits") {
  run_coroutine([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    const auto synchronous = [executor] {
      asio::steady_timer timer(executor, 10s);
      try {
        greenway::with_timeout(2ms, [&] { greenway::await_only(timer.async_wait(asio::deferred)); });
      } catch (const greenway::TimeoutError&) {
        return true;
      }
      return false;
    };
    CHECK(co_await greenlet_spawn(synchronous));
  });
}

TEST_CASE("500 coroutines on one thread keep their results apart") {
  asio::io_context context;
  int right = 0;
  for (int i = 0; i < 500; ++i) {
    asio::co_spawn(
        context,
        [](int n, int& count) -> asio::awaitable<void> {
          const int result = co_await greenlet_spawn(
              [](int m) {
                greenway::sleep_for(std::chrono::microseconds(m % 7 * 100));
                return greenway::offload([m] { return m; });
              },
              n);
          count += result == n ? 1 : 0;
        }(i, right),
        asio::detached);
  }
  context.run();
  CHECK(right == 500);
}

TEST_CASE("get inside the loop is refused instead of deadlocking") {
  asio::io_context context;
  asio::post(context, [&] {
    [[maybe_unused]] const auto& host = greenway::AsioHost::of(context);
    CHECK_THROWS_AS(greenlet_spawn(slow, 1).get(), greenway::WouldBlockLoop);
  });
  context.run();
}

TEST_CASE("a handler without an executor needs a loop that runs") {
  CHECK_THROWS_AS(greenlet_spawn(slow, 1)([](std::exception_ptr, int) {}), greenway::NoHost);
  asio::io_context context;
  int result = 0;
  greenlet_spawn([&] { greenlet_spawn(slow, 2)([&](std::exception_ptr, int n) { result = n; }); })(
      asio::bind_executor(context, asio::detached));
  context.run();
  CHECK(result == 2);
}
