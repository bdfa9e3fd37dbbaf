// SPDX-License-Identifier: BSL-1.0
#pragma once

// The pool's algorithm, without I/O, locks or time: who gets which connection, who waits, what is closed.
//
// A pool is a number of places. A place is idle (it holds an open connection that nobody uses) or taken: by a user, by
// somebody who opens a connection in it, or by somebody who closes one.
//
//     free   --acquire: open------------------------------>  taken
//     idle   --acquire: use------------------------------->  taken
//     taken  --give_back, nobody waits, room to keep it--->  idle
//     taken  --give_back, somebody waits------------------>  taken by the first who waits, with the connection
//     taken  --give_back, nobody waits, no room----------->  taken (surplus), until its connection has been closed
//     taken  --free_place, somebody waits----------------->  taken by the first who waits, without a connection
//     taken  --free_place, nobody waits------------------->  free
//
// Invariants: (1) idle + taken <= maximum; (2) nobody waits while a place is idle or free; (3) each ticket is served at
// most once, in the order of acquire(); (4) a withdrawn ticket is never served.

#include <cstddef>
#include <deque>
#include <vector>

namespace greenway::detail {

struct PoolLink;
struct PoolTicket;

// Links and tickets are names here: they are never looked into.
class PoolFsm {
 public:
  enum class Step : unsigned char { use, open, wait };
  struct Acquired {
    Step step;
    PoolLink* link;  // to use
  };

  enum class Fate : unsigned char { kept, handed_on, surplus };
  struct Returned {
    Fate fate;
    PoolTicket* to;  // handed on to
  };

  // size: places that stay idle rather than being freed. maximum: places in all. newest_first: which idle link is used.
  PoolFsm(std::size_t size, std::size_t maximum, bool newest_first = false) noexcept
      : size_(size), maximum_(maximum), newest_first_(newest_first) {}

  // Takes a place, or puts `ticket` at the end of the queue.
  Acquired acquire(PoolTicket* ticket);
  // Takes `ticket` out of the queue. False: it is not there, having been served.
  bool withdraw(PoolTicket* ticket) noexcept;
  // A user is done with a link that is good for the next one. Surplus: close it, then free_place().
  Returned give_back(PoolLink* link);
  // The connection of a taken place is closed, or could not be opened. Returns who takes the place, if anybody.
  PoolTicket* free_place() noexcept;
  // Takes all idle places, for their links to be closed.
  std::vector<PoolLink*> take_idle();

  std::size_t idle() const noexcept { return idle_.size(); }
  std::size_t taken() const noexcept { return taken_; }
  std::size_t waiting() const noexcept { return queue_.size(); }

 private:
  PoolTicket* next_in_queue() noexcept;

  std::size_t size_;
  std::size_t maximum_;
  bool newest_first_;
  std::size_t taken_ = 0;
  std::deque<PoolLink*> idle_;  // the one that has been idle longest comes first
  std::deque<PoolTicket*> queue_;
};

}  // namespace greenway::detail
