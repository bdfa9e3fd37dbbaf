// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/offload.hpp>
#include <greenway/runtime/std_future.hpp>
#include <greenway/runtime/task_group.hpp>
#include <greenway/runtime/wait.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace greenway;

TEST_CASE("a standard future is awaited while the loop goes on") {
  std::promise<std::unique_ptr<int>> promise;
  int turns = 0;
  run([&] {
    TaskGroup group;
    group.spawn([&] {
      for (; turns < 10; ++turns) {
        yield();
      }
      promise.set_value(std::make_unique<int>(7));
    });
    CHECK(*await_only(promise.get_future()) == 7);
    group.wait();
  });
  CHECK(turns == 10);
}

TEST_CASE("the exception of a standard future is thrown where it is awaited") {
  run([] {
    std::promise<void> promise;
    auto future = promise.get_future();
    std::thread thread([&] { promise.set_exception(std::make_exception_ptr(std::runtime_error("from the promise"))); });
    CHECK_THROWS_WITH(await_only(std::move(future)), "from the promise");
    thread.join();
    CHECK_THROWS_AS(await_only(std::future<int>()), std::future_error);
    std::future<int> broken = std::promise<int>().get_future();
    CHECK_THROWS_AS(await_only(std::move(broken)), std::future_error);
  });
}

TEST_CASE("several greenlets await one shared future, and references come through") {
  int number = 1;
  std::promise<int&> promise;
  const std::shared_future<int&> shared = promise.get_future().share();
  int right = 0;
  std::thread thread([&] {
    run([&] {
      TaskGroup group;
      for (int i = 0; i < 5; ++i) {
        group.spawn([&] { right += &await_only(shared) == &number ? 1 : 0; });
      }
      group.wait();
    });
  });
  promise.set_value(number);
  thread.join();
  CHECK(right == 5);
}

TEST_CASE("a deferred future runs where it is awaited, and may suspend there") {
  run([] {
    const auto here = std::this_thread::get_id();
    CHECK(await_only(std::async(std::launch::deferred, [&] {
      sleep_for(1ms);
      return std::this_thread::get_id() == here;
    })));
  });
}

TEST_CASE("a thread waits for a standard future too") {
  CHECK(await_fallback(std::async(std::launch::async, [] { return 3; })) == 3);
}

TEST_CASE("a cancelled greenlet leaves a standard future at once, and its producer undisturbed") {
  std::promise<void> gate;
  auto is_dropped = std::make_shared<std::promise<void>>();
  std::future<void> dropped = is_dropped->get_future();
  run([&] {
    auto future = std::async(std::launch::async, [&gate, held = std::move(is_dropped)]() mutable {
      gate.get_future().wait();
      held->set_value();
      return 1;
    });
    CHECK_THROWS_AS(with_timeout(1ms, [&] { await_only(std::move(future)); }), TimeoutError);
  });
  gate.set_value();
  dropped.wait();
}

TEST_CASE("100 futures are awaited at once, more than functions are offloaded, and those that they wait for still are") {
  std::vector<std::promise<int>> promises(100);
  int sum = 0;
  run([&] {
    TaskGroup group;
    for (auto& promise : promises) {
      group.spawn([&] { sum += await_only(promise.get_future()); });
    }
    offload([&] {
      for (auto& promise : promises) {
        promise.set_value(1);
      }
    });
    group.wait();
  });
  CHECK(sum == 100);
}
