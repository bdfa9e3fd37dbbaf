// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <vector>

#include <unistd.h>

#include <greenway/base/log.hpp>
#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/event.hpp>
#include <greenway/runtime/greenlet.hpp>
#include <greenway/runtime/live.hpp>
#include <greenway/runtime/loop_host.hpp>
#include <greenway/runtime/watchdog.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;

namespace {

using greenway::Stall;
using greenway::Watchdog;

/// Keeps what a watchdog tells.
class Reports {
 public:
  Watchdog::Callback keep() {
    return [this](const Stall& stall) {
      {
        const std::lock_guard lock(mutex_);
        all_.push_back(stall);
      }
      ++count;
    };
  }
  [[nodiscard]] std::vector<Stall> all() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }

  std::atomic<std::size_t> count{0};

 private:
  mutable std::mutex mutex_;
  std::vector<Stall> all_;
};

bool has_frame_in(const Stall& stall, std::string_view function) {
  return describe(stall).find(" " + std::string(function)) != std::string::npos;
}

}  // namespace

// Not inlined, so that it stands on the stack; with a name that the dynamic linker knows.
extern "C" [[gnu::noinline, gnu::visibility("default")]] void greenway_test_spin(const std::atomic<std::size_t>& count,
                                                                                 std::size_t until) {
  while (count < until) {
  }
}

namespace {

void let_answer(const Watchdog& watchdog) {
  const auto answered = watchdog.answers();
  while (watchdog.answers() == answered) {
    greenway::yield();
  }
}

/// Spins until the watchdog has seen that: on a busy machine the loop may be late for other reasons before. Since each
/// stall is reported once, one that was reported before the spin began must end it too: so the count is from before the
/// loop answered last.
Stall spin_until_seen(const Watchdog& watchdog, const Reports& reports) {
  for (;;) {
    const std::size_t count = reports.count;
    let_answer(watchdog);
    greenway_test_spin(reports.count, count + 1);
    if (Stall last = reports.all().back(); has_frame_in(last, "greenway_test_spin")) {
      return last;
    }
  }
}

}  // namespace

TEST_CASE("a greenlet that holds the loop is reported while it does, with the code that holds it") {
  Reports reports;
  const void* id = nullptr;
  Stall seen;
  greenway::run([&] {
    const Watchdog watchdog(*greenway::Host::current(), reports.keep(), {.threshold = 5ms});
    greenway::greenlet_spawn(greenway::GreenletOptions{.name = "spinner"}, [&] {
      greenway::yield();
      const auto all = greenway::live_greenlets();
      id = std::find_if(all.begin(), all.end(), [](const auto& one) { return one.name == "spinner"; })->id;
      seen = spin_until_seen(watchdog, reports);
    }).get();
  });
  CHECK(seen.greenlet == "spinner");
  CHECK(seen.id == id);
  CHECK(seen.thread == gettid());
  CHECK(seen.held >= 5ms);
  CHECK(seen.frames.size() > 2);
  const std::string text = describe(seen);
  CHECK(text.find("held for 0.") != std::string::npos);
  CHECK(text.find("greenlet spinner") != std::string::npos);
  CHECK(text.find("#0 ") != std::string::npos);
}

TEST_CASE("code that holds the loop outside any greenlet is reported too") {
  Reports reports;
  std::optional<Stall> seen;
  greenway::run([&] {
    greenway::Host& host = *greenway::Host::current();
    const Watchdog watchdog(host, reports.keep(), {.threshold = 5ms});
    while (!seen) {
      greenway::Event event;
      const std::size_t count = reports.count;
      let_answer(watchdog);
      host.post([&] {
        greenway_test_spin(reports.count, count + 1);
        if (Stall last = reports.all().back(); has_frame_in(last, "greenway_test_spin")) {
          seen = std::move(last);
        }
        event.set();
      });
      event.wait();
    }
  });
  CHECK(seen->id == nullptr);
  CHECK(seen->greenlet.empty());
}

TEST_CASE("each stall is reported once, and the next one again") {
  Reports reports;
  greenway::run([&] {
    const Watchdog watchdog(*greenway::Host::current(), reports.keep(), {.threshold = 2ms});
    greenway_test_spin(reports.count, 1);
    const std::size_t once = reports.count;
    const auto reported = greenway::Clock::now();
    while (greenway::Clock::now() - reported < 10ms) {
    }
    CHECK(reports.count == once);
    let_answer(watchdog);
    greenway_test_spin(reports.count, once + 1);
  });
  CHECK(reports.count >= 2);
}

TEST_CASE("a loop that goes round is asked again and again, and not reported") {
  Reports reports;
  greenway::run([&] {
    const Watchdog watchdog(*greenway::Host::current(), reports.keep(), {.threshold = 60s, .interval = 1us});
    while (watchdog.answers() < 10) {
      greenway::yield();
    }
  });
  CHECK(reports.count == 0);
}

TEST_CASE("a loop that does not run is not held by anybody") {
  Reports reports;
  greenway::LoopHost loop;
  bool is_done = true;
  loop.run_until(is_done);  // it is this thread's
  {
    const Watchdog watchdog(loop, reports.keep(), {.threshold = 50ms});
    const auto begin = greenway::Clock::now();
    while (greenway::Clock::now() - begin < 120ms) {
    }
    CHECK(watchdog.answers() == 0);
    is_done = false;
    loop.post([&] { is_done = true; });
    loop.run_until(is_done);
  }
  CHECK(reports.count == 0);
}

TEST_CASE("a stall is found from any depth of a greenlet's calls, again and again") {
  // Switches as often as it can, so that the signal hits the switch itself now and then.
  Reports reports;
  greenway::run([&] {
    const Watchdog watchdog(*greenway::Host::current(), reports.keep(), {.threshold = 200us, .interval = 1us});
    greenway::Greenlet partner([] {
      for (;;) {
        greenway::Greenlet::current().parent().switch_to();
      }
    });
    for (std::size_t stall = 1; stall <= 20; ++stall) {
      while (reports.count < stall) {
        partner.switch_to();
      }
      let_answer(watchdog);
    }
  });
  CHECK(reports.count >= 20);
}

TEST_CASE("without a callback a stall is logged as a warning") {
  std::atomic<std::size_t> count{0};
  std::string logged;
  greenway::set_log_sink([&](greenway::LogLevel level, std::string_view logger, std::string_view text) {
    if (level == greenway::LogLevel::warning && logger == "greenway.watchdog") {
      logged = text;
      ++count;
    }
  });
  greenway::run([&] {
    const Watchdog watchdog(*greenway::Host::current(), {}, {.threshold = 5ms});
    greenway_test_spin(count, 1);
  });
  greenway::set_log_sink({});
  CHECK(logged.find("has been held for ") != std::string::npos);
}

TEST_CASE("a watchdog without a threshold is refused") {
  greenway::LoopHost loop;
  CHECK_THROWS_AS(Watchdog(loop, {}, {.threshold = 0ms}), greenway::ArgumentError);
}
