// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pool_fsm.hpp"
#include "support/catch.hpp"

using greenway::detail::PoolFsm;
using greenway::detail::PoolLink;
using greenway::detail::PoolTicket;

namespace {

// All that three takers of two places can do to each other, step by step, when each of them borrows a connection twice
// and, whenever it likes, once somebody is cancelled while it waits, once somebody's time is over, and once a connection
// breaks or cannot be opened. The steps are those of Pool; between any two of them somebody else may take one.
class World {
 public:
  static constexpr std::size_t takers = 3;
  static constexpr std::size_t places = 2;
  static constexpr int rounds = 2;

  World(std::size_t size, bool newest_first) : pool_(size, places, newest_first), size_(size), newest_first_(newest_first) {}

  // Each step that can be taken now leads to one world.
  std::vector<World> next() const {
    std::vector<World> worlds;
    for (std::size_t i = 0; i < takers; ++i) {
      for (int step = 0; step < steps; ++step) {
        World world(*this);
        if (world.take(i, static_cast<Step>(step))) {
          world.check();
          worlds.push_back(std::move(world));
        }
      }
    }
    return worlds;
  }

  bool is_over() const {
    return std::all_of(taker_.begin(), taker_.end(), [](const Taker& taker) {
      return taker.state == State::outside && taker.rounds == rounds;
    });
  }

  const std::string& violation() const { return violation_; }

  // Worlds with the same key have the same future.
  std::string key() const {
    std::string text{static_cast<char>('0' + cancels_), static_cast<char>('0' + timeouts_),
                     static_cast<char>('0' + breaks_)};
    for (const Taker& taker : taker_) {
      text += ' ' + std::to_string(static_cast<int>(taker.state)) + ':' + std::to_string(taker.rounds) + ':';
      text += taker.held ? (taker.held->generation == generation_ ? 'n' : 'o') : '-';
      text += taker.gives_up ? 'x' : ' ';
    }
    text += '|';
    for (const std::size_t waiting : queue_) {
      text += std::to_string(waiting);
    }
    text += '|';
    for (const Link& idle : idle_) {
      text += idle.generation == generation_ ? 'n' : 'o';
    }
    return text;
  }

 private:
  // leaving: cancelled or late, and not yet out of the queue. served: has something, and does not know yet.
  enum class State : unsigned char { outside, waiting, leaving, late, served, using_link, opening, closing };
  enum Step : unsigned char { acquire, cancel, time_out, leave, resume, opened, not_opened, good, broken, closed, steps };
  struct Link {
    std::uintptr_t number;
    int generation;
  };
  struct Taker {
    State state = State::outside;
    int rounds = 0;
    std::optional<Link> held;
    bool gives_up = false;  // was served while leaving: passes it on
  };

  static PoolLink* pointer(const Link& link) { return reinterpret_cast<PoolLink*>(link.number); }
  static PoolTicket* ticket(std::size_t i) { return reinterpret_cast<PoolTicket*>(i + 1); }

  bool take(std::size_t i, Step step) {
    Taker& taker = taker_[i];
    const State state = taker.state;
    switch (step) {
      case acquire:
        return state == State::outside && taker.rounds < rounds && (begin(i), true);
      case cancel:
        return state == State::waiting && cancels_ == 0 && (++cancels_, taker.state = State::leaving, true);
      case time_out:
        return state == State::waiting && timeouts_ == 0 && (++timeouts_, taker.state = State::late, true);
      case leave:
        return (state == State::leaving || state == State::late) && (withdraw(i), true);
      case resume:
        return state == State::served && (go_on(i), true);
      case opened:
        return state == State::opening && (taker.held = Link{++links_, generation_}, taker.state = State::using_link, true);
      case not_opened:
        return state == State::opening && breaks_ == 0 && (++breaks_, free_place(i), true);
      case good:
        return state == State::using_link && (give_back(i), true);
      case broken:
        return state == State::using_link && breaks_ == 0 && (++breaks_, break_link(i), true);
      case closed:
        return state == State::closing && (free_place(i), true);
      case steps:
        break;
    }
    return false;
  }

  void begin(std::size_t i) {
    Taker& taker = taker_[i];
    ++taker.rounds;
    const PoolFsm::Acquired got = pool_.acquire(ticket(i));
    if (got.step == PoolFsm::Step::wait) {
      taker.state = State::waiting;
      queue_.push_back(i);
    } else if (got.step == PoolFsm::Step::open) {
      taker.state = State::opening;
    } else {
      const auto at = newest_first_ ? idle_.size() - 1 : 0;
      require(!idle_.empty() && got.link == pointer(idle_[at]), "the idle link that is used is the wrong one");
      taker.held = idle_[at];
      idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(at));
      use(taker);
    }
  }

  // A link of an old generation is closed, and another one opened in its place.
  void use(Taker& taker) {
    const bool is_current = taker.held->generation == generation_;
    taker.state = is_current ? State::using_link : State::opening;
    if (!is_current) {
      taker.held.reset();
    }
  }

  void withdraw(std::size_t i) {
    Taker& taker = taker_[i];
    const bool was_waiting = std::find(queue_.begin(), queue_.end(), i) != queue_.end();
    require(pool_.withdraw(ticket(i)) == was_waiting, "withdraw() and the queue disagree");
    require(!pool_.withdraw(ticket(i)), "a ticket was withdrawn twice");
    std::erase(queue_, i);
    taker.state = State::outside;
  }

  // What a served taker does when it runs again.
  void go_on(std::size_t i) {
    Taker& taker = taker_[i];
    if (std::exchange(taker.gives_up, false)) {
      taker.held ? give_back(i) : free_place(i);
    } else if (taker.held) {
      use(taker);
    } else {
      taker.state = State::opening;
    }
  }

  void give_back(std::size_t i) {
    Taker& taker = taker_[i];
    const Link held = *std::exchange(taker.held, std::nullopt);
    if (held.generation != generation_) {
      taker.state = State::closing;
      return;
    }
    const PoolFsm::Returned returned = pool_.give_back(pointer(held));
    taker.state = returned.fate == PoolFsm::Fate::surplus ? State::closing : State::outside;
    if (returned.fate == PoolFsm::Fate::handed_on) {
      serve(returned.to, held);
    } else if (returned.fate == PoolFsm::Fate::kept) {
      idle_.push_back(held);
    }
  }

  void break_link(std::size_t i) {
    ++generation_;
    taker_[i].held.reset();
    free_place(i);
  }

  void free_place(std::size_t i) {
    taker_[i].state = State::outside;
    if (PoolTicket* const to = pool_.free_place()) {
      serve(to, std::nullopt);
    }
  }

  void serve(PoolTicket* to, std::optional<Link> link) {
    require(!queue_.empty() && to == ticket(queue_.front()), "somebody was served out of turn");
    if (queue_.empty()) {
      return;
    }
    Taker& taker = taker_[queue_.front()];
    queue_.erase(queue_.begin());
    // One that is late takes what it was given after all; one that was cancelled passes it on.
    taker.gives_up = taker.state == State::leaving;
    taker.state = State::served;
    taker.held = link;
  }

  void check() {
    std::size_t taken = 0;
    std::vector<std::uintptr_t> owned;
    for (const Link& idle : idle_) {
      owned.push_back(idle.number);
    }
    for (const Taker& taker : taker_) {
      taken += taker.state == State::served || taker.state == State::using_link || taker.state == State::opening ||
                       taker.state == State::closing
                   ? 1
                   : 0;
      if (taker.held) {
        owned.push_back(taker.held->number);
      }
      const bool is_out = taker.state == State::outside || taker.state == State::waiting || taker.state == State::leaving ||
                          taker.state == State::late;
      require(!(is_out && taker.held), "somebody who waits or has gone holds a connection");
    }
    std::sort(owned.begin(), owned.end());
    require(std::adjacent_find(owned.begin(), owned.end()) == owned.end(), "a connection has two owners");
    require(taken + idle_.size() <= places, "there are more connections than places");
    require(pool_.taken() == taken, "a place was lost or invented");
    require(pool_.idle() == idle_.size() && idle_.size() <= size_, "the idle connections are wrong");
    require(pool_.waiting() == queue_.size(), "the queue is wrong");
    require(queue_.empty() || (idle_.empty() && taken == places), "somebody waits while a place is idle or free");
  }

  void require(bool holds, const char* otherwise) {
    if (!holds && violation_.empty()) {
      violation_ = otherwise;
    }
  }

  PoolFsm pool_;
  std::size_t size_;
  bool newest_first_;
  std::array<Taker, takers> taker_;
  std::vector<std::size_t> queue_;
  std::vector<Link> idle_;
  std::uintptr_t links_ = 0;
  int generation_ = 1;
  int cancels_ = 0;
  int timeouts_ = 0;
  int breaks_ = 0;
  std::string violation_;
};

// Walks through all that can happen after a world, once for each world.
class Exploration {
 public:
  // How many interleavings there are from here on.
  double walk(const World& world) {
    const std::string key = world.key();
    if (const auto known = interleavings_.find(key); known != interleavings_.end()) {
      return known->second;
    }
    note(world.violation());
    const std::vector<World> worlds = world.next();
    if (worlds.empty()) {
      note(world.is_over() ? "" : "somebody is stuck");
      return interleavings_.emplace(key, 1).first->second;
    }
    double count = 0;
    for (const World& next : worlds) {
      note(next.violation());
      ++steps_;
      count += walk(next);
    }
    return interleavings_.emplace(key, count).first->second;
  }

  std::size_t worlds() const { return interleavings_.size(); }
  std::size_t steps() const { return steps_; }
  const std::map<std::string, int>& violations() const { return violations_; }

 private:
  void note(const std::string& violation) {
    if (!violation.empty()) {
      ++violations_[violation];
    }
  }

  std::map<std::string, double> interleavings_;
  std::map<std::string, int> violations_;
  std::size_t steps_ = 0;
};

}  // namespace

TEST_CASE("three takers, two connections, a cancellation, a timeout and a breakdown violate nothing in any interleaving") {
  const std::size_t size = GENERATE(0U, 1U, 2U);
  const bool newest_first = GENERATE(false, true);

  Exploration exploration;
  const double interleavings = exploration.walk(World(size, newest_first));

  std::cout << "pool of " << size << " and " << World::places - size << (newest_first ? ", newest first: " : ": ")
            << interleavings << " interleavings, " << exploration.worlds() << " states, " << exploration.steps()
            << " steps, " << exploration.violations().size() << " violations\n";
  CHECK(exploration.violations() == std::map<std::string, int>());
  CHECK(exploration.worlds() > 1000);
}
