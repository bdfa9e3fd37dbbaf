// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <fstream>
#include <memory>

#include <greenway/base/clock.hpp>
#include <greenway/runtime/event.hpp>

#include "visitors.hpp"

/// A hundred greenlets of one thread, each waiting for the server by a connection of its own.
namespace together {

namespace gw = greenway;
using namespace std::chrono_literals;

constexpr int clients = 100;

/// What one run took.
struct Figures {
  gw::Duration naps{};          ///< From when all connections are open until all naps are over.
  gw::Duration longest_tick{};  ///< What a tick of one millisecond took at most meanwhile.
  gw::Duration longest_hold{};  ///< The same without the time in which the kernel ran somebody else.
  int most_at_once = 0;         ///< Who napped at the same time.

  [[nodiscard]] bool hold() const noexcept { return naps < 1s && longest_tick < 20ms; }
};

/// For how long this thread has been ready to run while others had its CPU.
inline gw::Duration delay_by_others() {
  std::ifstream file("/proc/thread-self/schedstat");
  long long ran = 0;
  long long waited = 0;
  file >> ran >> waited;
  return std::chrono::nanoseconds(waited);
}

/// Ticks until the machine has nothing else to do, such as to start a hundred server processes or to end those of the test
/// before: fifty ticks in a row that nothing delays. Where it never has, ten seconds are enough.
inline void settle() {
  const gw::TimePoint give_up = gw::Clock::now() + 10s;
  gw::TimePoint last = gw::Clock::now();
  for (int undelayed = 0; undelayed != 50 && last < give_up;) {
    gw::sleep_for(1ms);
    const gw::TimePoint now = gw::Clock::now();
    undelayed = now - last < 4ms ? undelayed + 1 : 0;
    last = now;
  }
}

/// Ticks until `naps_left` is 0.
inline void tick(Figures& figures, const int& naps_left) {
  const gw::TimePoint start = gw::Clock::now();
  gw::TimePoint last = start;
  gw::Duration last_delay = delay_by_others();
  while (naps_left != 0) {
    gw::sleep_for(1ms);
    const gw::TimePoint now = gw::Clock::now();
    const gw::Duration delay = delay_by_others();
    figures.longest_tick = std::max(figures.longest_tick, now - last);
    figures.longest_hold = std::max(figures.longest_hold, now - last - (delay - last_delay));
    figures.naps = now - start;
    last = now;
    last_delay = delay;
  }
}

/// Opens the connections, then has each nap for 0.2 s.
template <class Open>
Figures nap(Open open) {
  Figures figures;
  gw::run([&] {
    gw::Event all_are_open;
    gw::Event may_begin;
    gw::Event may_close;
    int to_open = clients;
    int naps_left = clients;
    visitors::Crowd crowd;
    gw::TaskGroup group;
    for (int i = 0; i < clients; ++i) {
      group.spawn([&] {
        const gw::InterposeScope scope;
        auto dao = open();
        dao.nap(0);  // what a server process has to load for its first query is another matter
        if (--to_open == 0) {
          all_are_open.set();
        }
        may_begin.wait();
        crowd.admit([&] { dao.nap(0.2); });
        --naps_left;
        may_close.wait();  // what closing costs is another matter
      });
    }
    group.spawn([&] {
      all_are_open.wait();
      settle();
      may_begin.set();
      tick(figures, naps_left);
      may_close.set();
    });
    group.wait();
    figures.most_at_once = crowd.most();
  });
  return figures;
}

inline std::string to_text(gw::Duration length) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(length).count()) + " ms";
}

/// The machine may be busy with other things, and the other tests are: of five runs one has to show what Greenway
/// takes.
template <class Open>
void check_hundred_naps(Open open) {
  Figures best = nap(open);
  for (int run = 1; run < 5 && !best.hold(); ++run) {
    const Figures figures = nap(open);
    best = figures.hold() || figures.longest_hold < best.longest_hold ? figures : best;
  }
  WARN("100 naps of 200 ms took " << to_text(best.naps) << ", a tick of 1 ms at most " << to_text(best.longest_tick)
                                  << ", " << to_text(best.longest_hold) << " of it while this thread had a CPU");
  CHECK(best.most_at_once == clients);
  CHECK(best.naps < 1s);
  CHECK(best.longest_hold < 20ms);
}

}  // namespace together
