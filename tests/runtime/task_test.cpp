// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <memory>
#include <stdexcept>

#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/loop_host.hpp>
#include <greenway/runtime/task.hpp>
#include <greenway/runtime/wait.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;

namespace {

using greenway::Task;

int slow(int n) {
  greenway::sleep_for(1ms);
  return n;
}

Task<int> add(int a, int b) {
  const int left = co_await greenway::greenlet_spawn(slow, a);
  co_return left + co_await greenway::greenlet_spawn(slow, b);
}

Task<std::unique_ptr<int>> boxed(int n) { co_return std::make_unique<int>(co_await add(n, n)); }

Task<> failing() {
  co_await greenway::greenlet_spawn([] { greenway::sleep_for(1ms); });
  throw std::logic_error("from the task");
}

}  // namespace

TEST_CASE("a task runs its chain on a private loop and returns the value") { CHECK(*greenway::run(boxed(21)) == 42); }

TEST_CASE("a task's exception comes out of run") { CHECK_THROWS_WITH(greenway::run(failing()), "from the task"); }

TEST_CASE("synchronous code awaits a task") {
  CHECK(greenway::run([] { return greenway::await_only(add(1, 2)); }) == 3);
  CHECK_THROWS_WITH(greenway::run([] { greenway::await_only(failing()); }), "from the task");
}

TEST_CASE("the body of a task is no greenlet, not even when a greenlet awaits it") {
  const auto look = []() -> Task<bool> { co_return greenway::in_greenlet(); };
  CHECK_FALSE(greenway::run([&] { return greenway::await_only(look()); }));
  const auto nested = []() -> Task<int> { co_return greenway::await_only(add(1, 1)); };
  CHECK_THROWS_AS(greenway::run([&] { greenway::await_only(nested()); }), greenway::MissingGreenlet);
}

TEST_CASE("a task that is never awaited never runs") {
  bool has_run = false;
  {
    const auto task = [&]() -> Task<> {
      has_run = true;
      co_return;
    };
    [[maybe_unused]] const Task<> dropped = task();
  }
  CHECK_FALSE(has_run);
}

TEST_CASE("cancelling the greenlet that awaits a task cancels the operation inside, and each one after") {
  int cancellations = 0;
  const auto stubborn = [&]() -> Task<> {
    for (int i = 0; i < 2; ++i) {
      try {
        co_await greenway::greenlet_spawn([] { greenway::sleep_for(10s); });
      } catch (const greenway::OperationCancelled&) {
        ++cancellations;
      }
    }
  };
  CHECK_THROWS_AS(greenway::run([&] { greenway::with_timeout(2ms, [&] { greenway::await_only(stubborn()); }); }),
                  greenway::TimeoutError);
  CHECK(cancellations == 2);
}

TEST_CASE("a task that a greenlet awaits before its loop runs waits for that loop") {
  greenway::LoopHost loop;
  bool is_done = false;
  loop.post([&] { is_done = true; });
  loop.run_until(is_done);
  is_done = false;
  int sum = 0;
  greenway::GreenletOptions options;
  options.host = &loop;
  greenway::greenlet_spawn(options, [&] { sum = greenway::await_only(add(1, 2)); }).start([&](auto&&) { is_done = true; });
  loop.run_until(is_done);
  CHECK(sum == 3);
}
