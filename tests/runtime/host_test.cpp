// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/loop_host.hpp>
#include <greenway/runtime/wait.hpp>
#include <greenway/runtime/waiter.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;

TEST_CASE("what other threads post runs on the loop's thread, in the order of each, and none is lost") {
  greenway::LoopHost loop;
  constexpr int per_thread = 2000;
  std::vector<std::vector<int>> seen(4);
  int count = 0;
  bool is_done = false;
  std::atomic<bool> is_own_thread{true};
  std::vector<std::thread> posters;
  for (std::size_t name = 0; name < seen.size(); ++name) {
    posters.emplace_back([&, name] {
      for (int i = 0; i < per_thread; ++i) {
        loop.post([&, name, i] {
          is_own_thread = is_own_thread && loop.is_own_thread();
          seen[name].push_back(i);
          is_done = ++count == per_thread * 4;
        });
      }
    });
  }
  loop.run_until(is_done);
  for (auto& poster : posters) {
    poster.join();
  }
  CHECK(is_own_thread);
  for (const auto& sequence : seen) {
    CHECK(std::is_sorted(sequence.begin(), sequence.end()));
  }
}

TEST_CASE("a wake from another thread is never lost, whatever it races with") {
  int woken = 0;
  greenway::run([&] {
    for (int i = 0; i < 2000; ++i) {
      greenway::Waiter waiter;
      std::atomic<bool> is_over{false};
      std::thread waker([&] {
        waiter.wake();
        is_over = true;
      });
      if (i % 3 == 0) {
        greenway::yield();
      }
      while (!waiter.wait(greenway::Deadline::in(std::chrono::microseconds(i % 50)))) {
      }
      ++woken;
      waker.join();
    }
  });
  CHECK(woken == 2000);
}

TEST_CASE("a wake that comes first makes the wait return at once, even in a cancelled scope") {
  greenway::run([] {
    greenway::Waiter waiter;
    waiter.wake();
    greenway::CancelScope scope;
    scope.cancel();
    CHECK(waiter.wait());
  });
}

TEST_CASE("a thread waits as a greenlet does") {
  greenway::Waiter waiter;
  CHECK_FALSE(waiter.wait(greenway::Deadline::in(1ms)));
  std::thread waker([&] { waiter.wake(); });
  CHECK(waiter.wait(greenway::Deadline::in(10s)));
  waker.join();
}

TEST_CASE("a loop runs again after it has ended, and another may run inside its greenlets") {
  greenway::LoopHost loop;
  for (int i = 0; i < 3; ++i) {
    bool is_done = false;
    loop.post([&] { is_done = true; });
    loop.run_until(is_done);
  }
  CHECK(greenway::run([] { return greenway::run([] { return 1; }) + 1; }) == 2);
}
