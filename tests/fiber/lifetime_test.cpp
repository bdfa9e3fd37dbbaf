// SPDX-License-Identifier: BSL-1.0

// The beginning and the end of a FiberHost.

#include <string>
#include <thread>
#include <vector>

#include <boost/fiber/fiber.hpp>
#include <boost/fiber/future.hpp>
#include <boost/fiber/operations.hpp>

#include <greenway/base/error.hpp>
#include <greenway/fiber/fiber_host.hpp>
#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/channel.hpp>
#include <greenway/runtime/detail/sanitizer.hpp>
#include <greenway/runtime/event.hpp>
#include <greenway/runtime/mutex.hpp>
#include <greenway/runtime/wait.hpp>

#include "support/catch.hpp"

using namespace greenway;
using namespace std::chrono_literals;
using boost::fibers::fiber;

#if defined(GREENWAY_TSAN)
/// Boost's library is not instrumented: TSan does not see its mutex, which guards what one thread hands to another here.
extern "C" const char* __tsan_default_suppressions() { return "race:boost::fibers::detail::shared_state"; }
#endif

TEST_CASE("a thread has one FiberHost at a time") {
  {
    const FiberHost host;
    CHECK_THROWS_AS(FiberHost(), InvalidRequestError);
    sleep_for(1ms);
  }
  const FiberHost again;
  bool has_run = false;
  fiber other([&] { has_run = true; });
  sleep_for(1ms);
  CHECK(has_run);
  other.join();
}

TEST_CASE("a FiberHost that goes cancels what waits, in fibers and in greenlets") {
  std::vector<std::string> ended;
  const auto wait = [&](const char* who) {
    try {
      sleep_for(1h);
    } catch (const Cancelled&) {
      ended.emplace_back(who);
    }
  };
  fiber waiting;
  {
    FiberHost host;
    waiting = fiber([&] { wait("fiber"); });
    greenlet_spawn([&] { wait("greenlet"); }).start([](Outcome<void>&&) {});
    boost::this_fiber::yield();
  }
  waiting.join();
  CHECK(ended.size() == 2);
}

TEST_CASE("shutdown() of a FiberHost may be called in a fiber, and leaves alone those that do not wait in Greenway") {
  FiberHost host;
  bool is_cancelled = false;
  bool goes_on = true;
  int rounds = 0;
  fiber busy([&] {
    for (; goes_on; ++rounds) {
      boost::this_fiber::yield();
    }
  });
  fiber waiting([&] {
    try {
      sleep_for(1h);
    } catch (const Cancelled&) {
      is_cancelled = true;
    }
  });
  boost::this_fiber::yield();
  CHECK(host.shutdown(Deadline::in(10s)).empty());
  CHECK(is_cancelled);
  goes_on = false;
  busy.join();
  waiting.join();
  CHECK(rounds > 0);
}

TEST_CASE("shutdown() of a FiberHost may be called on another thread while its fibers wait") {
  FiberHost host;
  bool is_cancelled = false;
  fiber waiting(boost::fibers::launch::dispatch, [&] {
    try {
      sleep_for(1h);
    } catch (const Cancelled&) {
      is_cancelled = true;
    }
  });
  boost::fibers::promise<std::vector<std::string>> promise;
  auto left_over = promise.get_future();
  std::thread other([&] { promise.set_value(host.shutdown(Deadline::in(10s))); });
  waiting.join();
  const std::vector<std::string> left = left_over.get();
  other.join();
  CHECK(is_cancelled);
  CHECK(left.empty());
}

TEST_CASE("after its FiberHost a fiber's wait blocks the thread, and its scopes are still its own") {
  std::vector<std::string> order;
  { const FiberHost host; }
  fiber first([&] {
    const CancelScope scope;
    boost::this_fiber::yield();
    sleep_for(2ms);
    order.emplace_back("first");
  });
  fiber second([&] {
    const CancelScope scope(Deadline::in(1h));
    boost::this_fiber::yield();
    CHECK(current_deadline().is_set());
    order.emplace_back("second");
  });
  first.join();
  second.join();
  CHECK(order == std::vector<std::string>{"first", "second"});
}

TEST_CASE("threads with a FiberHost each pass values through one channel") {
  constexpr int senders = 3;
  constexpr int values = 100;
  Channel<int> channel(2);
  std::vector<std::thread> threads;
  for (int i = 0; i < senders; ++i) {
    threads.emplace_back([&] {
      const FiberHost host;
      fiber a([&] {
        for (int value = 0; value < values; ++value) {
          channel.send(1);
        }
      });
      fiber b([&] {
        for (int value = 0; value < values; ++value) {
          channel.send(2);
        }
      });
      a.join();
      b.join();
    });
  }
  int sum = 0;
  std::thread receiving([&] {
    const FiberHost host;
    fiber receiver([&] {
      for (int i = 0; i < 2 * senders * values; ++i) {
        sum += channel.receive().value();
      }
    });
    receiver.join();
  });
  for (std::thread& thread : threads) {
    thread.join();
  }
  receiving.join();
  CHECK(sum == 3 * senders * values);
}
