// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <exception>
#include <stdexcept>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <greenway/asio/asio.hpp>
#include <greenway/runtime/event.hpp>
#include <greenway/runtime/offload.hpp>
#include <greenway/runtime/wait.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

using greenway::greenlet_spawn;

bool is_aborted(const std::exception_ptr& error) {
  try {
    if (error != nullptr) {
      std::rethrow_exception(error);
    }
  } catch (const boost::system::system_error& failure) {
    return failure.code() == asio::error::operation_aborted;
  } catch (...) {
  }
  return false;
}

/// Spawns `fn`, and emits a cancellation of that type once it waits.
/// @return What it completed with.
template <class F>
std::exception_ptr cancel_while_waiting(asio::cancellation_type type, F fn) {
  asio::io_context context;
  asio::cancellation_signal signal;
  std::exception_ptr result = std::make_exception_ptr(std::logic_error("never called"));
  asio::post(context, [&] {
    greenlet_spawn([&] { fn(context); })(asio::bind_cancellation_slot(
        signal.slot(), asio::bind_executor(context, [&](std::exception_ptr error) { result = error; })));
    asio::post(context, [&] { signal.emit(type); });
  });
  context.run();
  return result;
}

}  // namespace

TEST_CASE("a cancellation of each type reaches the suspension point, and completes with operation_aborted") {
  for (const auto type :
       {asio::cancellation_type::terminal, asio::cancellation_type::partial, asio::cancellation_type::total}) {
    bool was_cancelled = false;
    const auto wait = [&](auto wait_here) {
      return [&, wait_here](asio::io_context& context) {
        try {
          wait_here(context);
        } catch (const greenway::Cancelled&) {
          was_cancelled = true;
          throw;
        }
      };
    };
    CHECK(is_aborted(cancel_while_waiting(type, wait([](asio::io_context&) { greenway::sleep_for(1h); }))));
    CHECK(std::exchange(was_cancelled, false));
    greenway::Event never;
    CHECK(is_aborted(cancel_while_waiting(type, wait([&](asio::io_context&) { never.wait(); }))));
    CHECK(std::exchange(was_cancelled, false));
    CHECK(is_aborted(cancel_while_waiting(type, wait([](asio::io_context& context) {
                                            asio::steady_timer timer(context, 1h);
                                            greenway::await_only(timer.async_wait(asio::deferred));
                                          }))));
    CHECK(std::exchange(was_cancelled, false));
    CHECK(is_aborted(cancel_while_waiting(type, wait([](asio::io_context& context) {
                                            greenway::await_only([](asio::io_context& ctx) -> asio::awaitable<void> {
                                              asio::steady_timer timer(ctx, 1h);
                                              co_await timer.async_wait(asio::use_awaitable);
                                            }(context));
                                          }))));
    CHECK(std::exchange(was_cancelled, false));
  }
}

TEST_CASE("a cancellation that asks for nothing does nothing, and one that comes late is of no effect") {
  const auto short_sleep = [](asio::io_context&) { greenway::sleep_for(1ms); };
  CHECK(cancel_while_waiting(asio::cancellation_type::none, short_sleep) == nullptr);
  const auto offloaded = [](asio::io_context&) { greenway::offload([] {}); };
  CHECK(cancel_while_waiting(asio::cancellation_type::terminal, offloaded) == nullptr);
}

TEST_CASE("a shield keeps a slot's cancellation out until it ends") {
  bool is_clean = false;
  CHECK(is_aborted(cancel_while_waiting(asio::cancellation_type::terminal, [&](asio::io_context&) {
    {
      const greenway::Shield shield(10s);
      greenway::sleep_for(2ms);
      is_clean = true;
    }
    greenway::sleep_for(1h);
  })));
  CHECK(is_clean);
}

TEST_CASE("an error that the function throws after it was cancelled is what it completes with") {
  const auto error = cancel_while_waiting(asio::cancellation_type::terminal, [](asio::io_context&) {
    try {
      greenway::sleep_for(1h);
    } catch (const greenway::Cancelled&) {
      throw std::runtime_error("while cleaning up");
    }
  });
  CHECK_THROWS_WITH(std::rethrow_exception(error), "while cleaning up");
}
