// SPDX-License-Identifier: BSL-1.0

// Conformance of hosts: signals, fork, and many descriptors.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <greenway/runtime/offload.hpp>
#include <greenway/runtime/wait.hpp>
#include <greenway/runtime/waiter.hpp>

#include "host_under_test.hpp"
#include "sockets.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace greenway;

namespace {

/// While it exists, a signal interrupts system calls every millisecond.
class SignalStorm {
 public:
  SignalStorm() {
    struct sigaction action {};
    action.sa_handler = [](int) { ++signals_; };  // and no SA_RESTART
    sigaction(SIGALRM, &action, &before_);
    const itimerval every_millisecond{{0, 1000}, {0, 1000}};
    setitimer(ITIMER_REAL, &every_millisecond, nullptr);
  }
  ~SignalStorm() {
    const itimerval never{};
    setitimer(ITIMER_REAL, &never, nullptr);
    sigaction(SIGALRM, &before_, nullptr);
  }
  SignalStorm(const SignalStorm&) = delete;
  SignalStorm& operator=(const SignalStorm&) = delete;

  [[nodiscard]] static int signals() { return signals_; }

 private:
  static inline std::atomic<int> signals_{0};
  struct sigaction before_ {};
};

class Counter {
 public:
  Counter() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (fd_ < 0) {
      throw std::runtime_error("no eventfd");
    }
  }
  ~Counter() { close(fd_); }
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;
  [[nodiscard]] int fd() const { return fd_; }
  void ring() const { eventfd_write(fd_, 1); }

 private:
  int fd_;
};

/// Lets this process have that many descriptors, if it may.
/// @return How many it may have.
std::size_t raise_descriptor_limit(std::size_t wanted) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < wanted) {
    limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  return limit.rlim_cur;
}

/// Runs `fn` in a child process.
/// @return Its id.
template <class F>
pid_t in_child(F fn) {
  const pid_t child = fork();
  if (child == 0) {
    _exit(fn() ? 0 : 1);
  }
  return child;
}

bool ended_well(pid_t child) {
  int status = -1;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("a host waits as long as it should while a signal interrupts system calls every millisecond") {
  const HostUnderTest host = GENERATE(from_range(every_host()));
  CAPTURE(host.name);
  int signals = 0;
  int rounds = 0;
  int too_short = 0;
  {
    const SignalStorm storm;
    const int before = SignalStorm::signals();
    run(host, [&] {
      const Sockets sockets;
      Descriptor descriptor(sockets.near());
      while (rounds < 20 || SignalStorm::signals() - before < 20) {
        const TimePoint begin = Clock::now();
        sleep_for(2ms);
        too_short += Clock::now() - begin < 2ms ? 1 : 0;
        Companion sender([&] {
          sleep_for(1ms);
          sockets.send();
        });
        descriptor.wait(Interest::read, Deadline::in(10s));
        wait_readable(sockets.near(), Deadline::in(10s));
        too_short += sockets.receive() ? 0 : 1;
        sender.join();
        Waiter waiter;
        offload([&] { waiter.wake(); });
        too_short += waiter.wait(Deadline::in(10s)) ? 0 : 1;
        ++rounds;
      }
    });
    signals = SignalStorm::signals() - before;
  }
  CHECK(signals >= 20);
  CHECK(too_short == 0);
}

TEST_CASE("a host whose process forks leaves its greenlets to the parent, and the child has a loop of its own") {
  const HostUnderTest host = GENERATE(from_range(every_loop()));
  CAPTURE(host.name);
  if (host.is("boost.fiber")) {
    SUCCEED("the child's only thread is a fiber of the parent's loop, which its waits would go on with: it has to exec");
    return;
  }
  bool child_was_well = false;
  int rounds = 0;
  host.with_loop([&](LoopUnderTest& loop) {
    run(loop, [] { Companion([] {}).join(); });  // leaves two stacks, which parent and child use once more
    const Sockets sockets;
    bool is_done = false;
    bool has_begun = false;
    greenlet_spawn(on(loop), [&] {
      has_begun = true;
      for (; rounds < 3; ++rounds) {
        wait_readable(sockets.near(), Deadline::in(10s));
        static_cast<void>(sockets.receive());
        sleep_for(1ms);
      }
    }).start([&](auto&&) { is_done = true; });
    sockets.send();  // what the parent's loop has to say is ready before the child is there
    const pid_t child = in_child([&] {
      return greenway::run([&] {
        sleep_for(1ms);
        return has_begun && rounds == 0;
      });
    });
    child_was_well = ended_well(child);
    sockets.send();
    sockets.send();
    loop.run_until(is_done);
  });
  CHECK(child_was_well);
  CHECK(rounds == 3);
}

TEST_CASE("a host goes on when one of its greenlets forks, and the child ends there") {
  const HostUnderTest host = GENERATE(from_range(every_host()));
  CAPTURE(host.name);
  bool child_was_well = false;
  int ticks = 0;
  run(host, [&] {
    Companion ticker([&] {
      for (; ticks < 5; ++ticks) {
        sleep_for(1ms);
      }
    });
    const Sockets sockets;
    const pid_t child = in_child([&] {
      sockets.send();
      return true;
    });
    wait_readable(sockets.near(), Deadline::in(10s));
    child_was_well = ended_well(child);
    ticker.join();
  });
  CHECK(child_was_well);
  CHECK(ticks == 5);
}

TEST_CASE("a host waits for 10,000 descriptors at a time") {
  const HostUnderTest host = GENERATE(from_range(every_loop()));
  CAPTURE(host.name);
  const std::size_t limit = raise_descriptor_limit(10'100);
  const std::size_t pairs = std::min<std::size_t>(10'000, limit - 100) / 2;
  if (pairs < 5000) {
    WARN("only " << pairs * 2 << " descriptors: RLIMIT_NOFILE allows " << limit);
  }
  std::size_t ended = 0;
  run(host, [&] {
    // Two for each greenlet: the thread sanitizer knows 8,128 stacks at most.
    std::vector<std::pair<Counter, Counter>> counters(pairs);
    std::vector<Future<void>> greenlets;
    for (auto& [first, second] : counters) {
      greenlets.push_back(greenlet_spawn([&ended, one = first.fd(), other = second.fd()] {
                            Descriptor of_one(one);
                            Descriptor of_other(other);
                            of_other.wait(Interest::write, Deadline::in(60s));
                            of_one.wait(Interest::read, Deadline::in(60s));
                            of_other.wait(Interest::read, Deadline::in(60s));
                            ++ended;
                          }).to_future());
    }
    for (auto counter = counters.rbegin(); counter != counters.rend(); ++counter) {
      counter->second.ring();
      counter->first.ring();
    }
    for (auto& greenlet : greenlets) {
      greenlet.get();
    }
  });
  CHECK(ended == pairs);
}
