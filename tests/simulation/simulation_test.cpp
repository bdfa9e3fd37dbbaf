// SPDX-License-Identifier: BSL-1.0

// Time and order of a simulation.

#include <algorithm>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <greenway/base/error.hpp>
#include <greenway/runtime/event.hpp>
#include <greenway/runtime/mutex.hpp>
#include <greenway/runtime/offload.hpp>
#include <greenway/runtime/simulated_host.hpp>
#include <greenway/runtime/task_group.hpp>
#include <greenway/runtime/wait.hpp>

#include "support/catch.hpp"

using namespace greenway;
using namespace std::chrono_literals;

namespace {

SimulationOptions seeded(std::uint64_t seed) {
  SimulationOptions options;
  options.seed = seed;
  return options;
}

/// Eight greenlets that are ready at a time, three times over: the order in which they went on.
std::string order_of(SimulatedHost& host) {
  std::string order;
  host.run([&] {
    TaskGroup group;
    for (char name = 'a'; name != 'i'; ++name) {
      group.spawn([&order, name] {
        for (int i = 0; i < 3; ++i) {
          sleep_for(1s);
          order += name;
        }
      });
    }
    group.wait();
  });
  return order;
}

std::string order_of_seed(std::uint64_t seed) {
  SimulatedHost host(seeded(seed));
  return order_of(host);
}

/// A bank that forgets that others run while it waits.
class CarelessAccount {
 public:
  void pay_in(int amount) {
    const int before = balance_;
    yield();
    if (before % 2 == 1) {
      yield();  // only one way through is long enough to be overtaken
    }
    balance_ = before + amount;
  }
  [[nodiscard]] int balance() const noexcept { return balance_; }

 private:
  int balance_ = 0;
};

}  // namespace

TEST_CASE("hours of a simulation pass at once, and deadlines with them") {
  SimulatedHost host;
  const auto really = std::chrono::steady_clock::now();
  std::vector<std::string> seen;
  host.run([&] {
    const TimePoint begin = Clock::now();
    sleep_for(1000h);
    seen.emplace_back(Clock::now() - begin == 1000h ? "slept" : "slept wrongly");
    try {
      with_timeout(24h, [] { Event().wait(); });
    } catch (const TimeoutError&) {
      seen.emplace_back(Clock::now() - begin == 1024h ? "timed out" : "timed out wrongly");
    }
  });
  CHECK(seen == std::vector<std::string>{"slept", "timed out"});
  CHECK(host.elapsed() == 1024h);
  CHECK(std::chrono::steady_clock::now() - really < 60s);
}

TEST_CASE("after a simulation the time is the time again") {
  { const SimulatedHost host; }
  const auto really = std::chrono::steady_clock::now();
  CHECK(Clock::now() - really < 60s);
  CHECK(Clock::now() >= really);
}

TEST_CASE("a thread is in one simulation at a time, and others keep their time") {
  const SimulatedHost host;
  CHECK_THROWS_AS(SimulatedHost(), InvalidRequestError);
  bool is_real = false;
  std::thread([&] { is_real = Clock::now() - std::chrono::steady_clock::now() < 60s; }).join();
  CHECK(is_real);
}

TEST_CASE("outside greenlets a bounded wait of a simulation passes its bound at once") {
  const SimulatedHost host;
  const TimePoint begin = Clock::now();
  sleep_for(5h);
  CHECK(Clock::now() == begin + 5h);
  CHECK_FALSE(Waiter().wait(Deadline::in(5h)));
  CHECK(Clock::now() == begin + 10h);
}

TEST_CASE("the same seed gives the same order and the same trace") {
  SimulatedHost first(seeded(7));
  const std::string order = order_of(first);
  const std::vector<std::string> trace = first.trace();
  std::vector<std::string> again;
  std::string order_again;
  std::thread([&] {
    SimulatedHost second(seeded(7));
    order_again = order_of(second);
    again = second.trace();
  }).join();
  CHECK(order == order_again);
  CHECK(trace == again);
  CHECK(trace.size() > 24);
}

TEST_CASE("other seeds give other orders, and each keeps what a greenlet does in its order") {
  std::vector<std::string> orders;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    orders.push_back(order_of_seed(seed));
    for (std::size_t round = 0; round < 3; ++round) {
      std::string turn = orders.back().substr(8 * round, 8);
      std::sort(turn.begin(), turn.end());
      CHECK(turn == "abcdefgh");
    }
  }
  std::sort(orders.begin(), orders.end());
  CHECK(std::unique(orders.begin(), orders.end()) == orders.end());
}

TEST_CASE("without shuffling a simulation resumes in the order of readiness") {
  SimulationOptions options;
  options.shuffle = false;
  SimulatedHost host(options);
  std::string order;
  host.run([&] {
    TaskGroup group;
    for (char name = 'a'; name != 'i'; ++name) {
      group.spawn([&order, name] {
        for (int i = 0; i < 3; ++i) {
          yield();
          order += name;
        }
      });
    }
    group.wait();
  });
  CHECK(order == "abcdefghabcdefghabcdefgh");
}

TEST_CASE("a sweep over seeds finds a race that the order of readiness hides") {
  const auto balance_after = [](SimulationOptions options) {
    SimulatedHost host(options);
    CarelessAccount account;
    host.run([&] {
      account.pay_in(1);
      TaskGroup group;
      group.spawn([&] { account.pay_in(2); });
      yield();
      yield();
      yield();
      group.spawn([&] { account.pay_in(2); });
      group.wait();
    });
    return account.balance();
  };
  SimulationOptions in_order;
  in_order.shuffle = false;
  CHECK(balance_after(in_order) == 5);
  int found = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    found += balance_after(seeded(seed)) != 5 ? 1 : 0;
  }
  CHECK(found > 0);
  CHECK(found < 100);
}

TEST_CASE("a deadlock in a simulation is reported with those that wait") {
  SimulatedHost host;
  Mutex a;
  Mutex b;
  std::string message;
  try {
    host.run([&] {
      const auto lock_both = [](Mutex& first, Mutex& second) {
        const std::lock_guard outer(first);
        sleep_for(1s);
        const std::lock_guard inner(second);
      };
      TaskGroup group;
      group.spawn([&] { lock_both(a, b); });
      group.spawn([&] { lock_both(b, a); });
      group.wait();
    });
  } catch (const InvalidRequestError& error) {
    message = error.what();
  }
  CHECK(message.find("nothing can happen any more") != std::string::npos);
  CHECK(message.find("main") != std::string::npos);
  CHECK(message.find("mutex") != std::string::npos);
}

TEST_CASE("a simulation waits in earnest for a helper thread when no deadline is left") {
  SimulatedHost host;
  int answer = 0;
  host.run([&] { answer = offload([] { return 42; }); });
  CHECK(answer == 42);
  CHECK(host.elapsed() == 0s);
}

TEST_CASE("a simulation that ends unwinds what is suspended in it") {
  int ended = 0;
  {
    SimulatedHost host;
    host.run([&] {
      for (int i = 0; i < 3; ++i) {
        greenlet_spawn([&] {
          try {
            sleep_for(1h);
          } catch (const Cancelled&) {
            ++ended;
            throw;
          }
        }).start([](Outcome<void>&&) {});
      }
    });
    CHECK(ended == 0);
  }
  CHECK(ended == 3);
}
