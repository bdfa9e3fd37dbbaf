// SPDX-License-Identifier: BSL-1.0

// What a wait in a Boost fiber does.

#include <array>
#include <string>
#include <thread>
#include <vector>

#include <boost/fiber/fiber.hpp>
#include <boost/fiber/future.hpp>
#include <boost/fiber/operations.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <greenway/base/error.hpp>
#include <greenway/fiber/fiber_host.hpp>
#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/greenlet.hpp>
#include <greenway/runtime/greenlet_local.hpp>
#include <greenway/runtime/offload.hpp>
#include <greenway/runtime/channel.hpp>
#include <greenway/runtime/event.hpp>
#include <greenway/runtime/mutex.hpp>
#include <greenway/runtime/wait.hpp>

#include "support/catch.hpp"

using namespace greenway;
using namespace std::chrono_literals;
using boost::fibers::fiber;

namespace {

class Pair {
 public:
  Pair() { REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends_.data()) == 0); }
  ~Pair() {
    close(ends_[0]);
    close(ends_[1]);
  }
  [[nodiscard]] int near() const { return ends_[0]; }
  void send() const { REQUIRE(write(ends_[1], "x", 1) == 1); }

 private:
  std::array<int, 2> ends_{};
};

}  // namespace

TEST_CASE("a fiber that waits for a descriptor lets the others run") {
  const FiberHost host;
  const Pair pair;
  std::vector<std::string> seen;
  fiber reader([&] {
    wait_readable(pair.near());
    seen.emplace_back("read");
  });
  fiber writer([&] {
    seen.emplace_back("sent");
    pair.send();
  });
  reader.join();
  writer.join();
  CHECK(seen == std::vector<std::string>{"sent", "read"});
}

TEST_CASE("a fiber's Descriptor stays registered from wait to wait") {
  const FiberHost host;
  const Pair pair;
  int rounds = 0;
  fiber reader([&] {
    Descriptor descriptor(pair.near());
    for (; rounds < 3; ++rounds) {
      descriptor.wait(Interest::read);
      char byte = 0;
      static_cast<void>(read(pair.near(), &byte, 1));
    }
  });
  for (int i = 0; i < 3; ++i) {
    sleep_for(1ms);
    pair.send();
  }
  reader.join();
  CHECK(rounds == 3);
}

TEST_CASE("fibers that sleep wake in the order of their deadlines, by Boost's clock or Greenway's") {
  const FiberHost host;
  std::vector<int> order;
  std::vector<fiber> fibers;
  // Of one moment: a thread that is held up between two fibers changes nothing.
  const auto start = std::chrono::steady_clock::now();
  fibers.emplace_back([&] { sleep_for(start + 400ms - std::chrono::steady_clock::now()); order.push_back(4); });
  fibers.emplace_back([&] { boost::this_fiber::sleep_until(start + 300ms); order.push_back(3); });
  fibers.emplace_back([&] { sleep_for(start + 200ms - std::chrono::steady_clock::now()); order.push_back(2); });
  fibers.emplace_back([&] { boost::this_fiber::sleep_until(start + 100ms); order.push_back(1); });
  for (fiber& each : fibers) {
    each.join();
  }
  CHECK(order == std::vector<int>{1, 2, 3, 4});
}

TEST_CASE("fibers that are always ready do not keep a descriptor from being seen") {
  const FiberHost host;
  const Pair pair;
  bool is_over = false;
  fiber busy([&] {
    while (!is_over) {
      boost::this_fiber::yield();
    }
  });
  fiber reader([&] {
    wait_readable(pair.near());
    is_over = true;
  });
  boost::this_fiber::yield();
  pair.send();
  busy.join();
  reader.join();
  CHECK(is_over);
}

TEST_CASE("get() and await_only() in a fiber suspend that fiber until the greenlet has ended") {
  const FiberHost host;
  std::vector<std::string> seen;
  fiber asking([&] {
    CHECK(in_greenlet());
    seen.push_back(greenlet_spawn([] {
                     sleep_for(1ms);
                     return std::string("got");
                   }).get());
    auto operation = greenlet_spawn([] {
      yield();
      return std::string("awaited");
    });
    seen.push_back(await_only(operation));
  });
  fiber other([&] { seen.emplace_back("ran"); });
  asking.join();
  other.join();
  CHECK(seen == std::vector<std::string>{"ran", "got", "awaited"});
}

TEST_CASE("the main fiber waits as others do") {
  const FiberHost host;
  bool has_run = false;
  fiber other([&] { has_run = true; });
  sleep_for(1ms);
  CHECK(has_run);
  other.join();
}

TEST_CASE("a mutex and a channel serve fibers and greenlets alike") {
  const FiberHost host;
  Mutex mutex;
  Channel<int> channel(1);
  std::vector<std::string> seen;
  fiber holder([&] {
    const std::lock_guard lock(mutex);
    sleep_for(1ms);
    seen.emplace_back("fiber");
  });
  boost::this_fiber::yield();
  auto greenlet = greenlet_spawn([&] {
                    const std::lock_guard lock(mutex);
                    seen.emplace_back("greenlet");
                    for (int i = 0; i < 3; ++i) {
                      channel.send(i);
                    }
                    channel.close();
                  }).to_future();
  int sum = 0;
  fiber receiver([&] {
    while (const auto value = channel.receive()) {
      sum += *value;
    }
  });
  receiver.join();
  holder.join();
  greenlet.get();
  CHECK(seen == std::vector<std::string>{"fiber", "greenlet"});
  CHECK(sum == 3);
}

TEST_CASE("what another thread does for a fiber suspends only that fiber") {
  const FiberHost host;
  Event others_ran;
  bool has_run = false;
  fiber asking([&] { offload([&] { others_ran.wait(); }); });
  fiber other([&] {
    has_run = true;
    others_ran.set();
  });
  asking.join();
  other.join();
  CHECK(has_run);
}

TEST_CASE("another thread's wake reaches a thread whose fibers all wait") {
  const FiberHost host;
  Event event;
  std::thread waker([&] { event.set(); });
  event.wait(Deadline::in(10s));
  waker.join();
  boost::fibers::promise<int> promise;
  auto future = promise.get_future();
  std::thread poster([&, home = Host::current()] { home->post([&] { promise.set_value(7); }); });
  CHECK(future.get() == 7);
  poster.join();
}

TEST_CASE("a fiber's scopes and locals are its own") {
  const FiberHost host;
  static GreenletLocal<int> local;
  std::vector<std::string> seen;
  fiber bounded([&] {
    local.get() = 1;
    try {
      with_timeout(5ms, [] { sleep_for(10s); });
    } catch (const TimeoutError&) {
      seen.emplace_back("timed out " + std::to_string(local.get()));
    }
  });
  fiber unbounded([&] {
    local.get() = 2;
    const CancelScope scope;
    sleep_for(30ms);
    seen.emplace_back("slept " + std::to_string(local.get()));
  });
  bounded.join();
  unbounded.join();
  CHECK(seen == std::vector<std::string>{"timed out 1", "slept 2"});
}

TEST_CASE("a fiber is cancelled by a scope of its own that another fiber cancels") {
  const FiberHost host;
  CancelScope* scope = nullptr;
  bool is_cancelled = false;
  fiber waiting([&] {
    CancelScope mine;
    scope = &mine;
    try {
      sleep_for(10s);
    } catch (const Cancelled&) {
      is_cancelled = true;
    }
  });
  boost::this_fiber::yield();
  scope->cancel();
  waiting.join();
  CHECK(is_cancelled);
}

TEST_CASE("what the loop calls back cannot wait, and says so") {
  FiberHost host;
  boost::fibers::promise<std::string> refused;
  auto future = refused.get_future();
  host.post([&] {
    Event never;
    try {
      never.wait();
    } catch (const WouldBlockLoop& error) {
      refused.set_value(error.what());
    }
  });
  CHECK(future.get().find("block the event loop") != std::string::npos);
}

TEST_CASE("a raw greenlet on top of a fiber cannot wait, and says so") {
  const FiberHost host;
  std::string refused;
  fiber raw([&] {
    Greenlet greenlet([&] {
      try {
        sleep_for(1ms);
      } catch (const GreenletError& error) {
        refused = error.what();
      }
    });
    greenlet.switch_to();
  });
  raw.join();
  CHECK(refused.find("another library's fiber") != std::string::npos);
}

TEST_CASE("a raw greenlet whose fiber is at rest ends in the fiber that runs") {
  const FiberHost host;
  Greenlet greenlet;
  bool has_ended = false;
  fiber maker([&] {
    greenlet = Greenlet([&] { has_ended = true; });
    sleep_for(20ms);
  });
  fiber other([&] {
    greenlet.switch_to();
    CHECK(has_ended);
  });
  other.join();
  maker.join();
  CHECK(greenlet.dead());
}

TEST_CASE("a thousand fibers wait side by side") {
  const FiberHost host;
  int done = 0;
  std::vector<fiber> fibers;
  for (int i = 0; i < 1000; ++i) {
    fibers.emplace_back([&] {
      sleep_for(1ms);
      yield();
      ++done;
    });
  }
  for (fiber& each : fibers) {
    each.join();
  }
  CHECK(done == 1000);
}
