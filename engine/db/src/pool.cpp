// SPDX-License-Identifier: BSL-1.0
#include "pool.hpp"

#include <cstdio>
#include <limits>
#include <string>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/runtime/cancel.hpp>
#include <greenway/runtime/waiter.hpp>

namespace greenway::detail {

// One caller of acquire() in the queue. Lives on his stack; touched by others only under the pool's lock.
struct PoolTicket {
  Waiter waiter{WaitKind::connection};
  PoolLink* link = nullptr;  // what he was served with; null: a place, to open one in

  void serve(PoolLink* served) noexcept {
    link = served;
    waiter.wake();
  }
};

namespace {

constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

std::size_t places_kept(const EngineOptions& options) { return options.pool_size == 0 ? unlimited : options.pool_size; }

std::size_t places(const EngineOptions& options) {
  if (options.max_overflow < -1) {
    throw ArgumentError("max_overflow is " + std::to_string(options.max_overflow) + "; it is a number, or -1 for any");
  }
  const bool is_limited = options.pool_size != 0 && options.max_overflow != -1;
  return is_limited ? options.pool_size + static_cast<std::size_t>(options.max_overflow) : unlimited;
}

[[noreturn]] void throw_exhausted(const EngineOptions& options) {
  char text[160];
  std::snprintf(text, sizeof text,
                "QueuePool limit of size %zu overflow %d reached, connection timed out, timeout %.2f",
                options.pool_size, options.max_overflow, std::chrono::duration<double>(options.pool_timeout).count());
  throw TimeoutError(text);
}

void shut(PoolLink& link) noexcept {
  if (is_unwinding()) {
    link.connection->terminate();
  } else {
    const Shield shield(clean_up_bound);
    link.connection->close(Deadline::in(clean_up_bound));
  }
}

// The session is another process's too: nothing of it is touched. Kept, so that nobody takes it for a leak.
void forget(PoolLink* link) noexcept {
  static std::mutex mutex;
  static auto& forgotten = *new std::vector<PoolLink*>;
  const std::lock_guard lock(mutex);
  forgotten.push_back(link);
}

bool is_clean_after_reset(PoolLink& link) noexcept {
  if (is_unwinding()) {
    return false;
  }
  try {
    const Shield shield(clean_up_bound);
    link.connection->reset(Deadline::in(clean_up_bound));
  } catch (...) {
    // Bounded clean-up: whatever went wrong, or whoever is in a hurry, the connection is not known to be idle.
    return false;
  }
  return link.connection->is_usable() && link.connection->transaction_state() == TransactionState::idle;
}

}  // namespace

// A taken place while a link is made ready in it. Discards the link unless it is released.
class Pool::Place {
 public:
  Place(Pool& pool, std::unique_ptr<PoolLink> found) noexcept : link(std::move(found)), pool_(&pool) {}
  ~Place() {
    if (pool_ != nullptr) {
      pool_->discard(std::move(link));
    }
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  std::unique_ptr<PoolLink> release() noexcept {
    pool_ = nullptr;
    return std::move(link);
  }

  std::unique_ptr<PoolLink> link;

 private:
  Pool* pool_;
};

Pool::Pool(Driver& driver, const EngineOptions& options)
    : driver_(driver), options_(options), fsm_(places_kept(options), places(options)) {}

std::unique_ptr<PoolLink> Pool::acquire() {
  Place place(*this, take_place());
  if (place.link && !is_fit(*place.link)) {
    shut(*place.link);
    place.link.reset();
  }
  if (!place.link) {
    place.link = open();
  }
  return place.release();
}

std::unique_ptr<PoolLink> Pool::take_place() {
  PoolTicket ticket;
  {
    const std::lock_guard lock(mutex_);
    if (const PoolFsm::Acquired got = fsm_.acquire(&ticket); got.step != PoolFsm::Step::wait) {
      return std::unique_ptr<PoolLink>(got.link);
    }
  }
  // After each wait the lock is taken, so that whoever served the ticket is done with it.
  try {
    ticket.waiter.wait(Deadline::in(options_.pool_timeout));
  } catch (...) {
    if (!is_withdrawn(ticket)) {
      pass_on(std::unique_ptr<PoolLink>(ticket.link));  // served in the same moment
    }
    throw;
  }
  if (is_withdrawn(ticket)) {
    throw_exhausted(options_);
  }
  return std::unique_ptr<PoolLink>(ticket.link);
}

bool Pool::is_withdrawn(PoolTicket& ticket) noexcept {
  const std::lock_guard lock(mutex_);
  return fsm_.withdraw(&ticket);
}

bool Pool::is_fit(PoolLink& link) {
  const bool is_old = options_.pool_recycle >= Duration::zero() && Clock::now() - link.opened > options_.pool_recycle;
  if (is_old || !is_current(link) || !link.connection->is_usable()) {
    return false;
  }
  if (options_.pool_pre_ping) {
    try {
      link.connection->ping(Deadline::in(options_.connect_timeout));
    } catch (const Error&) {
      invalidate(link.generation);
      return false;
    }
  }
  return true;
}

std::unique_ptr<PoolLink> Pool::open() {
  std::uint64_t generation = 0;
  {
    const std::lock_guard lock(mutex_);
    generation = generation_;
  }
  auto connection = driver_.connect(Deadline::in(options_.connect_timeout));
  return std::make_unique<PoolLink>(PoolLink{std::move(connection), generation, Clock::now()});
}

void Pool::give_back(std::unique_ptr<PoolLink> link) noexcept {
  if (!link->is_detached && is_current(*link) && is_clean_after_reset(*link)) {
    pass_on(std::move(link));
  } else {
    close(std::move(link));
  }
}

// A place with a link that is good for the next user, or with none.
void Pool::pass_on(std::unique_ptr<PoolLink> link) noexcept {
  if (link == nullptr) {
    return free_place();
  }
  {
    const std::lock_guard lock(mutex_);
    const PoolFsm::Returned returned = fsm_.give_back(link.get());
    if (returned.fate == PoolFsm::Fate::handed_on) {
      returned.to->serve(link.get());
    }
    if (returned.fate != PoolFsm::Fate::surplus) {
      link.release();
      return;
    }
  }
  close(std::move(link));
}

void Pool::close(std::unique_ptr<PoolLink> link) noexcept {
  shut(*link);
  const bool is_detached = link->is_detached;
  link.reset();
  if (!is_detached) {
    free_place();
  }
}

void Pool::discard(std::unique_ptr<PoolLink> link) noexcept {
  const bool is_detached = link != nullptr && link->is_detached;
  if (link != nullptr) {
    link->connection->terminate();
    link.reset();
  }
  if (!is_detached) {
    free_place();
  }
}

void Pool::detach(PoolLink& link) noexcept {
  if (!std::exchange(link.is_detached, true)) {
    free_place();
  }
}

void Pool::free_place() noexcept {
  const std::lock_guard lock(mutex_);
  if (PoolTicket* const next = fsm_.free_place()) {
    next->serve(nullptr);
  }
}

void Pool::invalidate(std::uint64_t generation) noexcept {
  const std::lock_guard lock(mutex_);
  if (generation_ == generation) {
    ++generation_;
  }
}

bool Pool::is_current(const PoolLink& link) const noexcept {
  const std::lock_guard lock(mutex_);
  return link.generation == generation_;
}

void Pool::dispose(bool close_them) noexcept {
  std::vector<PoolLink*> idle;
  {
    const std::lock_guard lock(mutex_);
    ++generation_;
    idle = fsm_.take_idle();
  }
  for (PoolLink* const link : idle) {
    if (close_them) {
      close(std::unique_ptr<PoolLink>(link));
    } else {
      forget(link);
      free_place();
    }
  }
}

PoolStatus Pool::status() const {
  const std::lock_guard lock(mutex_);
  return {fsm_.idle(), fsm_.taken(), fsm_.waiting()};
}

}  // namespace greenway::detail
