// SPDX-License-Identifier: BSL-1.0

// Conformance of hosts: timers, order, and what other threads hand over.

#include <algorithm>
#include <chrono>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include <greenway/runtime/event.hpp>
#include <greenway/runtime/offload.hpp>
#include <greenway/runtime/wait.hpp>
#include <greenway/runtime/waiter.hpp>

#include "host_under_test.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace greenway;

namespace {

/// Sleeps until a moment; a sleep for a length begins later each time.
void sleep_until(TimePoint moment) {
  Waiter never_woken;
  never_woken.wait(Deadline::at(moment));
}

}  // namespace

TEST_CASE("a host lets nobody sleep less than he asked for") {
  const HostUnderTest host = GENERATE(from_range(every_host()));
  CAPTURE(host.name);
  int short_sleeps = 0;
  run(host, [&] {
    for (const Duration length : {Duration(1), Duration(1us), Duration(999us), Duration(5ms)}) {
      const TimePoint begin = Clock::now();
      sleep_for(length);
      short_sleeps += Clock::now() - begin < length ? 1 : 0;
    }
  });
  CHECK(short_sleeps == 0);
}

TEST_CASE("a host fires timers in the order of their deadlines, whatever the order they were set in") {
  const HostUnderTest host = GENERATE(from_range(every_loop()));
  CAPTURE(host.name);
  std::vector<int> order;
  run(host, [&] {
    std::vector<Future<void>> sleepers;
    const TimePoint start = Clock::now() + 10ms;
    for (const int rank : {3, 1, 4, 0, 2}) {
      sleepers.push_back(greenlet_spawn([&order, start, rank] {
                           sleep_until(start + rank * 1ms);
                           order.push_back(rank);
                         }).to_future());
    }
    for (auto& sleeper : sleepers) {
      sleeper.get();
    }
  });
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("a host that waits for a late timer does not miss an earlier one that is set meanwhile") {
  const HostUnderTest host = GENERATE(from_range(every_host()));
  CAPTURE(host.name);
  bool is_late_over = false;
  bool was_early_first = false;
  run(host, [&] {
    Event is_over;
    Companion late([&] {
      is_over.wait(Deadline::in(60s));
      is_late_over = true;
    });
    sleep_for(1ms);
    sleep_for(1ms);
    was_early_first = !is_late_over;
    is_over.set();
    late.join();
  });
  CHECK(was_early_first);
}

TEST_CASE("a host resumes what is ready in the order in which it became so") {
  const HostUnderTest host = GENERATE(from_range(every_loop()));
  CAPTURE(host.name);
  std::vector<int> order;
  run(host, [&] {
    std::vector<Future<void>> greenlets;
    for (int name = 0; name < 3; ++name) {
      greenlets.push_back(greenlet_spawn([&order, name] {
                            for (int i = 0; i < 3; ++i) {
                              order.push_back(name);
                              yield();
                            }
                          }).to_future());
    }
    for (auto& greenlet : greenlets) {
      greenlet.get();
    }
  });
  CHECK(order == std::vector<int>{0, 1, 2, 0, 1, 2, 0, 1, 2});
}

TEST_CASE("a host goes on with more that is ready than one turn resumes, and lets timers have their turn") {
  const HostUnderTest host = GENERATE(from_range(every_loop()));
  CAPTURE(host.name);
  int ended = 0;
  run(host, [&] {
    bool has_slept = false;
    std::vector<Future<void>> greenlets;
    for (int i = 0; i < 1000; ++i) {
      greenlets.push_back(greenlet_spawn([&] {
                            while (!has_slept) {
                              yield();
                            }
                            ++ended;
                          }).to_future());
    }
    sleep_for(1ms);
    has_slept = true;
    for (auto& greenlet : greenlets) {
      greenlet.get();
    }
  });
  CHECK(ended == 1000);
}

TEST_CASE("a host runs what other threads post on its own thread, outside greenlets, in the order of each") {
  const HostUnderTest host = GENERATE(from_range(every_loop()));
  CAPTURE(host.name);
  constexpr int per_thread = 1000;
  std::vector<std::vector<int>> seen(4);
  int elsewhere = 0;
  host.with_loop([&](LoopUnderTest& loop) {
    bool is_done = false;
    int count = 0;
    std::vector<std::thread> posters;
    for (auto& sequence : seen) {
      posters.emplace_back([&] {
        for (int i = 0; i < per_thread; ++i) {
          loop.host().post([&, i] {
            elsewhere += loop.host().is_own_thread() && !in_greenlet() ? 0 : 1;
            sequence.push_back(i);
            is_done = ++count == per_thread * 4;
          });
        }
      });
    }
    loop.run_until(is_done);
    for (auto& poster : posters) {
      poster.join();
    }
  });
  CHECK(elsewhere == 0);
  for (const auto& sequence : seen) {
    CHECK(sequence.size() == per_thread);
    CHECK(std::is_sorted(sequence.begin(), sequence.end()));
  }
}

TEST_CASE("a host takes what is posted inside it, also while nothing waits") {
  const HostUnderTest host = GENERATE(from_range(every_loop()));
  CAPTURE(host.name);
  int runs = 0;
  host.with_loop([&](LoopUnderTest& loop) {
    bool is_done = false;
    std::function<void()> again = [&] {
      is_done = ++runs == 10;
      if (!is_done) {
        loop.host().post(again);
      }
    };
    loop.host().post(again);
    loop.run_until(is_done);
  });
  CHECK(runs == 10);
}

TEST_CASE("a host loses no wake from another thread, whatever it races with") {
  const HostUnderTest host = GENERATE(from_range(every_host()));
  CAPTURE(host.name);
  int woken = 0;
  run(host, [&] {
    for (int i = 0; i < 100; ++i) {
      Waiter waiter;
      std::thread waker([&] { waiter.wake(); });
      if (i % 3 == 0) {
        yield();
      }
      while (!waiter.wait(Deadline::in(std::chrono::microseconds(i % 50)))) {
      }
      ++woken;
      waker.join();
    }
  });
  CHECK(woken == 100);
}

TEST_CASE("a host goes on when helper threads have done what was offloaded to them") {
  const HostUnderTest host = GENERATE(from_range(every_host()));
  CAPTURE(host.name);
  std::vector<int> results;
  run(host, [&] {
    std::mutex mutex;  // where companions are threads
    const auto work = [&](int name) {
      for (int i = 0; i < 20; ++i) {
        const int result = offload([&] { return name + i; });
        const std::lock_guard lock(mutex);
        results.push_back(result);
      }
    };
    Companion other([&] { work(100); });
    work(0);
    other.join();
  });
  std::sort(results.begin(), results.end());
  std::vector<int> expected;
  for (int i = 0; i < 40; ++i) {
    expected.push_back(i < 20 ? i : 80 + i);
  }
  CHECK(results == expected);
}

TEST_CASE("a host is known to whoever runs in it, and blocking there is an error instead of a deadlock") {
  const HostUnderTest host = GENERATE(from_range(every_loop()));
  CAPTURE(host.name);
  std::vector<bool> seen;
  host.with_loop([&](LoopUnderTest& loop) {
    bool is_done = false;
    loop.host().post([&] {
      seen.push_back(Host::current() == &loop.host());
      try {
        Waiter().wait(Deadline::in(10s));
      } catch (const WouldBlockLoop&) {
        seen.push_back(true);
      }
      greenlet_spawn([&] { seen.push_back(Host::current() == &loop.host()); }).start([&](auto&&) { is_done = true; });
    });
    loop.run_until(is_done);
    // All that a thread of Boost.Fiber's runs is a fiber of its loop.
    seen.push_back((Host::current() == nullptr) != host.is("boost.fiber"));
  });
  CHECK(seen == std::vector<bool>(4, true));
}
