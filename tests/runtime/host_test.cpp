// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

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

namespace {

/// A loop that is turned by hand.
class ManualHost final : public greenway::Host {
 public:
  ManualHost() { adopt_thread(); }
  [[nodiscard]] bool is_running_here() const noexcept override { return true; }
  void turn() { poll(); }

 private:
  void schedule() noexcept override {}
  void watch(bool) noexcept override {}
};

/// Sends itself a byte, waits for it, and so on.
bool answer_oneself(int times) {
  std::array<int, 2> ends{};
  bool is_complete = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0;
  {
    greenway::Descriptor near_end(ends[0]);
    char byte = 0;
    for (int i = 0; i < times; ++i) {
      is_complete = is_complete && write(ends[1], &byte, 1) == 1;
      near_end.wait(greenway::Interest::read);
      is_complete = is_complete && read(ends[0], &byte, 1) == 1;
    }
  }
  close(ends[0]);
  close(ends[1]);
  return is_complete;
}

}  // namespace

TEST_CASE("what is answered at once is taken in without a turn of the loop, but for a bounded time") {
  ManualHost host;
  greenway::GreenletOptions options;
  options.host = &host;
  bool is_done = false;
  bool is_complete = false;
  greenway::greenlet_spawn(options, answer_oneself, 1000).start([&](greenway::Outcome<bool> outcome) {
    is_done = true;
    is_complete = std::move(outcome).get();
  });
  int turns = 0;
  while (!is_done) {
    host.turn();
    ++turns;
  }
  CHECK(is_complete);
  CHECK(turns < 100);
  CHECK(turns > 50);
}
