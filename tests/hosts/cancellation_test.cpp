// SPDX-License-Identifier: BSL-1.0

// Conformance of hosts: the end of a wait from outside, in each kind of wait.

#include <chrono>
#include <functional>
#include <latch>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <greenway/base/error.hpp>
#include <greenway/runtime/cancel.hpp>
#include <greenway/runtime/channel.hpp>
#include <greenway/runtime/event.hpp>
#include <greenway/runtime/mutex.hpp>
#include <greenway/runtime/offload.hpp>
#include <greenway/runtime/semaphore.hpp>
#include <greenway/runtime/task_group.hpp>
#include <greenway/runtime/wait.hpp>
#include <greenway/runtime/waiter.hpp>

#include "host_under_test.hpp"
#include "sockets.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace greenway;

namespace {

/// Waits of each kind, for what never comes.
class Waits {
 public:
  Waits() {
    readable_.fill();
    locked_.lock();
    full_.send(1);
  }

  /// @return Those that synchronous code has, wherever it runs.
  std::vector<std::function<void()>> anywhere() {
    return {
        [] { sleep_for(1h); },
        [this] { wait_readable(readable_.near()); },
        [this] { wait_writable(readable_.near()); },
        [this] { wait_for(other_.near(), Interest::read); },
        [this] { Descriptor(third_.near()).wait(Interest::read); },
        [] { Waiter().wait(); },
        [this] { locked_.lock(); },
        [this] { taken_.acquire(); },
        [this] { never_.wait(); },
        [this] {
          Mutex mutex;
          std::unique_lock lock(mutex);
          changed_.wait(lock);
        },
        [this] { empty_.receive(); },
        [this] { full_.send(2); },
    };
  }

  /// @return All that there are in a greenlet.
  std::vector<std::function<void()>> in_greenlets() {
    std::vector<std::function<void()>> all = anywhere();
    all.emplace_back([] { await_only(greenlet_spawn([] { sleep_for(1h); })); });
    all.emplace_back([] { greenlet_spawn([] { sleep_for(1h); }).get(); });
    all.emplace_back([] {
      TaskGroup group;
      group.spawn([] { sleep_for(1h); });
      group.wait();
    });
    all.emplace_back([] {
      for (;;) {
        yield();
      }
    });
    return all;
  }

 private:
  Sockets readable_;
  Sockets other_;
  Sockets third_;
  Mutex locked_;
  Semaphore taken_{0};
  Event never_;
  Condition changed_;
  Channel<int> empty_;
  Channel<int> full_{1};
};

struct Counted {
  int& count;
  ~Counted() { ++count; }
};

}  // namespace

TEST_CASE("a host ends each kind of wait at the bound around it") {
  const HostUnderTest host = GENERATE(from_range(every_host()));
  CAPTURE(host.name);
  std::vector<bool> timed_out;
  run(host, [&] {
    Waits waits;
    for (const auto& wait : waits.anywhere()) {
      try {
        with_timeout(1ms, wait);
        timed_out.push_back(false);
      } catch (const TimeoutError&) {
        timed_out.push_back(true);
      }
    }
  });
  CHECK(timed_out == std::vector<bool>(12, true));
}

TEST_CASE("a host refuses each kind of wait in a scope that has been cancelled") {
  const HostUnderTest host = GENERATE(from_range(every_host()));
  CAPTURE(host.name);
  std::vector<bool> refused;
  run(host, [&] {
    Waits waits;
    CancelScope scope;
    scope.cancel();
    for (const auto& wait : waits.anywhere()) {
      try {
        wait();
        refused.push_back(false);
      } catch (const Cancelled&) {
        refused.push_back(true);
      }
    }
  });
  CHECK(refused == std::vector<bool>(12, true));
}

TEST_CASE("a host ends each kind of wait of a greenlet that is cancelled, by its loop or by another thread") {
  const HostUnderTest host = GENERATE(from_range(every_loop()));
  CAPTURE(host.name);
  const bool from_afar = GENERATE(false, true);
  CAPTURE(from_afar);
  int unwound = 0;
  int refused = 0;
  std::size_t count = 0;
  run(host, [&] {
    Waits waits;
    std::vector<Future<void>> futures;
    std::vector<std::function<void()>> cancellers;
    for (auto& wait : waits.in_greenlets()) {
      auto operation = greenlet_spawn([&unwound, wait] {
        const Counted counted{unwound};
        wait();
      });
      cancellers.emplace_back(operation.canceller());
      futures.push_back(operation.to_future());
    }
    const auto cancel_all = [&] {
      for (const auto& cancel : cancellers) {
        cancel();
      }
    };
    from_afar ? std::thread(cancel_all).join() : cancel_all();
    for (auto& future : futures) {
      try {
        future.get();
      } catch (const OperationCancelled&) {
        ++refused;
      }
    }
    count = futures.size();
  });
  CHECK(count == 16);
  CHECK(unwound == 16);
  CHECK(refused == 16);
}

TEST_CASE("a host keeps a greenlet that is cancelled while a helper thread uses its stack until that has ended") {
  const HostUnderTest host = GENERATE(from_range(every_host()));
  CAPTURE(host.name);
  bool has_ended = false;
  bool was_cancelled = false;
  run(host, [&] {
    std::latch is_cancelled(1);
    const Companion canceller([&] {
      sleep_for(20ms);
      is_cancelled.count_down();
    });
    try {
      with_timeout(10ms, [&] {
        offload([&] {
          is_cancelled.wait();
          has_ended = true;
        });
        sleep_for(0ms);
      });
    } catch (const TimeoutError&) {
      was_cancelled = has_ended;
    }
  });
  CHECK(was_cancelled);
}

TEST_CASE("a host keeps the exception that is being handled with each that waits in its catch") {
  const HostUnderTest host = GENERATE(from_range(every_host()));
  CAPTURE(host.name);
  std::vector<std::string> mine;
  std::vector<std::string> others;
  run(host, [&] {
    const auto handle = [](const std::string& name, std::vector<std::string>& caught) {
      for (int i = 0; i < 3; ++i) {
        try {
          try {
            throw name + std::to_string(i);
          } catch (const std::string&) {
            sleep_for(1ms);
            yield();
            throw;  // this one, and not that of whoever ran meanwhile
          }
        } catch (const std::string& error) {
          sleep_for(1ms);
          caught.push_back(error);
        }
      }
    };
    Companion companion([&] { handle("theirs ", others); });
    handle("mine ", mine);
    companion.join();
  });
  CHECK(mine == std::vector<std::string>{"mine 0", "mine 1", "mine 2"});
  CHECK(others == std::vector<std::string>{"theirs 0", "theirs 1", "theirs 2"});
}

TEST_CASE("a host lets destructors wait while an exception passes") {
  const HostUnderTest host = GENERATE(from_range(every_host()));
  CAPTURE(host.name);
  int cleaned_up = 0;
  int inside = -1;
  std::string caught;
  run(host, [&] {
    struct CleanUp {
      int& cleaned_up;
      int& inside;
      ~CleanUp() {
        sleep_for(1ms);
        inside = std::uncaught_exceptions();
        ++cleaned_up;
      }
    };
    Companion other([] { sleep_for(2ms); });
    try {
      const CleanUp clean_up{cleaned_up, inside};
      throw std::string("passes");
    } catch (const std::string& error) {
      caught = error;
    }
    other.join();
  });
  CHECK(cleaned_up == 1);
  CHECK(inside == 1);
  CHECK(caught == "passes");
}

TEST_CASE("a host that is shut down unwinds each kind of wait, and then starts nothing any more") {
  const HostUnderTest host = GENERATE(from_range(every_loop()));
  CAPTURE(host.name);
  int unwound = 0;
  int told = 0;
  std::vector<std::string> survivors{"not asked"};
  bool is_closed = false;
  host.with_loop([&](LoopUnderTest& loop) {
    Waits waits;
    for (auto& wait : waits.in_greenlets()) {
      greenlet_spawn(on(loop), [&unwound, wait] {
        const Counted counted{unwound};
        wait();
      }).start([&](auto&&) { ++told; });
    }
    survivors = loop.host().shutdown(Deadline::in(10s));
    greenlet_spawn(on(loop), [] {}).start([&](Outcome<void>&& outcome) {
      try {
        std::move(outcome).get();
      } catch (const HostClosed&) {
        is_closed = true;
      }
    });
  });
  CHECK(survivors.empty());
  CHECK(unwound == 16);
  CHECK(told == 16);
  CHECK(is_closed);
}

TEST_CASE("a host that is destroyed unwinds what is suspended in it") {
  const HostUnderTest host = GENERATE(from_range(every_loop()));
  CAPTURE(host.name);
  int unwound = 0;
  std::optional<Waits> waits(std::in_place);
  host.with_loop([&](LoopUnderTest& loop) {
    for (auto& wait : waits->in_greenlets()) {
      greenlet_spawn(on(loop), [&unwound, wait] {
        const Counted counted{unwound};
        wait();
      }).start([](auto&&) {});
    }
    bool is_done = false;
    loop.host().post([&] { is_done = true; });
    loop.run_until(is_done);
  });
  CHECK(unwound == 16);
}
