// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <coroutine>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/greenlet.hpp>
#include <greenway/runtime/loop_host.hpp>
#include <greenway/runtime/wait.hpp>
#include <greenway/runtime/waiter.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;

namespace {

using greenway::greenlet_spawn;

/// Cannot be made by default, nor copied.
struct Ticket {
  explicit Ticket(int n) : number(n) {}
  Ticket(Ticket&&) = default;
  Ticket& operator=(Ticket&&) = default;
  int number;
};

/// Somebody else's coroutine type, which knows nothing of us.
struct ForeignCoroutine {
  struct promise_type {
    ForeignCoroutine get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

/// Somebody else's awaitable: resumes what awaits it on another thread.
struct OnAnotherThread {
  int value;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> caller) {
    std::thread([caller] { caller.resume(); }).detach();
  }
  int await_resume() const {
    if (value < 0) {
      throw std::range_error("negative");
    }
    return value;
  }
};

struct Ready {
  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  std::string await_resume() const { return "ready"; }
};

}  // namespace

TEST_CASE("an operation runs nothing before it is consumed") {
  bool has_run = false;
  {
    auto operation = greenlet_spawn([&] { has_run = true; });
    CHECK_FALSE(has_run);
  }
  CHECK_FALSE(has_run);
}

TEST_CASE("a consumed operation runs at once up to its first suspension") {
  greenway::run([] {
    std::vector<std::string> order;
    auto future = greenlet_spawn([&] {
                    order.emplace_back("before");
                    greenway::yield();
                    order.emplace_back("after");
                  }).to_future();
    order.emplace_back("caller");
    future.get();
    CHECK(order == std::vector<std::string>{"before", "caller", "after"});
  });
}

TEST_CASE("consuming an operation twice is an error") {
  greenway::run([] {
    auto operation = greenlet_spawn([] { return 1; });
    CHECK(operation.get() == 1);
    CHECK_THROWS_AS(operation.get(), greenway::InvalidRequestError);
    auto moved = greenlet_spawn([] { return 1; });
    auto target = std::move(moved);
    CHECK_THROWS_AS(moved.get(), greenway::InvalidRequestError);
    CHECK(target.get() == 1);
  });
}

TEST_CASE("arguments are copied as by std::thread, and std::ref opts out") {
  int counter = 0;
  const std::string text = "kept";
  const auto work = [](int& target, std::unique_ptr<int> owned, std::string copy) {
    target += *owned;
    return copy;
  };
  CHECK(greenlet_spawn(work, std::ref(counter), std::make_unique<int>(5), text).get() == "kept");
  CHECK(counter == 5);
}

TEST_CASE("a result need be neither default-constructible nor copyable, and may be a reference") {
  CHECK(greenlet_spawn([] { return Ticket(7); }).get().number == 7);
  int target = 0;
  greenlet_spawn([&]() -> int& { return target; }).get() = 9;
  CHECK(target == 9);
}

TEST_CASE("a foreign coroutine type awaits an operation") {
  std::optional<int> result;
  std::string error;
  greenway::run([&] {
    greenway::Waiter ended;
    const auto coroutine = [&]() -> ForeignCoroutine {
      result = co_await greenlet_spawn([] {
        greenway::sleep_for(1ms);
        return 5;
      });
      try {
        co_await greenlet_spawn([] { throw std::domain_error("inside"); });
      } catch (const std::domain_error& caught) {
        error = caught.what();
      }
      ended.wake();
    };
    coroutine();
    CHECK_FALSE(result);
    ended.wait();
  });
  CHECK(result == 5);
  CHECK(error == "inside");
}

TEST_CASE("start calls back once, with the value or the error") {
  greenway::run([] {
    std::vector<std::string> seen;
    greenway::Waiter all_seen;
    const auto note = [&](greenway::Outcome<int>&& outcome) {
      try {
        seen.push_back(std::to_string(std::move(outcome).get()));
      } catch (const std::exception& error) {
        seen.emplace_back(error.what());
      }
      if (seen.size() == 3) {
        all_seen.wake();
      }
    };
    greenlet_spawn([] { return 1; }).start(note);
    greenlet_spawn([]() -> int { throw std::runtime_error("failed"); }).start(note);
    greenlet_spawn([] {
      greenway::sleep_for(1ms);
      return 2;
    }).start(note);
    all_seen.wait();
    CHECK(seen == std::vector<std::string>{"1", "failed", "2"});
  });
}

TEST_CASE("without a loop, get makes a private one and the other doors say NoHost") {
  CHECK(greenlet_spawn([] { return greenway::in_greenlet(); }).get());
  CHECK_THROWS_AS(greenlet_spawn([] {}).to_future(), greenway::NoHost);
  CHECK_THROWS_AS(greenlet_spawn([] {}).start([](auto&&) {}), greenway::NoHost);
}

TEST_CASE("an exception in the awaited thing appears at the await point, and unhandled at the spawner") {
  const auto fail = []() -> int { throw std::out_of_range("row 7"); };
  std::string at_await_point;
  CHECK_THROWS_WITH(greenway::run([&] {
                      try {
                        return greenway::await_only(greenlet_spawn(fail));
                      } catch (const std::out_of_range& error) {
                        at_await_point = error.what();
                        throw;
                      }
                    }),
                    "row 7");
  CHECK(at_await_point == "row 7");
  CHECK_THROWS_AS(greenway::run([&] { return greenway::await_only(greenlet_spawn(fail)); }), std::out_of_range);
}

TEST_CASE("await_only outside a greenlet throws MissingGreenlet, says what to do, and starts nothing") {
  bool has_run = false;
  std::string message;
  try {
    greenway::await_only(greenlet_spawn([&] { has_run = true; }));
  } catch (const greenway::MissingGreenlet& error) {
    message = error.what();
  }
  CHECK_THAT(message, Catch::Contains("greenlet_spawn()"));
  CHECK_FALSE(has_run);
}

TEST_CASE("await_fallback blocks where await_only throws") {
  CHECK(greenway::await_fallback(greenlet_spawn([] {
    greenway::sleep_for(1ms);
    return 3;
  })) == 3);
  CHECK(greenway::await_fallback(Ready()) == "ready");
}

TEST_CASE("synchronous code awaits foreign awaitables, ready or resumed on another thread") {
  greenway::run([] {
    CHECK(greenway::await_only(Ready()) == "ready");
    CHECK(greenway::await_only(OnAnotherThread{4}) == 4);
    CHECK_THROWS_AS(greenway::await_only(OnAnotherThread{-1}), std::range_error);
  });
}

TEST_CASE("a function that must wait and does not is reported on request") {
  greenway::GreenletOptions options;
  options.require_await = true;
  CHECK_THROWS_AS(greenlet_spawn(options, [] { return 1; }).get(), greenway::AwaitRequired);
  CHECK(greenlet_spawn(options, [] {
          greenway::sleep_for(1ms);
          return 1;
        }).get() == 1);
}

TEST_CASE("500 concurrent spawns do not mix their results") {
  greenway::run([] {
    std::vector<greenway::Future<int>> futures;
    for (int i = 0; i < 500; ++i) {
      futures.push_back(greenlet_spawn([i] {
                          for (int turn = 0; turn < i % 5; ++turn) {
                            greenway::sleep_for(std::chrono::microseconds(i % 7 * 50));
                          }
                          return i;
                        }).to_future());
    }
    int wrong = 0;
    for (int i = 0; i < 500; ++i) {
      wrong += futures[static_cast<std::size_t>(i)].get() == i ? 0 : 1;
    }
    CHECK(wrong == 0);
  });
}

TEST_CASE("a raw greenlet made inside a spawned one can wait, and values still switch") {
  CHECK(greenway::run([] {
          greenway::Greenlet producer([] {
            for (int i = 1; i <= 3; ++i) {
              greenway::sleep_for(1ms);
              greenway::Greenlet::current().parent().switch_to(i);
            }
          });
          int sum = 0;
          for (greenway::Parcel next = producer.switch_to(); next.has_value(); next = producer.switch_to()) {
            sum += std::any_cast<int>(next);
          }
          return sum;
        }) == 6);
}

TEST_CASE("blocking on the thread whose loop is running is refused instead of deadlocking") {
  greenway::run([] {
    const auto look = []() -> greenway::Task<std::string> {
      try {
        greenlet_spawn([] {}).get();
      } catch (const greenway::WouldBlockLoop& error) {
        co_return error.what();
      }
      co_return "";
    };
    CHECK_THAT(greenway::await_only(look()), Catch::Contains("co_await"));
  });
}

TEST_CASE("another thread waits for an operation of a running loop") {
  greenway::LoopHost loop;
  bool is_done = false;
  int result = 0;
  std::thread other([&] {
    greenway::GreenletOptions options;
    options.host = &loop;
    result = greenlet_spawn(options, [] {
               greenway::sleep_for(1ms);
               return 11;
             }).get();
    greenlet_spawn(options, [&] { is_done = true; }).get();
  });
  loop.run_until(is_done);
  other.join();
  CHECK(result == 11);
}
