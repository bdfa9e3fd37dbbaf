// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <optional>
#include <thread>

#include <sys/socket.h>
#include <unistd.h>

#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/channel.hpp>
#include <greenway/runtime/event.hpp>
#include <greenway/runtime/greenlet.hpp>
#include <greenway/runtime/live.hpp>
#include <greenway/runtime/mutex.hpp>
#include <greenway/runtime/offload.hpp>
#include <greenway/runtime/semaphore.hpp>
#include <greenway/runtime/task_group.hpp>
#include <greenway/runtime/wait.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;

namespace {

using greenway::GreenletState;
using greenway::LiveGreenlet;
using greenway::WaitKind;
using greenway::WaitReason;

std::optional<LiveGreenlet> named(const std::vector<LiveGreenlet>& all, std::string_view name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const LiveGreenlet& one) { return one.name == name; });
  return found != all.end() ? std::optional(*found) : std::nullopt;
}

greenway::Future<void> spawn(std::string name, std::function<void()> body) {
  return greenway::greenlet_spawn(greenway::GreenletOptions{.name = std::move(name)}, std::move(body)).to_future();
}

/// Runs `wait` in a greenlet; returns what is seen of it, then lets `end` end the wait.
LiveGreenlet seen_while(const std::function<void()>& wait, const std::function<void()>& end) {
  std::optional<LiveGreenlet> seen;
  greenway::run([&] {
    auto waiting = spawn("the one", wait);
    seen = named(greenway::live_greenlets(), "the one");
    end();
    waiting.get();
  });
  REQUIRE(seen);
  return *seen;
}

}  // namespace

// Not inlined, so that it stands on the stack and has a name of its own.
extern "C" [[gnu::noinline, gnu::visibility("default")]] void greenway_test_spawner(greenway::Greenlet& into) {
  into = greenway::Greenlet([] {});
}

extern "C" [[gnu::noinline, gnu::visibility("default")]] void greenway_test_bridge_spawner(LiveGreenlet& seen) {
  auto operation = greenway::greenlet_spawn(greenway::GreenletOptions{.name = "bridged"},
                                            [&] { seen = named(greenway::live_greenlets(), "bridged").value(); });
  operation.get();
}

TEST_CASE("a raw greenlet is seen as fresh, running, switched away, and no more when it has ended") {
  using greenway::Greenlet;
  std::optional<LiveGreenlet> inside;
  Greenlet greenlet([&] {
    inside = named(greenway::live_greenlets(), "raw");
    Greenlet::current().parent().switch_to();
  });
  greenlet.set_name("raw");
  const auto fresh = named(greenway::live_greenlets(), "raw");
  greenlet.switch_to();
  const auto away = named(greenway::live_greenlets(), "raw");
  greenlet.switch_to();
  const auto dead = named(greenway::live_greenlets(), "raw");

  REQUIRE(fresh);
  CHECK(fresh->state == GreenletState::fresh);
  CHECK(fresh->stack_bytes == 0);
  REQUIRE(inside);
  CHECK(inside->state == GreenletState::running);
  CHECK(inside->id == fresh->id);
  REQUIRE(away);
  CHECK(away->state == GreenletState::switched_away);
  CHECK_FALSE(dead);
}

TEST_CASE("the stack that a greenlet uses grows with its frames, and stays below its size") {
  using greenway::Greenlet;
  const auto used_by = [](std::size_t size) {
    Greenlet greenlet([size] {
      std::array<volatile char, 20000> large;
      if (size > large.size()) {
        large[0] = 0;
        large[large.size() - 1] = large[0];
        Greenlet::current().parent().switch_to();
        large[0] = large[large.size() - 1];
      } else {
        Greenlet::current().parent().switch_to();
      }
    });
    greenlet.set_name("user");
    greenlet.switch_to();
    const auto seen = named(greenway::live_greenlets(), "user");
    greenlet.switch_to();
    return *seen;
  };
  const LiveGreenlet seen = used_by(30000);
  CHECK(seen.stack_bytes > 20000);
  CHECK(seen.stack_bytes < seen.stack_size);
  CHECK(seen.stack_size >= 256 * 1024);
}

TEST_CASE("each kind of wait is told, with its descriptor or object") {
  std::array<int, 2> ends{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
  const auto send = [&] { (void)!write(ends[1], "x", 1); };

  SECTION("a descriptor") {
    const LiveGreenlet seen = seen_while([&] { greenway::wait_readable(ends[0]); }, send);
    CHECK(seen.state == GreenletState::waiting);
    CHECK(seen.reason == WaitReason(WaitKind::readable, ends[0]));
    CHECK(describe(seen.reason) == "readable, descriptor " + std::to_string(ends[0]));
  }
  SECTION("a registered descriptor, either way") {
    greenway::Descriptor descriptor(ends[0]);
    std::array<char, 4096> block{};
    while (write(ends[0], block.data(), block.size()) > 0) {
    }
    CHECK(seen_while([&] { descriptor.wait(greenway::Interest::both); }, send).reason ==
          WaitReason(WaitKind::readable_or_writable, ends[0]));
  }
  SECTION("time") {
    CHECK(seen_while([] { greenway::sleep_for(1ms); }, [] {}).reason == WaitReason(WaitKind::timer));
  }
  SECTION("a mutex and its condition") {
    greenway::Mutex mutex;
    REQUIRE(mutex.try_lock());
    CHECK(seen_while([&] { mutex.lock(); }, [&] { mutex.unlock(); }).reason == WaitReason(WaitKind::mutex, &mutex));
    mutex.unlock();
    greenway::Condition condition;
    const auto wait = [&] {
      std::unique_lock lock(mutex);
      condition.wait(lock);
    };
    CHECK(seen_while(wait, [&] { condition.notify_one(); }).reason == WaitReason(WaitKind::condition, &condition));
  }
  SECTION("a semaphore") {
    greenway::Semaphore semaphore(0);
    CHECK(seen_while([&] { semaphore.acquire(); }, [&] { semaphore.release(); }).reason ==
          WaitReason(WaitKind::semaphore, &semaphore));
  }
  SECTION("an event") {
    greenway::Event event;
    CHECK(seen_while([&] { event.wait(); }, [&] { event.set(); }).reason == WaitReason(WaitKind::event, &event));
  }
  SECTION("a channel, at either end") {
    greenway::Channel<int> channel(1);
    CHECK(seen_while([&] { channel.receive(); }, [&] { channel.send(1); }).reason ==
          WaitReason(WaitKind::channel_receive, &channel));
    channel.send(1);
    CHECK(seen_while([&] { channel.send(2); }, [&] { channel.receive(); }).reason ==
          WaitReason(WaitKind::channel_send, &channel));
  }
  SECTION("a helper thread and a worker") {
    std::atomic<bool> may_end{false};
    const auto block = [&] { may_end.wait(false); };
    const auto end = [&] {
      may_end = true;
      may_end.notify_all();
    };
    CHECK(seen_while([&] { greenway::offload(block); }, end).reason.kind() == WaitKind::offload);
    may_end = false;
    greenway::ThreadWorker worker;
    CHECK(seen_while([&] { worker.run(block); }, end).reason.kind() == WaitKind::worker);
  }
  SECTION("operations, futures and groups") {
    greenway::Event event;
    const auto wait = [&] { event.wait(); };
    const auto end = [&] { event.set(); };
    CHECK(seen_while([&] { greenway::await_only(greenway::greenlet_spawn(wait)); }, end).reason.kind() ==
          WaitKind::operation);
    event.clear();
    CHECK(seen_while([&] { greenway::greenlet_spawn(wait).to_future().get(); }, end).reason.kind() == WaitKind::future);
    event.clear();
    const auto group = [&] {
      greenway::TaskGroup children;
      children.spawn(wait);
      children.wait();
    };
    CHECK(seen_while(group, end).reason.kind() == WaitKind::task_group);
  }
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("a greenlet whose wait has ended is ready until the loop resumes it") {
  greenway::Event event;
  std::optional<LiveGreenlet> before;
  std::optional<LiveGreenlet> after;
  greenway::run([&] {
    auto waiting = spawn("the one", [&] { event.wait(); });
    before = named(greenway::live_greenlets(), "the one");
    event.set();
    after = named(greenway::live_greenlets(), "the one");
    waiting.get();
  });
  REQUIRE(before);
  CHECK(before->state == GreenletState::waiting);
  REQUIRE(after);
  CHECK(after->state == GreenletState::ready);
}

TEST_CASE("it is told for how long a greenlet has waited") {
  std::optional<LiveGreenlet> seen;
  greenway::Duration longest{};
  greenway::run([&] {
    greenway::Event event;
    const auto begin = greenway::Clock::now();
    auto waiting = spawn("the one", [&] { event.wait(); });
    const auto asleep = greenway::Clock::now();
    while (greenway::Clock::now() - asleep < 5ms) {
    }
    seen = named(greenway::live_greenlets(), "the one");
    longest = greenway::Clock::now() - begin;
    event.set();
    waiting.get();
  });
  REQUIRE(seen);
  // The processor's counter and the clock are two, so a little is forgiven.
  CHECK(seen->waiting > 4ms);
  CHECK(seen->waiting < longest + 1ms);
}

namespace {

// The dynamic linker does not know it, only the file's own table of symbols.
[[gnu::noinline]] void hidden_function() { asm volatile(""); }

}  // namespace

TEST_CASE("functions of a program are named, whether the dynamic linker knows them or not") {
  const auto* const known = reinterpret_cast<const void*>(&greenway_test_spawner);
  CHECK(greenway::describe_code(known, false) == "greenway_test_spawner+0");
  const auto* const hidden = reinterpret_cast<const void*>(&hidden_function);
  CHECK(greenway::describe_code(hidden, false) == "(anonymous namespace)::hidden_function()+0");
  const auto* const library = reinterpret_cast<const void*>(&getpid);
  CHECK(greenway::describe_code(library, false).find("getpid") != std::string::npos);
  CHECK(greenway::describe_code(nullptr).find("+") == std::string::npos);
}

TEST_CASE("the code that spawned a greenlet is told by name") {
  greenway::Greenlet greenlet;
  greenway_test_spawner(greenlet);
  greenlet.set_name("raw");
  const LiveGreenlet raw = named(greenway::live_greenlets(), "raw").value();
  CHECK(greenway::describe_code(raw.spawned_at).find("greenway_test_spawner") != std::string::npos);
  LiveGreenlet bridged;
  greenway_test_bridge_spawner(bridged);
  REQUIRE(bridged.spawned_at != nullptr);
#if defined(__OPTIMIZE__)
  CHECK(greenway::describe_code(bridged.spawned_at).find("greenway_test_bridge_spawner") != std::string::npos);
#endif
}

TEST_CASE("a line about a greenlet says its name, what it waits for, and where it was spawned") {
  greenway::Event event;
  const std::string line = describe(seen_while([&] { event.wait(); }, [&] { event.set(); }));
  CHECK(line.find("'the one': waiting for ") != std::string::npos);
  CHECK(line.find(": event 0x") != std::string::npos);
  CHECK(line.find("spawned at ") != std::string::npos);
}

TEST_CASE("the greenlets of another thread's loop are told by that loop") {
  greenway::Event may_end;
  std::atomic<greenway::Host*> host{nullptr};
  std::thread other([&] {
    greenway::run([&] {
      auto waiting = spawn("far away", [&] { may_end.wait(); });
      host = greenway::Host::current();
      host.notify_all();
      waiting.get();
    });
  });
  host.wait(nullptr);
  std::optional<LiveGreenlet> from_thread = named(greenway::live_greenlets(*host, greenway::Deadline::in(60s)), "far away");
  std::optional<LiveGreenlet> from_greenlet;
  greenway::run([&] {
    from_greenlet = named(greenway::live_greenlets(*host, greenway::Deadline::in(60s)), "far away");
  });
  may_end.set();
  other.join();
  REQUIRE(from_thread);
  CHECK(from_thread->reason == WaitReason(WaitKind::event, &may_end));
  REQUIRE(from_greenlet);
}

TEST_CASE("a loop that somebody holds does not answer, and the question ends at its deadline") {
  std::atomic<greenway::Host*> host{nullptr};
  std::atomic<bool> may_end{false};
  std::thread other([&] {
    greenway::run([&] {
      host = greenway::Host::current();
      host.notify_all();
      may_end.wait(false);
    });
  });
  host.wait(nullptr);
  CHECK_THROWS_AS(greenway::live_greenlets(*host, greenway::Deadline::in(1ms)), greenway::TimeoutError);
  may_end = true;
  may_end.notify_all();
  other.join();
}
