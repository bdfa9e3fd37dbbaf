// SPDX-License-Identifier: BSL-1.0
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include <greenway/base/log.hpp>
#include <greenway/mutex_detector/mutex_detector.hpp>
#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/event.hpp>
#include <greenway/runtime/live.hpp>
#include <greenway/runtime/mutex.hpp>

#include "support/catch.hpp"

namespace {

using greenway::HeldMutex;

/// What is found while this exists.
class Findings {
 public:
  Findings() {
    greenway::set_held_mutex_callback([this](const HeldMutex& held) { all.push_back(held); });
  }
  ~Findings() { greenway::set_held_mutex_callback({}); }
  Findings(const Findings&) = delete;
  Findings& operator=(const Findings&) = delete;

  std::vector<HeldMutex> all;
};

template <class F>
void in_greenlet(F body) {
  greenway::run([&] {
    greenway::await_only(greenway::greenlet_spawn(greenway::GreenletOptions{.name = "holder"}, std::move(body)));
  });
}

}  // namespace

extern "C" [[gnu::noinline, gnu::visibility("default")]] void greenway_test_lock(std::mutex& mutex) {
  mutex.lock();
  asm volatile("");  // the call of lock() is not the last thing
}

TEST_CASE("a thread mutex that a greenlet holds while it waits is found, with the place where it was locked") {
  Findings findings;
  std::mutex mutex;
  greenway::Event event;
  greenway::run([&] {
    auto holder = greenway::greenlet_spawn(greenway::GreenletOptions{.name = "holder"}, [&] {
                    greenway_test_lock(mutex);
                    event.wait();
                    mutex.unlock();
                  }).to_future();
    event.set();
    holder.get();
  });
  REQUIRE(findings.all.size() == 1);
  CHECK(findings.all[0].mutex == &mutex);
  CHECK(findings.all[0].greenlet == "holder");
  CHECK(findings.all[0].reason == greenway::WaitReason(greenway::WaitKind::event, &event));
  CHECK_FALSE(findings.all[0].has_ended);
#if defined(__OPTIMIZE__)
  CHECK(greenway::describe_code(findings.all[0].locked_at).find("greenway_test_lock") != std::string::npos);
#endif
}

TEST_CASE("a mutex is told once each time it is locked, however often its holder waits") {
  Findings findings;
  std::mutex mutex;
  in_greenlet([&] {
    for (int i = 0; i < 2; ++i) {
      const std::lock_guard lock(mutex);
      greenway::yield();
      greenway::yield();
    }
  });
  CHECK(findings.all.size() == 2);
}

TEST_CASE("shared locks, tried locks and locks of the dead are found too") {
  Findings findings;
  std::shared_mutex shared;
  std::mutex tried;
  static std::mutex forgotten;  // locked for good: to a sanitizer whoever unlocked it would be another thread
  in_greenlet([&] {
    shared.lock_shared();
    REQUIRE(tried.try_lock());
    greenway::yield();
    shared.unlock_shared();
    tried.unlock();
    forgotten.lock();
  });
  REQUIRE(findings.all.size() == 3);
  CHECK(findings.all[0].mutex == &shared);
  CHECK(findings.all[1].mutex == &tried);
  CHECK(findings.all[2].mutex == &forgotten);
  CHECK(findings.all[2].has_ended);
}

TEST_CASE("a mutex that is given back before the wait, and Greenway's own across it, are no findings") {
  Findings findings;
  std::mutex mutex;
  greenway::Mutex own;
  in_greenlet([&] {
    { const std::lock_guard lock(mutex); }
    const std::lock_guard lock(own);
    greenway::yield();
    greenway::await_only(greenway::greenlet_spawn([] { greenway::yield(); }));
  });
  CHECK(findings.all.empty());
}

TEST_CASE("spawning while a mutex is held is no finding: nobody else runs before the spawner goes on") {
  Findings findings;
  std::mutex mutex;
  in_greenlet([&] {
    std::unique_lock lock(mutex);
    auto child = greenway::greenlet_spawn([] { greenway::yield(); }).to_future();
    lock.unlock();
    child.get();
  });
  CHECK(findings.all.empty());
}

TEST_CASE("without a callback a held mutex is logged") {
  std::string logged;
  greenway::set_log_sink([&](greenway::LogLevel, std::string_view logger, std::string_view text) {
    if (logger == "greenway.mutex_detector") {
      logged = text;
    }
  });
  std::mutex mutex;
  in_greenlet([&] {
    const std::lock_guard lock(mutex);
    greenway::yield();
  });
  greenway::set_log_sink({});
  CHECK(logged.find("greenlet 'holder' waits") != std::string::npos);
  CHECK(logged.find("locked at ") != std::string::npos);
}
