// SPDX-License-Identifier: BSL-1.0
#include <cstdint>
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

TEST_CASE("idle links are reused newest first when the pool is told so") {
  PoolFsm pool(2, 2, true);
  pool.acquire(ticket(1));
  pool.acquire(ticket(2));
  pool.give_back(link(1));
  pool.give_back(link(2));

  CHECK(pool.acquire(ticket(3)).link == link(2));
  CHECK(pool.acquire(ticket(4)).link == link(1));
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
