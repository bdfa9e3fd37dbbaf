// SPDX-License-Identifier: BSL-1.0

// What gdb_test.sh looks at: greenlets at rest in functions of known names, on two threads, while stop_here() runs.

#include <atomic>
#include <thread>

#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/event.hpp>
#include <greenway/runtime/greenlet.hpp>
#include <greenway/runtime/wait.hpp>

extern "C" [[gnu::noinline]] void stop_here(int& looks) {
  ++looks;
  asm volatile("" : : "r"(&looks) : "memory");
}

// Something is left to do after each wait, so that no frame is left early.
[[gnu::noinline]] int rest_in_raw_greenlet(int answer) {
  greenway::Greenlet::current().parent().switch_to();
  return answer + 1;
}

[[gnu::noinline]] int call_raw_rest(int answer) { return rest_in_raw_greenlet(answer) + 1; }

[[gnu::noinline]] int rest_in_event(greenway::Event& event, int answer) {
  event.wait();
  return answer + 1;
}

[[gnu::noinline]] int run_and_stop(int& looks) {
  stop_here(looks);
  return looks + 1;
}

int main() {
  int looks = 0;
  int sum = 0;
  greenway::Event event;
  greenway::Greenlet raw([&] { sum += call_raw_rest(3); });
  raw.set_name("raw one");
  raw.switch_to();

  std::atomic<bool> is_there{false};
  std::thread other([&] {
    greenway::run([&] {
      auto waiting = greenway::greenlet_spawn(greenway::GreenletOptions{.name = "on another thread"}, rest_in_event,
                                              std::ref(event), 2)
                         .to_future();
      is_there = true;
      is_there.notify_all();
      waiting.get();
    });
  });
  is_there.wait(false);

  greenway::run([&] {
    auto waiting =
        greenway::greenlet_spawn(greenway::GreenletOptions{.name = "bridged"}, rest_in_event, std::ref(event), 1).to_future();
    sum += run_and_stop(looks);
    event.set();
    sum += waiting.get();
  });
  other.join();
  raw.switch_to();
  return looks == 1 && sum == 9 ? 0 : 1;
}
