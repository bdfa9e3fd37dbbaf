// SPDX-License-Identifier: BSL-1.0
// Greenlets of several threads: each stays on its own, and handles may go anywhere.
#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/greenlet.hpp>
#include <greenway/runtime/loop_host.hpp>
#include <greenway/runtime/wait.hpp>

#include "support/catch.hpp"

namespace {

using greenway::Greenlet;
using greenway::GreenletError;
using greenway::GreenletExit;
using greenway::Parcel;

Parcel to_parent(Parcel value = {}) { return Greenlet::current().parent().switch_to(std::move(value)); }

/// Counts its destructions, and those on another thread than it was made on.
class Resident {
 public:
  Resident(std::atomic<int>& destroyed, std::atomic<int>& elsewhere) : destroyed_(destroyed), elsewhere_(elsewhere) {}
  ~Resident() {
    ++destroyed_;
    elsewhere_ += std::this_thread::get_id() == home_ ? 0 : 1;
  }
  Resident(const Resident&) = delete;
  Resident& operator=(const Resident&) = delete;

 private:
  std::thread::id home_ = std::this_thread::get_id();
  std::atomic<int>& destroyed_;
  std::atomic<int>& elsewhere_;
};

/// How many of these addresses are mapped.
std::size_t mapped_among(const std::vector<void*>& addresses) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  return static_cast<std::size_t>(std::ranges::count_if(addresses, [&](void* address) {
    unsigned char is_resident = 0;
    return mincore(reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(address) & ~(page - 1)), page, &is_resident) == 0;
  }));
}

constexpr int switches_of_a_thread = 5'000'000;

}  // namespace

TEST_CASE("ten threads switch their own greenlets at the same time") {
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 10; ++i) {
    threads.emplace_back([&] {
      int sum = 0;
      Greenlet greenlet([&](Parcel first) {
        for (Parcel next = std::move(first); next.has_value(); next = to_parent()) {
          sum += std::any_cast<int>(next);
        }
      });
      for (int n = 1; n <= 1000; ++n) {
        greenlet.switch_to(n);
      }
      greenlet.switch_to();
      right += sum == 500'500 && greenlet.dead() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(right == 10);
}

TEST_CASE("ten million switches under two loops on two threads, which post to each other, race with nothing") {
  greenway::LoopHost loops[2];
  int received[2] = {0, 0};
  bool is_done[2] = {false, false};
  std::latch ready(2);
  constexpr int posts = 50;
  const auto run_loop = [&](int own) {
    const int other = 1 - own;
    greenway::GreenletOptions options;
    options.host = &loops[own];
    loops[own].post([&, own, other, options] {
      greenway::greenlet_spawn(options, [&, own, other] {
        Greenlet peer([] {
          const Greenlet parent = Greenlet::current().parent();
          for (;;) {
            parent.switch_to();
          }
        });
        for (int i = 0; i < switches_of_a_thread / 2; ++i) {
          peer.switch_to();
          if (i % (switches_of_a_thread / 2 / posts) == 0) {
            loops[other].post([&, other] { is_done[other] = ++received[other] == posts; });
            greenway::yield();
          }
        }
      }).start([](auto&&) {});
    });
    ready.arrive_and_wait();
    loops[own].run_until(is_done[own]);
  };
  std::thread second([&] { run_loop(1); });
  run_loop(0);
  second.join();
  CHECK(received[0] == posts);
  CHECK(received[1] == posts);
}

TEST_CASE("handles of many threads' greenlets that one thread drops are each unwound at home") {
  constexpr int count = 20;
  std::atomic<int> destroyed{0};
  std::atomic<int> elsewhere{0};
  std::vector<Greenlet> handles(count);
  std::vector<std::thread> threads;
  std::latch started(count);
  std::latch dropped(1);
  for (Greenlet& handle : handles) {
    threads.emplace_back([&] {
      handle = Greenlet([&] {
        const Resident resident(destroyed, elsewhere);
        to_parent();
      });
      handle.switch_to();
      started.count_down();
      dropped.wait();
      Greenlet([] {}).switch_to();
    });
  }
  started.wait();
  CHECK(destroyed == 0);
  handles.clear();
  CHECK(destroyed == 0);
  dropped.count_down();
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(destroyed == count);
  CHECK(elsewhere == 0);
}

TEST_CASE("a handle dropped on another thread is unwound at the latest when the greenlet's thread ends") {
  std::atomic<int> destroyed{0};
  std::atomic<int> elsewhere{0};
  Greenlet handle;
  std::latch started(1);
  std::latch dropped(1);
  std::thread home([&] {
    handle = Greenlet([&] {
      const Resident resident(destroyed, elsewhere);
      to_parent();
    });
    handle.switch_to();
    started.count_down();
    dropped.wait();
  });
  started.wait();
  handle = Greenlet();
  CHECK(destroyed == 0);
  dropped.count_down();
  home.join();
  CHECK(destroyed == 1);
  CHECK(elsewhere == 0);
}

TEST_CASE("a greenlet let go by another thread may make greenlets while it is unwound") {
  bool has_run = false;
  auto handle = std::make_unique<Greenlet>([&] {
    try {
      to_parent();
    } catch (const GreenletExit&) {
      Greenlet([&] { has_run = true; }).switch_to();
      throw;
    }
  });
  handle->switch_to();
  std::thread([&] { handle.reset(); }).join();
  Greenlet([] {}).switch_to();
  CHECK(has_run);
}

TEST_CASE("two threads copy and drop handles of one greenlet while its own switches it") {
  std::atomic<int> destroyed{0};
  std::atomic<int> elsewhere{0};
  {
    Greenlet greenlet([&] {
      const Resident resident(destroyed, elsewhere);
      for (;;) {
        to_parent();
      }
    });
    greenlet.switch_to();
    std::atomic<bool> is_over{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([&, handle = greenlet] {
        while (!is_over) {
          const Greenlet copy = handle;
          const Greenlet other = copy;
        }
      });
    }
    for (int i = 0; i < 2000; ++i) {
      greenlet.switch_to();
    }
    is_over = true;
    for (std::thread& thread : threads) {
      thread.join();
    }
    threads.clear();
  }
  Greenlet([] {}).switch_to();
  CHECK(destroyed == 1);
  CHECK(elsewhere == 0);
}

TEST_CASE("a greenlet whose thread has ended is dead, and can be neither switched to nor thrown at") {
  Greenlet suspended;
  Greenlet fresh;
  std::thread([&] {
    suspended = Greenlet([] { to_parent(); });
    suspended.switch_to();
    fresh = Greenlet([] {});
  }).join();
  for (const Greenlet& greenlet : {suspended, fresh}) {
    CHECK(greenlet.dead());
    CHECK_FALSE(greenlet.active());
    CHECK_THROWS_AS(greenlet.switch_to(), GreenletError);
    CHECK_THROWS_AS(greenlet.throw_in(), GreenletError);
    Greenlet here([] {});
    CHECK_THROWS_AS(here.set_parent(greenlet), GreenletError);
    CHECK_THROWS_AS(greenlet.set_parent(here), GreenletError);
  }
}

TEST_CASE("what a greenlet that never ran has captured is destroyed with its thread, whoever has a handle") {
  const auto captured = std::make_shared<int>(1);
  Greenlet fresh;
  Greenlet also_fresh;
  std::thread([&] {
    Greenlet suspended([] { to_parent(); });
    suspended.switch_to();
    fresh = Greenlet([captured, suspended] {});
    also_fresh = Greenlet([captured, fresh] {});
    also_fresh.set_parent(fresh);
  }).join();
  CHECK(captured.use_count() == 1);
  CHECK(fresh.dead());
  CHECK_FALSE(fresh.parent());
}

TEST_CASE("throwing into a greenlet of another thread is an error and changes nothing there") {
  std::barrier step(2);
  Greenlet greenlet;
  bool was_switched_to = false;
  std::thread home([&] {
    greenlet = Greenlet([&] {
      to_parent();
      was_switched_to = true;
    });
    greenlet.switch_to();
    step.arrive_and_wait();
    step.arrive_and_wait();
    greenlet.switch_to();
  });
  step.arrive_and_wait();
  CHECK_THROWS_AS(greenlet.throw_in(), GreenletError);
  CHECK_THROWS_AS(greenlet.set_name("elsewhere"), GreenletError);
  step.arrive_and_wait();
  home.join();
  CHECK(was_switched_to);
}

TEST_CASE("a thread that ends gives back its stacks") {
  std::vector<void*> addresses;
  std::thread([&] {
    std::vector<Greenlet> greenlets;
    for (int i = 0; i < 20; ++i) {
      greenlets.emplace_back([&] {
        addresses.push_back(__builtin_frame_address(0));
        to_parent();
      });
      greenlets.back().switch_to();
    }
  }).join();
  REQUIRE(addresses.size() == 20);
  // A few, should somebody else have been given that room meanwhile.
  CHECK(mapped_among(addresses) < 5);
}
