// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <atomic>
#include <csignal>
#include <sstream>
#include <string>
#include <thread>

#include <unistd.h>

#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/dump.hpp>
#include <greenway/runtime/event.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;

namespace {

/// A thread with a loop and one greenlet that waits in it.
class OtherLoop {
 public:
  OtherLoop()
      : thread_([this] {
          number = gettid();
          greenway::run([this] {
            auto waiting = greenway::greenlet_spawn(greenway::GreenletOptions{.name = "far away"}, [this] {
                             may_end_.wait();
                           }).to_future();
            is_there_.set();
            waiting.get();
          });
        }) {
    is_there_.wait();
  }
  ~OtherLoop() {
    may_end_.set();
    thread_.join();
  }
  OtherLoop(const OtherLoop&) = delete;
  OtherLoop& operator=(const OtherLoop&) = delete;

  std::atomic<int> number{0};

 private:
  greenway::Event is_there_;
  greenway::Event may_end_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("a dump has a line for each thread that has a loop, and for each greenlet") {
  const OtherLoop other;
  std::ostringstream text;
  greenway::run([&] {
    auto near = greenway::greenlet_spawn(greenway::GreenletOptions{.name = "near"}, [] { greenway::yield(); }).to_future();
    greenway::dump_greenlets(text);
    near.get();
  });
  CHECK(text.str().find("thread " + std::to_string(gettid()) + ": ") != std::string::npos);
  CHECK(text.str().find("thread " + std::to_string(other.number) + ": 2 greenlet(s)\n") != std::string::npos);
  CHECK(text.str().find("'near': ready") != std::string::npos);
  CHECK(text.str().find("'far away': waiting for 0.") != std::string::npos);
}

TEST_CASE("a loop that has ended is not asked any more") {
  { const OtherLoop other; }
  CHECK(greenway::live_threads(60s).size() == 1);
}

TEST_CASE("a loop that does not come round is told as such") {
  std::atomic<int> number{0};
  std::atomic<bool> may_end{false};
  std::thread other([&] {
    greenway::run([&] {
      number = gettid();
      number.notify_all();
      may_end.wait(false);
    });
  });
  number.wait(0);
  const auto threads = greenway::live_threads(1ms);
  may_end = true;
  may_end.notify_all();
  other.join();
  REQUIRE(threads.size() == 2);
  CHECK(threads[0].has_answered);
  CHECK(threads[1].thread == number);
  CHECK_FALSE(threads[1].has_answered);
}

TEST_CASE("a signal has the greenlets of all loops written to a descriptor") {
  const OtherLoop other;
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  greenway::dump_greenlets_on(SIGUSR2, ends[1]);
  for (int i = 0; i < 2; ++i) {
    REQUIRE(raise(SIGUSR2) == 0);
    std::string text;
    while (text.find("'far away': waiting") == std::string::npos || text.back() != '\n') {
      std::array<char, 4096> block;
      const ssize_t size = read(ends[0], block.data(), block.size());
      REQUIRE(size > 0);
      text.append(block.data(), static_cast<std::size_t>(size));
    }
    CHECK(text.find("thread " + std::to_string(other.number)) != std::string::npos);
  }
  signal(SIGUSR2, SIG_DFL);
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("a signal that cannot be handled is refused") {
  CHECK_THROWS_AS(greenway::dump_greenlets_on(SIGKILL), greenway::ArgumentError);
  CHECK_THROWS_AS(greenway::dump_greenlets_on(0), greenway::ArgumentError);
}
