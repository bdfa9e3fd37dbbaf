// SPDX-License-Identifier: BSL-1.0
#include <future>
#include <string>
#include <thread>

#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/cancel.hpp>
#include <greenway/runtime/channel.hpp>
#include <greenway/runtime/event.hpp>
#include <greenway/runtime/greenlet.hpp>
#include <greenway/runtime/mutex.hpp>
#include <greenway/runtime/semaphore.hpp>
#include <greenway/runtime/std_future.hpp>
#include <greenway/runtime/task_group.hpp>
#include <greenway/runtime/wait.hpp>
#include <greenway/runtime/waiter.hpp>

#include "support/catch.hpp"

using namespace greenway;

namespace {

/// Runs `prepare` and then `await_it` in a greenlet.
/// @return How often the second left that greenlet's stack for its loop's.
template <class Prepare, class Await>
int count_suspensions(Prepare prepare, Await await_it) {
  return run([&] {
    auto prepared = prepare();
    int count = 0;
    const Greenlet self = Greenlet::current();
    auto tracer = set_trace([&](const SwitchEvent& event) { count += event.origin == self ? 1 : 0; });
    await_it(prepared);
    set_trace(std::move(tracer));
    return count;
  });
}

const auto nothing = [] { return 0; };

}  // namespace

TEST_CASE("waiting for something that is there already makes no switch") {
  SECTION("a future") {
    CHECK(count_suspensions([] { return greenlet_spawn([] { return 1; }).to_future(); },
                            [](Future<int>& future) { future.get(); }) == 0);
  }
  SECTION("a future that took a while") {
    CHECK(count_suspensions(
              [] {
                auto future = greenlet_spawn([] { yield(); }).to_future();
                while (!future.wait_for(Duration::zero())) {
                  yield();
                }
                return future;
              },
              [](Future<void>& future) { future.get(); }) == 0);
  }
  SECTION("a standard future") {
    CHECK(count_suspensions(
              [] {
                std::promise<int> promise;
                promise.set_value(1);
                return promise.get_future();
              },
              [](std::future<int>& future) { await_only(std::move(future)); }) == 0);
  }
  SECTION("an event") {
    Event event;
    event.set();
    CHECK(count_suspensions(nothing, [&](int) { event.wait(); }) == 0);
  }
  SECTION("a semaphore and a mutex") {
    Semaphore semaphore(1);
    Mutex mutex;
    CHECK(count_suspensions(nothing, [&](int) {
            semaphore.acquire();
            const std::lock_guard lock(mutex);
          }) == 0);
  }
  SECTION("a channel") {
    Channel<int> channel(1);
    CHECK(count_suspensions(nothing, [&](int) {
            channel.send(1);
            channel.receive();
          }) == 0);
  }
  SECTION("a waiter") {
    CHECK(count_suspensions(nothing, [&](int) {
            Waiter waiter;
            waiter.wake();
            waiter.wait();
          }) == 0);
  }
  SECTION("an empty group") {
    CHECK(count_suspensions(nothing, [](int) { TaskGroup().wait(); }) == 0);
  }
  SECTION("time that has passed") {
    CHECK(count_suspensions(nothing, [](int) { sleep_for(Duration::zero()); }) == 0);
  }
}

TEST_CASE("an operation or a task that ends without waiting costs the switches of its own greenlet, and no wait") {
  // Into the new greenlet and back; to the loop's stack never.
  CHECK(count_suspensions(nothing, [](int) { await_only(greenlet_spawn([] { return 1; })); }) == 1);
  CHECK(count_suspensions(nothing, [](int) { await_only([]() -> Task<int> { co_return 1; }()); }) == 0);
  CHECK(run([] {
    return greenlet_spawn({.require_await = true}, [] {
             try {
               return greenlet_spawn({.require_await = true}, [] { return 1; }).get();
             } catch (const AwaitRequired&) {
               yield();
               return 2;
             }
           }).get();
  }) == 2);
}

TEST_CASE("what waits for something that is not there does switch") {
  Semaphore semaphore(0);
  CHECK(count_suspensions(nothing, [&](int) {
          try {
            semaphore.acquire(Deadline::in(std::chrono::milliseconds(1)));
          } catch (const TimeoutError&) {
          }
        }) == 1);
}

TEST_CASE("each primitive may be made before any loop exists, and serves a thread as it serves a greenlet") {
  static Mutex mutex;
  static Semaphore semaphore(1);
  static Event event;
  static Channel<int> channel(1);
  static Condition condition;
  const auto use = [] {
    event.set();
    event.wait();
    semaphore.acquire();
    semaphore.release();
    channel.send(1);
    const bool was_received = channel.receive() == 1;
    std::unique_lock lock(mutex);
    return was_received && !condition.wait(lock, Deadline::in(std::chrono::milliseconds(1)));
  };
  CHECK(use());
  CHECK(run(use));
  std::thread([&] { CHECK(run(use)); }).join();
  CHECK(use());
}

TEST_CASE("a cancellation never leaves the greenlets' world, by whichever door") {
  const auto cancelled_from_start = [] {
    auto operation = greenlet_spawn([] { sleep_for(std::chrono::hours(1)); });
    operation.cancel();
    return operation;
  };
  const auto throw_cancelled = [] { throw Cancelled(); };
  SECTION("get") {
    CHECK_THROWS_AS(cancelled_from_start().get(), OperationCancelled);
    CHECK_THROWS_AS(greenlet_spawn(throw_cancelled).get(), OperationCancelled);
    CHECK_THROWS_AS(run(throw_cancelled), OperationCancelled);
  }
  SECTION("a future, start and a coroutine") {
    run([&] {
      CHECK_THROWS_AS(cancelled_from_start().to_future().get(), OperationCancelled);
      std::exception_ptr error;
      cancelled_from_start().start([&](Outcome<void>&& outcome) { error = outcome.error(); });
      CHECK_THROWS_AS(std::rethrow_exception(error), OperationCancelled);
      const auto coroutine = [&]() -> Task<bool> {
        try {
          co_await cancelled_from_start();
        } catch (const OperationCancelled&) {
          co_return true;
        }
        co_return false;
      };
      CHECK(await_only(coroutine()));
    });
  }
  SECTION("a group, whose child gives up by itself") {
    run([&] {
      TaskGroup group;
      group.spawn(throw_cancelled);
      CHECK_THROWS_AS(group.wait(), OperationCancelled);
    });
  }
}
