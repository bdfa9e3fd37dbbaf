// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "pool_fsm.hpp"
#include "support/catch.hpp"

using greenway::detail::PoolFsm;
using greenway::detail::PoolLink;
using greenway::detail::PoolTicket;

namespace {

// The machine never looks into links and tickets, so that numbers will do.
PoolLink* link(std::uintptr_t number) { return reinterpret_cast<PoolLink*>(number); }
PoolTicket* ticket(std::uintptr_t number) { return reinterpret_cast<PoolTicket*>(number); }

}  // namespace

TEST_CASE("places are opened up to the maximum, then callers wait") {
  PoolFsm pool(1, 2);

  CHECK(pool.acquire(ticket(1)).step == PoolFsm::Step::open);
  CHECK(pool.acquire(ticket(2)).step == PoolFsm::Step::open);
  CHECK(pool.acquire(ticket(3)).step == PoolFsm::Step::wait);
  CHECK(pool.taken() == 2);
  CHECK(pool.waiting() == 1);
}

TEST_CASE("idle links are reused, the one that has been idle longest first") {
  PoolFsm pool(2, 2);
  pool.acquire(ticket(1));
  pool.acquire(ticket(2));
  pool.give_back(link(1));
  pool.give_back(link(2));

  CHECK(pool.acquire(ticket(3)).link == link(1));
  CHECK(pool.acquire(ticket(4)).link == link(2));
}

TEST_CASE("a returned link goes to whoever has waited longest, past callers that come now") {
  PoolFsm pool(1, 1);
  pool.acquire(ticket(1));
  pool.acquire(ticket(2));
  pool.acquire(ticket(3));

  const PoolFsm::Returned returned = pool.give_back(link(1));

  CHECK(returned.fate == PoolFsm::Fate::handed_on);
  CHECK(returned.to == ticket(2));
  CHECK(pool.acquire(ticket(4)).step == PoolFsm::Step::wait);
  CHECK(pool.give_back(link(1)).to == ticket(3));
  CHECK(pool.give_back(link(1)).to == ticket(4));
}

TEST_CASE("a link beyond the size is surplus, and its place stays taken until it has been closed") {
  PoolFsm pool(1, 2);
  pool.acquire(ticket(1));
  pool.acquire(ticket(2));
  CHECK(pool.give_back(link(1)).fate == PoolFsm::Fate::kept);

  CHECK(pool.give_back(link(2)).fate == PoolFsm::Fate::surplus);

  CHECK(pool.acquire(ticket(3)).link == link(1));
  CHECK(pool.acquire(ticket(4)).step == PoolFsm::Step::wait);
  CHECK(pool.free_place() == ticket(4));
}

TEST_CASE("a withdrawn ticket is not served, and one that has been served cannot be withdrawn") {
  PoolFsm pool(1, 1);
  pool.acquire(ticket(1));
  pool.acquire(ticket(2));
  pool.acquire(ticket(3));

  CHECK(pool.withdraw(ticket(2)));
  CHECK(pool.give_back(link(1)).to == ticket(3));
  CHECK_FALSE(pool.withdraw(ticket(3)));
}

TEST_CASE("disposed links keep their places until they have been closed") {
  PoolFsm pool(2, 2);
  pool.acquire(ticket(1));
  pool.acquire(ticket(2));
  pool.give_back(link(1));
  pool.give_back(link(2));

  CHECK(pool.take_idle() == std::vector<PoolLink*>{link(1), link(2)});
  CHECK(pool.idle() == 0);
  CHECK(pool.taken() == 2);
  CHECK(pool.acquire(ticket(3)).step == PoolFsm::Step::wait);
  CHECK(pool.free_place() == ticket(3));
}

namespace {

// All that three takers of two places can do to each other: each takes, perhaps waits, perhaps gives up waiting (a
// cancellation and a timeout are the same here), opens, fails to open, uses, gives back a link, good or broken.
class World {
 public:
  static constexpr std::size_t takers = 3;
  static constexpr std::size_t places = 2;

  explicit World(std::size_t size) : pool_(size, places), size_(size) {}

  // Each event that can happen now leads to one world.
  std::vector<World> next() const {
    std::vector<World> worlds;
    for (std::size_t i = 0; i < takers; ++i) {
      for (const Event event :
           {Event::acquire, Event::give_up, Event::opened, Event::failed, Event::good, Event::broken}) {
        if (World world(*this); world.happens(i, event)) {
          world.check();
          worlds.push_back(std::move(world));
        }
      }
    }
    return worlds;
  }

  bool is_over() const {
    for (const Taker& taker : taker_) {
      if (taker.state != State::done) {
        return false;
      }
    }
    return true;
  }

  // Worlds with the same key have the same future.
  std::string key() const {
    std::string text;
    for (const Taker& taker : taker_) {
      text += std::to_string(static_cast<int>(taker.state)) + ':' + std::to_string(taker.held) + ' ';
    }
    for (const std::size_t waiting : queue_) {
      text += std::to_string(waiting);
    }
    text += '|';
    for (const std::uintptr_t idle : idle_) {
      text += std::to_string(idle) + ',';
    }
    return text + '|' + std::to_string(links_);
  }

 private:
  enum class State : unsigned char { fresh, waiting, opening, using_link, closing, done };
  enum class Event : unsigned char { acquire, give_up, opened, failed, good, broken };
  struct Taker {
    State state = State::fresh;
    std::uintptr_t held = 0;
  };

  bool happens(std::size_t i, Event event) {
    Taker& taker = taker_[i];
    switch (event) {
      case Event::acquire:
        return taker.state == State::fresh && (acquire(i), true);
      case Event::give_up:
        return taker.state == State::waiting && (give_up(i), true);
      case Event::opened:
        return taker.state == State::opening && (taker = {State::using_link, ++links_}, true);
      case Event::failed:  // to open; or the closing of a link is through
        return (taker.state == State::opening || taker.state == State::closing) && (end(i), true);
      case Event::good:
        return taker.state == State::using_link && (give_back(i), true);
      case Event::broken:
        return taker.state == State::using_link && (taker = {State::closing, 0}, true);
    }
    return false;
  }

  void acquire(std::size_t i) {
    const PoolFsm::Acquired got = pool_.acquire(ticket(i + 1));
    if (got.step == PoolFsm::Step::use) {
      REQUIRE(!idle_.empty());
      REQUIRE(got.link == link(idle_.front()));
      taker_[i] = {State::using_link, idle_.front()};
      idle_.erase(idle_.begin());
    } else if (got.step == PoolFsm::Step::open) {
      taker_[i].state = State::opening;
    } else {
      taker_[i].state = State::waiting;
      queue_.push_back(i);
    }
  }

  void give_up(std::size_t i) {
    REQUIRE(pool_.withdraw(ticket(i + 1)));
    REQUIRE_FALSE(pool_.withdraw(ticket(i + 1)));
    std::erase(queue_, i);
    taker_[i].state = State::done;
  }

  void give_back(std::size_t i) {
    const std::uintptr_t held = taker_[i].held;
    taker_[i] = {State::done, 0};
    const PoolFsm::Returned returned = pool_.give_back(link(held));
    if (returned.fate == PoolFsm::Fate::handed_on) {
      serve(returned.to, held);
    } else if (returned.fate == PoolFsm::Fate::kept) {
      idle_.push_back(held);
    } else {
      taker_[i].state = State::closing;
    }
  }

  void end(std::size_t i) {
    taker_[i] = {State::done, 0};
    if (PoolTicket* const to = pool_.free_place()) {
      serve(to, 0);
    }
  }

  void serve(PoolTicket* to, std::uintptr_t held) {
    REQUIRE(!queue_.empty());
    REQUIRE(to == ticket(queue_.front() + 1));  // FIFO
    Taker& taker = taker_[queue_.front()];
    REQUIRE(taker.state == State::waiting);  // once
    taker = held == 0 ? Taker{State::opening, 0} : Taker{State::using_link, held};
    queue_.erase(queue_.begin());
  }

  void check() const {
    std::size_t taken = 0;
    std::set<std::uintptr_t> owned(idle_.begin(), idle_.end());
    std::size_t links = idle_.size();
    for (const Taker& taker : taker_) {
      taken +=
          taker.state == State::opening || taker.state == State::using_link || taker.state == State::closing ? 1 : 0;
      if (taker.held != 0) {
        owned.insert(taker.held);
        ++links;
      }
    }
    REQUIRE(owned.size() == links);  // one owner each
    REQUIRE(pool_.taken() == taken);
    REQUIRE(pool_.idle() == idle_.size());
    REQUIRE(pool_.waiting() == queue_.size());
    REQUIRE(idle_.size() <= size_);
    REQUIRE(taken + idle_.size() <= places);
    REQUIRE((queue_.empty() || (idle_.empty() && taken == places)));
  }

  PoolFsm pool_;
  std::size_t size_;
  std::array<Taker, takers> taker_;
  std::vector<std::size_t> queue_;
  std::vector<std::uintptr_t> idle_;
  std::uintptr_t links_ = 0;
};

}  // namespace

TEST_CASE("in every interleaving of three takers and two places each link has one owner and nobody waits in vain") {
  const std::size_t size = GENERATE(0U, 1U, 2U);

  std::set<std::string> seen;
  std::vector<World> open{World(size)};
  std::size_t ends = 0;
  while (!open.empty()) {
    const World world = std::move(open.back());
    open.pop_back();
    std::vector<World> worlds = world.next();
    REQUIRE((!worlds.empty() || world.is_over()));  // nobody is stuck
    ends += worlds.empty() ? 1 : 0;
    for (World& next : worlds) {
      if (seen.insert(next.key()).second) {
        open.push_back(std::move(next));
      }
    }
  }

  CHECK(seen.size() > 100);
  CHECK(ends > 0);
}
