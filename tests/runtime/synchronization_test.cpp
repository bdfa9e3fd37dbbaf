// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/channel.hpp>
#include <greenway/runtime/event.hpp>
#include <greenway/runtime/mutex.hpp>
#include <greenway/runtime/semaphore.hpp>
#include <greenway/runtime/task_group.hpp>
#include <greenway/runtime/wait.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace greenway;

TEST_CASE("a mutex held across a wait keeps the others out, and is handed over in the order of arrival") {
  run([] {
    Mutex mutex;
    std::vector<int> order;
    int inside = 0;
    int most_inside = 0;
    TaskGroup group;
    for (int i = 0; i < 5; ++i) {
      group.spawn([&, i] {
        const std::lock_guard lock(mutex);
        most_inside = std::max(most_inside, ++inside);
        yield();
        order.push_back(i);
        --inside;
      });
    }
    group.wait();
    CHECK(most_inside == 1);
    CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
  });
}

TEST_CASE("greenlets of two loops and a thread exclude one another by one mutex") {
  Mutex mutex;
  int count = 0;
  const auto work = [&] {
    for (int i = 0; i < 500; ++i) {
      const std::lock_guard lock(mutex);
      ++count;
    }
  };
  const auto loop = [&] {
    run([&] {
      TaskGroup group;
      for (int i = 0; i < 4; ++i) {
        group.spawn(work);
      }
      group.wait();
    });
  };
  std::thread first(loop);
  std::thread second(loop);
  work();
  first.join();
  second.join();
  CHECK(count == 9 * 500);
}

TEST_CASE("a waiter that is cancelled or times out leaves the permit to the next") {
  run([] {
    Semaphore semaphore(1);
    semaphore.acquire();
    CHECK_THROWS_AS(semaphore.acquire(Deadline::in(1ms)), TimeoutError);
    CHECK_THROWS_AS(with_timeout(1ms, [&] { semaphore.acquire(); }), TimeoutError);
    bool was_served = false;
    TaskGroup group;
    group.spawn([&] {
      semaphore.acquire();
      was_served = true;
    });
    semaphore.release();
    group.wait();
    CHECK(was_served);
    CHECK_FALSE(semaphore.try_acquire());
  });
}

TEST_CASE("a permit that is released while its waiter is cancelled is not lost") {
  run([] {
    for (int turn = 0; turn < 3; ++turn) {
      Semaphore semaphore(0);
      auto waiting = greenlet_spawn([&] {
        semaphore.acquire();
        semaphore.release();
        yield();
      });
      const auto cancel = waiting.canceller();
      auto future = waiting.to_future();
      if (turn == 0) {
        semaphore.release();
        cancel();
      } else {
        cancel();
        semaphore.release();
      }
      CHECK_THROWS_AS(future.get(), OperationCancelled);
      CHECK(semaphore.try_acquire());
    }
  });
}

TEST_CASE("a condition wakes who waits, and its lock is held again") {
  run([] {
    Mutex mutex;
    Condition changed;
    int stage = 0;
    TaskGroup group;
    group.spawn([&] {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return stage == 1; });
      CHECK_FALSE(mutex.try_lock());
      stage = 2;
      changed.notify_all();
    });
    {
      const std::lock_guard lock(mutex);
      stage = 1;
    }
    changed.notify_one();
    std::unique_lock lock(mutex);
    CHECK(changed.wait(lock, [&] { return stage == 2; }, Deadline::in(10s)));
    CHECK_FALSE(changed.wait(lock, Deadline::in(1ms)));
    lock.unlock();
    group.wait();
  });
}

TEST_CASE("a cancelled wait for a condition holds the lock when it throws") {
  run([] {
    Mutex mutex;
    Condition never;
    std::unique_lock lock(mutex);
    CHECK_THROWS_AS(with_timeout(1ms, [&] { never.wait(lock); }), TimeoutError);
    CHECK(lock.owns_lock());
    CHECK_FALSE(mutex.try_lock());
  });
}

TEST_CASE("an event wakes everybody who waits, threads too, and stays set") {
  Event event;
  int woken = 0;
  std::thread thread([&] {
    run([&] {
      TaskGroup group;
      for (int i = 0; i < 3; ++i) {
        group.spawn([&] {
          event.wait();
          ++woken;
        });
      }
      group.wait();
    });
  });
  CHECK_THROWS_AS(event.wait(Deadline::in(1ms)), TimeoutError);
  event.set();
  event.wait();
  thread.join();
  CHECK(woken == 3);
  event.clear();
  CHECK_FALSE(event.is_set());
}

TEST_CASE("a channel delivers each value once and in order, between threads and greenlets, and ends when closed") {
  Channel<int> channel(2);
  std::vector<int> received;
  std::thread consumer([&] {
    run([&] {
      while (const auto value = channel.receive()) {
        received.push_back(*value);
      }
    });
  });
  for (int i = 0; i < 1000; ++i) {
    channel.send(i);
  }
  channel.close();
  consumer.join();
  REQUIRE(received.size() == 1000);
  CHECK(std::is_sorted(received.begin(), received.end()));
  CHECK_THROWS_AS(channel.send(1), ResourceClosedError);
  CHECK_FALSE(channel.receive().has_value());
}

TEST_CASE("a full channel makes its sender wait, and an empty one its receiver, within a bound") {
  run([] {
    Channel<std::string> channel(1);
    CHECK_THROWS_AS(channel.receive(Deadline::in(1ms)), TimeoutError);
    channel.send("first");
    CHECK_THROWS_AS(channel.send("second", Deadline::in(1ms)), TimeoutError);
    CHECK(channel.receive() == "first");
  });
}

TEST_CASE("a group waits for all its children") {
  int ended = 0;
  const auto work = [&] {
    TaskGroup group;
    for (int i = 0; i < 10; ++i) {
      group.spawn([&, i] {
        sleep_for(std::chrono::microseconds(i * 100));
        ++ended;
      });
    }
    group.wait();
    CHECK(ended == 10);
  };
  SECTION("in a thread") { work(); }
  SECTION("in a greenlet") { run(work); }
}

TEST_CASE("the first error of a group cancels the others and is thrown when they have ended") {
  const auto work = [] {
    int unwound = 0;
    TaskGroup group;
    for (int i = 0; i < 3; ++i) {
      group.spawn([&] {
        struct Guard {
          int& count;
          ~Guard() { ++count; }
        } guard{unwound};
        sleep_for(10s);
      });
    }
    group.spawn([] {
      yield();
      throw std::runtime_error("the first");
    });
    CHECK_THROWS_WITH(group.wait(), "the first");
    CHECK(unwound == 3);
  };
  SECTION("in a thread") { work(); }
  SECTION("in a greenlet") { run(work); }
}

TEST_CASE("a child that is spawned into a group that has failed is cancelled at its first suspension") {
  const auto work = [] {
    TaskGroup group;
    bool went_on = false;
    group.spawn([] { throw std::runtime_error("first"); });
    group.spawn([&] {
      Event().wait();
      went_on = true;
    });
    CHECK_THROWS_WITH(group.wait(), "first");
    CHECK_FALSE(went_on);
    group.spawn([&] { went_on = true; });
    group.wait();
    CHECK(went_on);  // it is as good as new
  };
  SECTION("in a thread") { work(); }
  SECTION("in a greenlet") { run(work); }
}

TEST_CASE("no child outlives its group, even when the group is left by an exception or a cancellation") {
  run([] {
    int unwound = 0;
    const auto child = [&] {
      struct Guard {
        int& count;
        ~Guard() { ++count; }
      } guard{unwound};
      sleep_for(10s);
    };
    CHECK_THROWS_AS([&] {
      TaskGroup group;
      group.spawn(child);
      throw std::logic_error("left");
    }(), std::logic_error);
    CHECK(unwound == 1);
    CHECK_THROWS_AS(with_timeout(1ms,
                                 [&] {
                                   TaskGroup group;
                                   group.spawn(child);
                                   group.wait();
                                 }),
                    TimeoutError);
    CHECK(unwound == 2);
  });
}

TEST_CASE("when_all gives all values, or the first error") {
  run([] {
    const auto [number, nothing, word] = when_all(greenlet_spawn([] {
                                                    sleep_for(1ms);
                                                    return 1;
                                                  }),
                                                  greenlet_spawn([] { yield(); }),
                                                  greenlet_spawn([] { return std::string("two"); }));
    CHECK(number == 1);
    CHECK(word == "two");
    CHECK(nothing == std::monostate());
    CHECK_THROWS_WITH(when_all(greenlet_spawn([] { sleep_for(10s); }), greenlet_spawn([] {
                                 yield();
                                 throw std::runtime_error("one failed");
                               })),
                      "one failed");
  });
}

TEST_CASE("when_any gives the first to end and cancels the others") {
  run([] {
    bool is_unwound = false;
    const auto [index, value] = when_any(greenlet_spawn([&] {
                                           struct Guard {
                                             bool& flag;
                                             ~Guard() { flag = true; }
                                           } guard{is_unwound};
                                           sleep_for(10s);
                                           return 1;
                                         }),
                                         greenlet_spawn([] {
                                           sleep_for(1ms);
                                           return 2;
                                         }));
    CHECK(index == 1);
    CHECK(value == 2);
    CHECK(is_unwound);
  });
}
