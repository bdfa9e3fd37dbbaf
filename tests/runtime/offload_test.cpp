// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/offload.hpp>
#include <greenway/runtime/wait.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;

namespace {

/// Runs `body` as a plain function and in a greenlet.
template <class F>
void in_thread_and_greenlet(F body) {
  SECTION("in a thread") { body(); }
  SECTION("in a greenlet") { greenway::run(body); }
}

}  // namespace

TEST_CASE("offload runs on another thread and brings back the value or the exception") {
  in_thread_and_greenlet([] {
    const auto here = std::this_thread::get_id();
    CHECK(greenway::offload([&] { return std::this_thread::get_id() != here; }));
    CHECK_THROWS_WITH(greenway::offload([]() -> int { throw std::runtime_error("from the helper"); }), "from the helper");
    CHECK(*greenway::offload([] { return std::make_unique<int>(3); }) == 3);
  });
}

TEST_CASE("the loop goes on while a helper works") {
  std::promise<void> gate;
  int turns = 0;
  greenway::run([&] {
    auto work = greenway::greenlet_spawn([&] { greenway::offload([&] { gate.get_future().wait(); }); }).to_future();
    for (; turns < 10; ++turns) {
      greenway::yield();
    }
    gate.set_value();
    work.get();
  });
  CHECK(turns == 10);
}

TEST_CASE("a cancelled greenlet waits for the function that uses its stack, and then sees the cancellation") {
  std::promise<void> gate;
  std::atomic<bool> has_run{false};
  greenway::run([&] {
    bool went_on = false;
    auto operation = greenway::greenlet_spawn([&] {
      greenway::offload([&] {
        gate.get_future().wait();
        has_run = true;
      });
      went_on = has_run;
      greenway::yield();
    });
    const auto cancel = operation.canceller();
    auto future = operation.to_future();
    cancel();
    greenway::yield();
    CHECK_FALSE(went_on);
    gate.set_value();
    CHECK_THROWS_AS(future.get(), greenway::OperationCancelled);
    CHECK(went_on);
  });
}

TEST_CASE("a detached call that misses its deadline is left to end by itself") {
  in_thread_and_greenlet([] {
    auto gate = std::make_shared<std::promise<void>>();
    auto ended = std::make_shared<std::promise<void>>();
    CHECK_THROWS_AS(greenway::offload_detached(
                        [gate, ended] {
                          gate->get_future().wait();
                          ended->set_value();
                        },
                        greenway::Deadline::in(2ms)),
                    greenway::TimeoutError);
    gate->set_value();
    ended->get_future().wait();
    CHECK(greenway::offload_detached([] { return 5; }, greenway::Deadline::in(10s)) == 5);
  });
}

TEST_CASE("a worker runs everything on its own one thread, in the order it was handed over") {
  std::vector<int> order;
  std::vector<std::thread::id> threads;
  greenway::ThreadWorker worker;
  greenway::run([&] {
    std::vector<greenway::Future<void>> callers;
    for (int i = 0; i < 5; ++i) {
      callers.push_back(greenway::greenlet_spawn([&, i] {
                          worker.run([&] {
                            order.push_back(i);
                            threads.push_back(std::this_thread::get_id());
                          });
                        }).to_future());
    }
    for (auto& caller : callers) {
      caller.get();
    }
  });
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
  CHECK(std::all_of(threads.begin(), threads.end(), [&](auto id) { return id == threads.front(); }));
  CHECK(threads.front() != std::this_thread::get_id());
}

TEST_CASE("a worker that has quit refuses work, and quitting twice does nothing") {
  greenway::ThreadWorker worker;
  bool last_has_run = false;
  worker.run([] {});
  worker.quit([&] { last_has_run = true; });
  worker.quit();
  CHECK_THROWS_AS(worker.run([] {}), greenway::AlreadyQuit);
}

TEST_CASE("a cancelled run leaves the next one its own result") {
  greenway::ThreadWorker worker;
  std::promise<void> gate;
  greenway::run([&] {
    auto first = greenway::greenlet_spawn([&] {
      worker.run([&] { gate.get_future().wait(); });
      greenway::yield();
      return 1;
    });
    const auto cancel = first.canceller();
    auto first_result = first.to_future();
    auto second = greenway::greenlet_spawn([&] { return worker.run([] { return 2; }); }).to_future();
    cancel();
    gate.set_value();
    CHECK_THROWS_AS(first_result.get(), greenway::OperationCancelled);
    CHECK(second.get() == 2);
  });
}

TEST_CASE("work that can be interrupted is, when its caller is cancelled") {
  greenway::ThreadWorker worker;
  std::atomic<bool> stop{false};
  greenway::run([&] {
    CHECK_THROWS_AS(greenway::with_timeout(2ms,
                                           [&] {
                                             worker.run_interruptible(
                                                 [&] {
                                                   while (!stop) {
                                                     std::this_thread::yield();
                                                   }
                                                   throw greenway::Cancelled();
                                                 },
                                                 [&] { stop = true; });
                                           }),
                    greenway::TimeoutError);
  });
}
