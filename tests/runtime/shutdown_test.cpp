// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include <greenway/base/log.hpp>
#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/channel.hpp>
#include <greenway/runtime/event.hpp>
#include <greenway/runtime/greenlet.hpp>
#include <greenway/runtime/loop_host.hpp>
#include <greenway/runtime/mutex.hpp>
#include <greenway/runtime/offload.hpp>
#include <greenway/runtime/task_group.hpp>
#include <greenway/runtime/wait.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace greenway;

namespace {

/// What the library logs while this exists.
class Log {
 public:
  Log() {
    set_log_sink([this](LogLevel, std::string_view, std::string_view text) {
      const std::lock_guard lock(mutex_);
      lines_ += std::string(text) + "\n";
    });
  }
  ~Log() { set_log_sink({}); }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  [[nodiscard]] std::string lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  [[nodiscard]] bool has(std::string_view text) const { return lines().find(text) != std::string::npos; }

 private:
  mutable std::mutex mutex_;
  std::string lines_;
};

struct Counted {
  int& count;
  ~Counted() { ++count; }
};

struct Pipe {
  Pipe() { REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0); }
  ~Pipe() {
    close(fds[0]);
    close(fds[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  int fds[2];
};

GreenletOptions on(Host& host, std::string name = {}) {
  GreenletOptions options;
  options.host = &host;
  options.name = std::move(name);
  return options;
}

/// Makes this thread the loop's, and runs what was posted.
void run_briefly(LoopHost& loop) {
  bool is_done = false;
  loop.post([&] { is_done = true; });
  loop.run_until(is_done);
}

/// Spawns greenlets that wait for each kind of thing, for ever. What they wait for lives as long as this.
class Waiters {
 public:
  int unwound = 0;
  int refused = 0;  // ended with OperationCancelled
  int spawned = 0;

  void spawn_on(Host& host) {
    locked_.lock();
    spawn(host, [] { sleep_for(1h); });
    spawn(host, [this] { wait_readable(pipe_.fds[0]); });
    spawn(host, [this] { locked_.lock(); });
    spawn(host, [this] { never_.wait(); });
    spawn(host, [this] { channel_.receive(); });
    spawn(host, [] { await_only(greenlet_spawn([] { sleep_for(1h); })); });
    spawn(host, [] {
      TaskGroup group;
      group.spawn([] { sleep_for(1h); });
      group.wait();
    });
    spawn(host, [] {
      for (;;) {
        yield();
      }
    });
    spawn(host, [] {
      try {
        throw 1;
      } catch (int) {
        sleep_for(1h);
      }
    });
    spawn(host, [] {
      Greenlet inner([] { sleep_for(1h); });
      inner.switch_to();
    });
  }

 private:
  template <class F>
  void spawn(Host& host, F fn) {
    ++spawned;
    greenlet_spawn(on(host), [this, fn] {
      const Counted counted{unwound};
      fn();
    }).start([this](Outcome<void>&& outcome) {
      try {
        std::move(outcome).get();
      } catch (const OperationCancelled&) {
        ++refused;
      } catch (...) {
      }
    });
  }

  Pipe pipe_;
  Mutex locked_;
  Event never_;
  Channel<int> channel_;
};

bool has_lost_no_stack() { return stack_usage().mapped == stack_usage().idle; }

}  // namespace

TEST_CASE("shutdown unwinds every greenlet of the loop, whatever it waits for") {
  Waiters waiters;
  LoopHost loop;
  run_briefly(loop);
  waiters.spawn_on(loop);
  CHECK(loop.shutdown(Deadline::in(10s)).empty());
  CHECK(waiters.unwound == waiters.spawned);
  CHECK(waiters.refused == waiters.spawned);
  CHECK(has_lost_no_stack());
}

TEST_CASE("a loop that is destroyed unwinds its greenlets, whatever they wait for") {
  const Log log;
  Waiters waiters;
  {
    LoopHost loop;
    run_briefly(loop);
    waiters.spawn_on(loop);
  }
  CHECK(waiters.unwound == waiters.spawned);
  CHECK(waiters.refused == waiters.spawned);
  CHECK(has_lost_no_stack());
  CHECK(log.lines().empty());
}

TEST_CASE("another thread shuts a loop down while it runs, a greenlet of another loop too") {
  const auto shut_down_from = [](auto caller) {
    std::promise<LoopHost*> made;
    std::atomic<bool> is_clean{false};
    std::thread thread([&] {
      Waiters waiters;
      LoopHost loop;
      run_briefly(loop);
      waiters.spawn_on(loop);
      bool is_done = false;
      loop.post([&] { made.set_value(&loop); });
      greenlet_spawn(on(loop), [] { sleep_for(1h); }).start([&](auto&&) { is_done = true; });
      loop.run_until(is_done);
      is_clean = loop.shutdown().empty() && waiters.unwound == waiters.spawned;
    });
    LoopHost& loop = *made.get_future().get();
    const std::vector<std::string> survivors = caller([&] { return loop.shutdown(Deadline::in(10s)); });
    thread.join();
    CHECK(survivors.empty());
    CHECK(is_clean);
  };
  SECTION("a thread") {
    shut_down_from([](auto call) { return call(); });
  }
  SECTION("a greenlet") {
    shut_down_from([](auto call) { return run(call); });
  }
}

TEST_CASE("a greenlet that needs longer than the deadline is returned by name, logged, and ended by a second call") {
  const Log log;
  LoopHost loop;
  run_briefly(loop);
  std::promise<void> gate;
  bool has_ended = false;
  greenlet_spawn(on(loop, "importer"), [&] {
    offload([&] { gate.get_future().wait(); });
    has_ended = true;
  }).start([](auto&&) {});
  const std::vector<std::string> survivors = loop.shutdown(Deadline::in(5ms));
  REQUIRE(survivors.size() == 1);
  CHECK(survivors[0].find("'importer': waiting") != std::string::npos);
  CHECK(log.has("'importer'"));
  CHECK_FALSE(has_ended);
  gate.set_value();
  CHECK(loop.shutdown(Deadline::in(10s)).empty());
  CHECK(has_ended);
}

TEST_CASE("nothing is spawned on a loop that is being shut down, while its clean-up waits on") {
  LoopHost loop;
  run_briefly(loop);
  bool is_refused = false;
  bool is_clean = false;
  greenlet_spawn(on(loop), [&] {
    struct CleanUp {
      bool& is_refused;
      bool& is_clean;
      ~CleanUp() {
        const Shield shield(10s);
        sleep_for(2ms);
        try {
          await_only(greenlet_spawn([] {}));
        } catch (const HostClosed&) {
          is_refused = true;
        }
        is_clean = offload([] { return true; });
      }
    } const clean_up{is_refused, is_clean};
    sleep_for(1h);
  }).start([](auto&&) {});
  CHECK(loop.shutdown(Deadline::in(10s)).empty());
  CHECK(is_refused);
  CHECK(is_clean);
  std::exception_ptr error;
  greenlet_spawn(on(loop), [] {}).start([&](Outcome<void>&& outcome) { error = outcome.error(); });
  CHECK_THROWS_AS(std::rethrow_exception(error), HostClosed);
}

TEST_CASE("a loop is shut down from outside only") {
  LoopHost loop;
  run_briefly(loop);
  bool was_refused_in_greenlet = false;
  bool was_refused_in_loop = false;
  bool is_done = false;
  greenlet_spawn(on(loop), [&] {
    try {
      loop.shutdown();
    } catch (const InvalidRequestError&) {
      was_refused_in_greenlet = true;
    }
  }).start([](auto&&) {});
  loop.post([&] {
    try {
      loop.shutdown();
    } catch (const WouldBlockLoop&) {
      was_refused_in_loop = true;
    }
    is_done = true;
  });
  loop.run_until(is_done);
  CHECK(was_refused_in_greenlet);
  CHECK(was_refused_in_loop);
}

TEST_CASE("a loop that no longer runs tells another thread so, and one that never ran has nothing to end") {
  LoopHost never;
  std::thread([&] { CHECK(never.shutdown().empty()); }).join();
  std::promise<LoopHost*> made;
  std::promise<void> gate;
  std::thread thread([&] {
    LoopHost loop;
    bool is_done = true;
    loop.run_until(is_done);
    made.set_value(&loop);
    gate.get_future().wait();
  });
  LoopHost& loop = *made.get_future().get();
  CHECK_THROWS_AS(loop.shutdown(Deadline::at(Clock::now() - 1s)), TimeoutError);
  gate.set_value();
  thread.join();
}

TEST_CASE("a destroyed loop waits for the function that uses a greenlet's stack, and names the greenlet meanwhile") {
  const Log log;
  bool has_run = false;
  {
    LoopHost loop;
    run_briefly(loop);
    greenlet_spawn(on(loop, "importer"), [&] {
      offload([&] {
        while (!log.has("'importer'")) {
          std::this_thread::sleep_for(1ms);
        }
      });
      has_run = true;
    }).start([](auto&&) {});
  }
  CHECK(has_run);
  CHECK(has_lost_no_stack());
}

TEST_CASE("a destroyed loop does not wait for the end of a shield") {
  const Log log;
  int unwound = 0;
  {
    LoopHost loop;
    run_briefly(loop);
    greenlet_spawn(on(loop, "stubborn"), [&] {
      const Counted counted{unwound};
      const Shield shield(1h);
      sleep_for(1h);
    }).start([](auto&&) {});
  }
  CHECK(unwound == 1);
  CHECK(log.has("by force"));
  CHECK(log.has("'stubborn'"));
  CHECK(has_lost_no_stack());
}

TEST_CASE("a greenlet that left its loop by a switch of its own is unwound with the loop") {
  const Log log;
  int unwound = 0;
  {
    LoopHost loop;
    run_briefly(loop);
    const Greenlet outside = Greenlet::current();
    greenlet_spawn(on(loop, "strayed"), [&] {
      const Counted counted{unwound};
      outside.switch_to();
    }).start([](auto&&) {});
    CHECK(unwound == 0);
  }
  CHECK(unwound == 1);
  CHECK(has_lost_no_stack());
}

TEST_CASE("what refers to a greenlet may be used after its loop has gone") {
  std::optional<Future<int>> future;
  std::function<void()> cancel;
  Greenlet raw;
  {
    LoopHost loop;
    run_briefly(loop);
    auto operation = greenlet_spawn(on(loop), [&] {
      raw = Greenlet([] {
        Greenlet::current().parent().switch_to();
        sleep_for(1ms);
      });
      raw.switch_to();
      sleep_for(1h);
      return 1;
    });
    cancel = operation.canceller();
    future = operation.to_future();
  }
  cancel();
  CHECK_THROWS_AS(future->get(), OperationCancelled);
  CHECK_FALSE(raw.dead());
  raw.set_parent(Greenlet::current());
  raw.switch_to();
  CHECK(raw.dead());
}

TEST_CASE("what other threads posted to a loop that is destroyed has run or is freed") {
  int runs = 0;
  std::optional<Future<void>> future;
  {
    LoopHost loop;
    std::thread([&] {
      loop.post([&] { ++runs; });
      future = greenlet_spawn(on(loop), [&] { ++runs; }).to_future();
    }).join();
  }
  CHECK(runs == 1);
  CHECK_THROWS_AS(future->get(), HostClosed);
}

TEST_CASE("a thread that ends names the greenlets that it loses, and nothing resumes them") {
  const Log log;
  Event event;
  LoopHost loop;
  std::thread([&] {
    run_briefly(loop);
    greenlet_spawn(on(loop, "lost"), [&] { event.wait(); }).start([](auto&&) {});
  }).join();
  CHECK(log.has("'lost'"));
  event.set();
  bool is_done = false;
  CHECK_THROWS_AS(loop.run_until(is_done), GreenletError);
}

TEST_CASE("a greenlet that is destroyed while it awaits an operation of the same loop lets that end first") {
  int unwound = 0;
  LoopHost loop;
  run_briefly(loop);
  Greenlet raw;
  bool is_done = false;
  greenlet_spawn(on(loop), [&] {
    raw = Greenlet([&] {
      await_only(greenlet_spawn([&] {
        const Counted counted{unwound};
        try {
          sleep_for(1h);
        } catch (...) {
          const Shield shield(10s);
          sleep_for(1ms);
          throw;
        }
      }));
    });
  }).start([](auto&&) {});
  raw.switch_to();
  greenlet_spawn(on(loop), [&] {
    raw = {};
    CHECK(unwound == 1);
  }).start([&](auto&&) { is_done = true; });
  loop.run_until(is_done);
  CHECK(unwound == 1);
}

TEST_CASE("a greenlet that is destroyed while it is ready is not run any more") {
  LoopHost loop;
  run_briefly(loop);
  Greenlet raw;
  int unwound = 0;
  bool went_on = false;
  bool is_done = false;
  greenlet_spawn(on(loop), [&] {
    raw = Greenlet([&] {
      const Counted counted{unwound};
      yield();
      went_on = true;
    });
  }).start([](auto&&) {});
  raw.switch_to();
  raw = {};
  greenlet_spawn(on(loop), [] { sleep_for(1ms); }).start([&](auto&&) { is_done = true; });
  loop.run_until(is_done);
  CHECK(unwound == 1);
  CHECK_FALSE(went_on);
}

TEST_CASE("what a destroyed loop unwinds inside a shield ends what it awaits first") {
  const Log log;
  int unwound = 0;
  {
    LoopHost loop;
    run_briefly(loop);
    greenlet_spawn(on(loop, "stubborn"), [&] {
      const Shield shield(1h);
      const Counted outer{unwound};
      await_only(greenlet_spawn([&] {
        const Shield inner_shield(1h);
        const Counted inner{unwound};
        sleep_for(1h);
      }));
    }).start([](auto&&) {});
  }
  CHECK(unwound == 2);
  CHECK(has_lost_no_stack());
}
