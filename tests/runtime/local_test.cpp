// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/context.hpp>
#include <greenway/runtime/greenlet.hpp>
#include <greenway/runtime/greenlet_local.hpp>
#include <greenway/runtime/loop_host.hpp>
#include <greenway/runtime/task_group.hpp>
#include <greenway/runtime/wait.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace greenway;

TEST_CASE("each greenlet has a value of its own, made when it is first asked for, and so has the thread outside") {
  int made = 0;
  GreenletLocal<int> local([&] { return ++made; });
  CHECK(*local == 1);
  std::vector<int> seen;
  run([&] {
    TaskGroup group;
    for (int i = 0; i < 3; ++i) {
      group.spawn([&] {
        CHECK_FALSE(local.has_value());
        const int mine = *local;
        yield();
        seen.push_back(*local == mine ? mine : 0);
      });
    }
    group.wait();
    CHECK_FALSE(local.has_value());
  });
  CHECK(seen == std::vector<int>{2, 3, 4});
  CHECK(*local == 1);
  std::thread([&] { CHECK(*local == 5); }).join();
}

TEST_CASE("a greenlet's values are destroyed on its own stack, last made first, and may wait there") {
  std::vector<std::string> log;
  struct Closing {
    std::vector<std::string>* log;
    std::string name;
    ~Closing() {
      if (log != nullptr) {
        log->push_back("closing " + name);
        yield();
        log->push_back(name + " is closed");
      }
    }
  };
  GreenletLocal<Closing> first([&] { return Closing{&log, "first"}; });
  GreenletLocal<Closing> second([&] { return Closing{&log, "second"}; });
  run([&] {
    greenlet_spawn([&] {
      first.get();
      second.get();
      sleep_for(1ms);
    }).get();
    log.emplace_back("ended");
  });
  CHECK(log == std::vector<std::string>{"closing second", "second is closed", "closing first", "first is closed", "ended"});
}

TEST_CASE("values are destroyed once, however the greenlet ends") {
  struct Counted {
    explicit Counted(int& n) : count(&n) {}
    ~Counted() { ++*count; }
    int* count;
  };
  int destroyed = 0;
  GreenletLocal<std::unique_ptr<Counted>> local([&] { return std::make_unique<Counted>(destroyed); });
  SECTION("by an exception") {
    CHECK_THROWS_AS(run([&] {
                      local.get();
                      throw std::runtime_error("on purpose");
                    }),
                    std::runtime_error);
  }
  SECTION("by a cancellation") {
    CHECK_THROWS_AS(run([&] {
                      with_timeout(1ms, [&] {
                        local.get();
                        sleep_for(1h);
                      });
                    }),
                    TimeoutError);
  }
  SECTION("a raw one, by its last handle") {
    Greenlet greenlet([&] {
      local.get();
      Greenlet::current().parent().switch_to();
    });
    greenlet.switch_to();
    CHECK(destroyed == 0);
  }
  SECTION("a raw one, by itself") {
    Greenlet([&] { local.get(); }).switch_to();
  }
  SECTION("with its thread") {
    std::thread([&] { local.get(); }).join();
  }
  CHECK(destroyed == 1);
}

TEST_CASE("a destructor may ask for values, which are destroyed too") {
  int destroyed = 0;
  struct Counted {
    int* count = nullptr;
    ~Counted() { *count += 1; }
  };
  GreenletLocal<Counted> late([&] { return Counted{&destroyed}; });
  struct Asking {
    GreenletLocal<Counted>* other;
    ~Asking() { other->get(); }
  };
  GreenletLocal<Asking> early([&] { return Asking{&late}; });
  run([&] { early.get(); });
  CHECK(destroyed == 1);
}

TEST_CASE("a greenlet shares the context of its spawner: what either sets, both see") {
  ContextVar<std::string> name("nobody");
  CHECK(name.get() == "nobody");
  GreenletContext().run([&] {
    name.set("outside");
    run([&] {
      CHECK(name.get() == "outside");
      greenlet_spawn([&] {
        CHECK(name.get() == "outside");
        yield();
        name.set("inside");
      }).get();
      CHECK(name.get() == "inside");
    });
    CHECK(name.get() == "inside");
  });
  CHECK(name.get() == "nobody");
}

TEST_CASE("a thread's own context is shared by its greenlets as well") {
  std::thread([] {
    ContextVar<int> number(1);
    run([&] { number.set(2); });
    CHECK(number.get() == 2);
    std::thread([&] { CHECK(number.get() == 1); }).join();
  }).join();
}

TEST_CASE("greenlets that are bound to contexts of their own never see each other's values") {
  ContextVar<int> request;
  int right = 0;
  run([&] {
    TaskGroup group;
    for (int i = 0; i < 500; ++i) {
      group.spawn(GreenletContext().bind([&, i] {
        request.set(i);
        yield();
        const int below = greenlet_spawn([&] {
                            yield();
                            return request.get();
                          }).get();
        right += request.get() == i && below == i ? 1 : 0;
      }));
    }
    group.wait();
  });
  CHECK(right == 500);
  CHECK(request.get() == 0);
}

TEST_CASE("a copy of a context has its values and goes its own way") {
  ContextVar<int> number;
  const GreenletContext original;
  original.run([&] { number.set(1); });
  const GreenletContext copy = original.copy();
  CHECK_FALSE(copy == original);
  copy.run([&] {
    CHECK(number.get() == 1);
    CHECK(GreenletContext::current() == copy);
    number.set(2);
  });
  CHECK(original.run([&] { return number.get(); }) == 1);
}

TEST_CASE("a context goes with a greenlet that is spawned on another thread's loop") {
  ContextVar<int> number;
  LoopHost loop;
  GreenletContext().run([&] {
    number.set(1);
    GreenletOptions options;
    options.host = &loop;
    bool is_done = false;
    greenlet_spawn(options, [&] {
      number.set(number.get() + 1);
    }).start([&](auto&&) { is_done = true; });
    std::thread([&] { loop.run_until(is_done); }).join();
    CHECK(number.get() == 2);
  });
}
