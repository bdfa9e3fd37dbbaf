// SPDX-License-Identifier: BSL-1.0
#include <thread>

#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/counters.hpp>
#include <greenway/runtime/event.hpp>
#include <greenway/runtime/greenlet.hpp>
#include <greenway/runtime/offload.hpp>

#include "support/catch.hpp"

namespace {

/// What has been counted between two looks.
greenway::RuntimeCounters since(const greenway::RuntimeCounters& before, const greenway::RuntimeCounters& after) {
  greenway::RuntimeCounters change;
  change.spawned = after.spawned - before.spawned;
  change.resumed = after.resumed - before.resumed;
  change.suspended = after.suspended - before.suspended;
  change.offloaded = after.offloaded - before.offloaded;
  change.woken_from_afar = after.woken_from_afar - before.woken_from_afar;
  return change;
}

}  // namespace

TEST_CASE("a thread counts its greenlets and how often they rest and go on") {
  const greenway::RuntimeCounters before = greenway::thread_counters();
  greenway::run([] {
    auto other = greenway::greenlet_spawn([] { greenway::yield(); }).to_future();
    greenway::yield();
    greenway::offload([] {});
    other.get();
  });
  const greenway::RuntimeCounters change = since(before, greenway::thread_counters());
  CHECK(change.spawned == 2);
  CHECK(change.suspended >= 2);
  CHECK(change.suspended <= 4);
  // Entered once to begin with, and once after each rest.
  CHECK(change.resumed == change.suspended + change.spawned);
  CHECK(change.offloaded == 1);
}

TEST_CASE("raw switches are not counted") {
  using greenway::Greenlet;
  const greenway::RuntimeCounters before = greenway::thread_counters();
  Greenlet greenlet([] { Greenlet::current().parent().switch_to(); });
  greenlet.switch_to();
  greenlet.switch_to();
  const greenway::RuntimeCounters change = since(before, greenway::thread_counters());
  CHECK(change.spawned == 1);
  CHECK(change.resumed == 0);
  CHECK(change.suspended == 0);
}

TEST_CASE("what a thread has counted stays in the program's sum when it has ended, and its stacks do not") {
  const greenway::RuntimeCounters before = greenway::runtime_counters();
  greenway::Event event;
  greenway::RuntimeCounters during;
  std::thread other([&] {
    greenway::run([&] {
      auto waiting = greenway::greenlet_spawn([&] { event.wait(); }).to_future();
      during = greenway::runtime_counters();
      std::thread([&] { event.set(); }).join();
      waiting.get();
    });
  });
  other.join();
  const greenway::RuntimeCounters after = greenway::runtime_counters();
  CHECK(during.threads == before.threads + 1);
  CHECK(during.stacks_mapped == before.stacks_mapped + 2);
  CHECK(after.threads == before.threads);
  CHECK(after.stacks_mapped == before.stacks_mapped);
  const greenway::RuntimeCounters change = since(before, after);
  CHECK(change.spawned == 2);
  CHECK(change.woken_from_afar == 1);
}
