// SPDX-License-Identifier: BSL-1.0
//
// Each scenario is cancelled at its first suspension, then, begun anew, at its second, and so on, until it runs to its end.
// Whatever it was doing, nothing may be left behind.

#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <iterator>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/channel.hpp>
#include <greenway/runtime/context.hpp>
#include <greenway/runtime/event.hpp>
#include <greenway/runtime/greenlet.hpp>
#include <greenway/runtime/greenlet_local.hpp>
#include <greenway/runtime/live.hpp>
#include <greenway/runtime/loop_host.hpp>
#include <greenway/runtime/mutex.hpp>
#include <greenway/runtime/offload.hpp>
#include <greenway/runtime/semaphore.hpp>
#include <greenway/runtime/std_future.hpp>
#include <greenway/runtime/task_group.hpp>
#include <greenway/runtime/wait.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace greenway;

namespace {

constexpr auto moment = std::chrono::microseconds(50);

/// Counts what is alive of it.
class Tracked {
 public:
  Tracked() { ++alive; }
  Tracked(const Tracked&) { ++alive; }
  Tracked& operator=(const Tracked&) = default;
  ~Tracked() { --alive; }

  static inline int alive = 0;
};

/// @return For offload(): a function that returns `result` when the greenlet has suspended, so that its loop runs on.
auto once_suspended(int result) {
  return [&host = *Host::current(), result] {
    const auto loop_runs = std::make_shared<std::promise<void>>();
    host.post([loop_runs] { loop_runs->set_value(); });
    loop_runs->get_future().wait();
    return result;
  };
}

/// A clean-up that waits.
struct Closing {
  ~Closing() {
    try {
      const Shield shield(10s);
      sleep_for(moment);
      ++finished;
    } catch (...) {
    }
  }
  Tracked tracked;

  static inline int finished = 0;
};

struct Pipe {
  Pipe() {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) {
      throw std::runtime_error("no socket pair");
    }
  }
  ~Pipe() {
    close(fds[0]);
    close(fds[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void send() { [[maybe_unused]] const auto written = write(fds[1], "x", 1); }
  int fds[2];
};

/// What the scenarios share with their children, and what must be as before when they have ended.
struct World {
  Mutex mutex;
  Semaphore semaphore{2};
  ThreadWorker worker;
  GreenletLocal<Closing> local;
};

struct Scenario {
  const char* name;
  std::function<void(World&)> run;
};

Task<int> add_later(int a, int b) {
  const Tracked tracked;
  const int left = co_await greenlet_spawn([a] {
    sleep_for(moment);
    return a;
  });
  co_await greenlet_spawn([] { yield(); });
  co_return left + b;
}

int nested(int depth) {
  const Tracked tracked;
  yield();
  return depth == 0 ? 0 : 1 + greenlet_spawn(nested, depth - 1).get();
}

void in_group(World& world, int count, void (*child)(World&)) {
  TaskGroup group;
  for (int i = 0; i < count; ++i) {
    group.spawn([&world, child, tracked = Tracked()] { child(world); });
  }
  group.wait();
}

/// Numbers from a greenlet of their own, which hands each over by a switch.
void generate() {
  Greenlet generator([] {
    const Tracked tracked;
    for (int i = 0; i < 3; ++i) {
      Greenlet::current().parent().switch_to(i);
    }
  });
  int sum = 0;
  for (int i = 0; i < 3; ++i) {
    const Tracked tracked;
    sum += std::any_cast<int>(generator.switch_to());
    sleep_for(moment);
  }
  if (sum != 3) {
    throw std::logic_error("the generator lost a number");
  }
}

void fail_and_clean_up() {
  try {
    const Tracked tracked;
    throw std::runtime_error("the first");
  } catch (const std::runtime_error&) {
    sleep_for(moment);
    try {
      throw std::logic_error("the second");
    } catch (const std::logic_error& error) {
      yield();
      if (std::string(error.what()) != "the second") {
        throw;
      }
    }
    try {
      throw;
    } catch (const std::runtime_error& error) {
      if (std::string(error.what()) != "the first") {
        throw std::logic_error("the exception was lost");
      }
    }
  }
}

const Scenario scenarios[] = {
    {"sleep",
     [](World&) {
       for (int i = 0; i < 3; ++i) {
         const Tracked tracked;
         sleep_for(moment);
       }
     }},
    {"yield",
     [](World&) {
       const Tracked tracked;
       for (int i = 0; i < 10; ++i) {
         yield();
       }
     }},
    {"a registered descriptor",
     [](World&) {
       Pipe pipe;
       Descriptor descriptor(pipe.fds[0]);
       TaskGroup group;
       group.spawn([&] {
         for (int i = 0; i < 3; ++i) {
           sleep_for(moment);
           pipe.send();
         }
       });
       for (int i = 0; i < 3; ++i) {
         descriptor.wait(Interest::read);
         char byte = 0;
         [[maybe_unused]] const auto count = read(pipe.fds[0], &byte, 1);
       }
       group.wait();
     }},
    {"somebody else's descriptor",
     [](World&) {
       Pipe pipe;
       TaskGroup group;
       group.spawn([&] {
         wait_writable(pipe.fds[1]);
         pipe.send();
       });
       wait_readable(pipe.fds[0]);
       group.wait();
     }},
    {"mutex",
     [](World& world) {
       in_group(world, 3, [](World& w) {
         const std::lock_guard lock(w.mutex);
         sleep_for(moment);
       });
     }},
    {"semaphore",
     [](World& world) {
       in_group(world, 4, [](World& w) {
         w.semaphore.acquire();
         struct Release {
           Semaphore& semaphore;
           ~Release() { semaphore.release(); }
         } const release{w.semaphore};
         sleep_for(moment);
       });
     }},
    {"condition",
     [](World& world) {
       Condition changed;
       int stage = 0;
       TaskGroup group;
       group.spawn([&] {
         std::unique_lock lock(world.mutex);
         changed.wait(lock, [&] { return stage == 1; });
         stage = 2;
         changed.notify_all();
       });
       sleep_for(moment);
       std::unique_lock lock(world.mutex);
       stage = 1;
       changed.notify_one();
       changed.wait(lock, [&] { return stage == 2; });
       lock.unlock();
       group.wait();
     }},
    {"event",
     [](World&) {
       Event event;
       TaskGroup group;
       for (int i = 0; i < 3; ++i) {
         group.spawn([&, tracked = Tracked()] { event.wait(); });
       }
       sleep_for(moment);
       event.set();
       event.wait();
       group.wait();
     }},
    {"channel",
     [](World&) {
       Channel<Tracked> channel(1);
       TaskGroup group;
       group.spawn([&] {
         for (int i = 0; i < 4; ++i) {
           channel.send(Tracked());
         }
         channel.close();
       });
       while (channel.receive()) {
         sleep_for(moment);
       }
       group.wait();
     }},
    {"groups in groups",
     [](World& world) {
       in_group(world, 2, [](World& w) {
         in_group(w, 2, [](World&) { sleep_for(moment); });
         yield();
       });
     }},
    {"when_all",
     [](World&) {
       when_all(greenlet_spawn([] { sleep_for(moment); }), greenlet_spawn([] {
                  yield();
                  return Tracked();
                }));
     }},
    {"when_any",
     [](World&) {
       when_any(greenlet_spawn([] { sleep_for(1h); }), greenlet_spawn([] { sleep_for(moment); }));
     }},
    {"offload",
     [](World&) {
       const Tracked tracked;
       const int result = offload(once_suspended(1)) + offload(once_suspended(2));
       if (result != 3) {
         throw std::logic_error("a result was lost");
       }
     }},
    {"offload_detached",
     [](World&) {
       const Tracked tracked;
       offload_detached([] { return 1; }, Deadline::in(10s));
       yield();
     }},
    {"a worker",
     [](World& world) {
       const Tracked tracked;
       int result = 0;
       world.worker.run([&] { ++result; });
       yield();  // the worker may have been faster than the greenlet
       world.worker.run_interruptible([&] { ++result; }, [] {});
       if (result != 2) {
         throw std::logic_error("the worker lost some work");
       }
     }},
    {"operations in operations", [](World&) { nested(4); }},
    {"a task",
     [](World&) {
       const Tracked tracked;
       if (await_only(add_later(1, 2)) != 3) {
         throw std::logic_error("a result was lost");
       }
     }},
    {"clean-up in a shield",
     [](World&) {
       const Tracked tracked;
       try {
         sleep_for(moment);
         yield();
       } catch (...) {
         const Shield shield(10s);
         sleep_for(moment);
         nested(1);
         throw;
       }
     }},
    {"destructors that wait",
     [](World&) {
       const Closing first;
       const Closing second;
       sleep_for(moment);
     }},
    {"a generator", [](World&) { generate(); }},
    {"exceptions in catch", [](World&) { fail_and_clean_up(); }},
    {"exceptions in catch, of several",
     [](World& world) { in_group(world, 3, [](World&) { fail_and_clean_up(); }); }},
    {"futures",
     [](World&) {
       auto slow = greenlet_spawn([tracked = Tracked()] { sleep_for(moment); }).to_future();
       auto fast = greenlet_spawn([tracked = Tracked()] { return 1; }).to_future();
       struct Wait {
         Future<void>& future;
         ~Wait() {
           try {
             const Shield shield(10s);
             future.get();
           } catch (...) {
           }
         }
       } const wait{slow};
       yield();
       slow.wait_for(10s);
       fast.get();
     }},
    {"a standard future",
     [](World&) {
       const Tracked tracked;
       std::promise<Tracked> promise;
       auto future = promise.get_future();
       TaskGroup group;
       group.spawn([&] {
         sleep_for(moment);
         promise.set_value(Tracked());
       });
       await_only(std::move(future));
       group.wait();
     }},
    {"bounds in bounds",
     [](World&) {
       with_timeout(10s, [] {
         const Tracked tracked;
         try {
           with_timeout(1ms, [] {
             const Tracked inner;
             sleep_for(1h);
           });
         } catch (const TimeoutError&) {
           sleep_for(moment);
         }
         yield();
       });
     }},
    {"a scope that another cancels",
     [](World&) {
       TaskGroup group;
       CancelScope* scope = nullptr;
       bool was_cancelled = false;
       group.spawn([&] {
         CancelScope own;
         scope = &own;
         try {
           sleep_for(1h);
         } catch (const Cancelled&) {
           was_cancelled = own.is_cancelled();
           scope = nullptr;
         }
         scope = nullptr;
       });
       yield();
       if (scope != nullptr) {
         scope->cancel();
       }
       group.wait();
     }},
    {"locals",
     [](World& world) {
       world.local.get();
       in_group(world, 2, [](World& w) {
         w.local.get();
         sleep_for(moment);
       });
     }},
    {"a context of its own",
     [](World& world) {
       GreenletContext().run([&] {
         in_group(world, 2, [](World&) {
           const GreenletContext here = GreenletContext::current();
           yield();
           if (!(here == GreenletContext::current())) {
             throw std::logic_error("the context changed over a wait");
           }
         });
       });
     }},
    {"a cancellation swallowed once",
     [](World&) {
       const Tracked tracked;
       try {
         sleep_for(moment);
       } catch (const Cancelled&) {
       }
       yield();
       sleep_for(moment);
     }},
    {"a child that fails",
     [](World&) {
       try {
         TaskGroup group;
         group.spawn([tracked = Tracked()] { sleep_for(1h); });
         group.spawn([] {
           sleep_for(moment);
           throw std::runtime_error("on purpose");
         });
         group.wait();
       } catch (const std::runtime_error&) {
         yield();
       }
     }},
};

class Loop : public LoopHost {
 public:
  using Host::is_idle;
};

std::ptrdiff_t count_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
}

/// How one run of a scenario went.
struct Run {
  bool was_cancelled = false;  // it got as far as the suspension at which it was to be
  std::exception_ptr error;
};

/// Runs a scenario, and cancels it when its greenlets, counted together, go to rest for the k-th time.
Run run_cancelling_at(Loop& loop, World& world, const Scenario& scenario, int k) {
  Run run;
  GreenletOptions options;
  options.host = &loop;
  auto operation = greenlet_spawn(options, [&] { scenario.run(world); });
  const auto cancel = operation.canceller();
  const Greenlet main = Greenlet::current();
  int suspensions = 0;
  // Told on the loop's own stack, right after the switch.
  auto tracer = set_trace([&](const SwitchEvent& event) {
    if (event.target == main && !event.origin.dead() && ++suspensions == k) {
      run.was_cancelled = true;
      cancel();
    }
  });
  bool is_done = false;
  operation.start([&](Outcome<void>&& outcome) {
    run.error = outcome.error();
    is_done = true;
  });
  loop.run_until(is_done);
  set_trace(std::move(tracer));
  return run;
}

/// What a run's error says, as far as the test may meet it.
std::string describe_error(const std::exception_ptr& error) {
  if (error == nullptr) {
    return "none";
  }
  try {
    std::rethrow_exception(error);
  } catch (const OperationCancelled&) {
    return "cancelled";
  } catch (const std::exception& other) {
    return other.what();
  }
}

}  // namespace

TEST_CASE("a function that is cancelled at any of its suspensions leaves nothing behind") {
  REQUIRE(std::size(scenarios) >= 20);
  for (const Scenario& scenario : scenarios) {
    DYNAMIC_SECTION(scenario.name) {
      Loop loop;
      const auto descriptors = [] {
        const World world;
        return count_descriptors();
      }();
      bool was_cancelled = true;
      int k = 0;
      while (was_cancelled) {
        REQUIRE(++k < 200);
        World world;
        const Run run = run_cancelling_at(loop, world, scenario, k);
        was_cancelled = run.was_cancelled;
        const std::string error = describe_error(run.error);
        CAPTURE(k, error);
        // The last suspension may have been beyond the point where a cancellation is felt.
        CHECK((error == "none" || (was_cancelled && error == "cancelled")));
        CHECK(Tracked::alive == 0);
        CHECK(live_greenlets().empty());
        CHECK(stack_usage().mapped == stack_usage().idle);
        CHECK(loop.is_idle());
        CHECK(count_descriptors() == descriptors);
        CHECK(world.mutex.try_lock());
        CHECK(world.semaphore.try_acquire());
        CHECK(world.semaphore.try_acquire());
        CHECK_FALSE(world.semaphore.try_acquire());
        CHECK_NOTHROW(world.worker.run([] {}));
      }
      CHECK(k > 1);
    }
  }
}
