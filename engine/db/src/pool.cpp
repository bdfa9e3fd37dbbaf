// SPDX-License-Identifier: BSL-1.0
#include "pool.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <limits>
#include <mutex>
#include <span>
#include <string>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/base/log.hpp>
#include <greenway/runtime/cancel.hpp>
#include <greenway/runtime/waiter.hpp>

#include "jitter.hpp"

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

// "transfer.cpp:12 (void transfer(Connection&))"
std::string place_of(const std::source_location& where) {
  const std::string_view file = where.file_name();
  return std::string(file.substr(file.rfind('/') + 1)) + ':' + std::to_string(where.line()) + " (" + where.function_name() +
         ')';
}

constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

std::size_t places_kept(const EngineOptions& options) {
  switch (options.poolclass) {
    case PoolClass::null:
      return 0;
    case PoolClass::single:
    case PoolClass::assertion:
      return 1;
    case PoolClass::queue:
      break;
  }
  return options.pool_size == 0 ? unlimited : options.pool_size;
}

std::size_t places(const EngineOptions& options) {
  if (options.max_overflow < -1) {
    throw ArgumentError("max_overflow is " + std::to_string(options.max_overflow) + "; it is a number, or -1 for any");
  }
  if (options.poolclass != PoolClass::queue) {
    return options.poolclass == PoolClass::null ? unlimited : 1;
  }
  const bool is_limited = options.pool_size != 0 && options.max_overflow != -1;
  return is_limited ? options.pool_size + static_cast<std::size_t>(options.max_overflow) : unlimited;
}

// The session is another process's too: nothing of it is touched. Kept, so that nobody takes it for a leak.
void forget(PoolLink* link) noexcept {
  static std::mutex mutex;
  static auto& forgotten = *new std::vector<PoolLink*>;
  const std::lock_guard lock(mutex);
  forgotten.push_back(link);
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

Pool::Pool(const URL& url, Driver& driver, const EngineOptions& options, const EngineEvents& events)
    : url_(url),
      driver_(driver),
      options_(options),
      events_(events),
      fsm_(places_kept(options), places(options), options.pool_use_lifo) {}

std::unique_ptr<PoolLink> Pool::acquire(const std::source_location& where) {
  constexpr int retries = 2;
  Place place(*this, take_place());
  for (int attempt = 0;; ++attempt) {
    place.link = make_ready(std::move(place.link));
    try {
      events_.checkout(*place.link->connection);
      break;
    } catch (const DisconnectionError&) {
      if (attempt == retries) {
        throw InvalidRequestError("This connection is closed: the checkout event has refused " +
                                  std::to_string(retries + 1) + " sessions one after the other");
      }
    }
    shut(*place.link);
    place.link.reset();
  }
  note_out(*place.link, where);
  echo("is checked out", *place.link);
  return place.release();
}

// The link of a taken place, or a new one in its stead.
std::unique_ptr<PoolLink> Pool::make_ready(std::unique_ptr<PoolLink> found) {
  if (found != nullptr && is_fit(*found)) {
    return found;
  }
  if (found != nullptr) {
    shut(*found);
  }
  return open();
}

std::unique_ptr<PoolLink> Pool::take_place() {
  PoolTicket ticket;
  {
    const std::lock_guard lock(mutex_);
    if (options_.poolclass == PoolClass::assertion && fsm_.taken() != 0) {
      throw InvalidRequestError("the only connection is already checked out at " +
                                (out_.empty() ? "a place that is just getting it" : place_of(out_.front()->where)));
    }
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
    throw_exhausted();
  }
  return std::unique_ptr<PoolLink>(ticket.link);
}

bool Pool::is_withdrawn(PoolTicket& ticket) noexcept {
  const std::lock_guard lock(mutex_);
  return fsm_.withdraw(&ticket);
}

bool Pool::is_fit(PoolLink& link) {
  if (Clock::now() > link.expires || !is_current(link) || !link.connection->is_usable()) {
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
  const TimePoint expires = options_.pool_recycle < Duration::zero() ? TimePoint::max()
                                                                     : Clock::now() + jittered(options_.pool_recycle);
  auto link = std::make_unique<PoolLink>(
      PoolLink{connect(), generation, expires});
  tell_of_first(*link->connection);
  events_.connect(*link->connection);
  echo("is opened", *link);
  return link;
}

std::unique_ptr<DriverConnection> Pool::connect() {
  try {
    return connect_as_told();
  } catch (const DBAPIError& error) {
    ErrorContext context{nullptr, error, nullptr, error.is_disconnect()};
    events_.handle_error(context);
    throw;
  }
}

std::unique_ptr<DriverConnection> Pool::connect_as_told() {
  if (options_.creator) {
    try {
      std::unique_ptr<DriverConnection> created = options_.creator();
      return created != nullptr ? std::move(created)
                                : throw InvalidRequestError("the creator of sessions has returned none");
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      Diagnostics fields;
      fields.message = std::string("the creator of sessions failed: ") + error.what();
      std::throw_with_nested(OperationalError(std::move(fields)));
    }
  }
  const Deadline deadline = Deadline::in(options_.connect_timeout);
  if (events_.do_connect.is_heard()) {
    ConnectContext context{url_};
    events_.do_connect(context);
    if (context.connection != nullptr) {
      return std::move(context.connection);
    }
    if (context.url != url_) {
      return make_driver(context.url)->connect(deadline);
    }
  }
  return driver_.connect(deadline);
}

void Pool::tell_of_first(DriverConnection& connection) {
  if (has_connected_) {
    return;
  }
  const std::lock_guard lock(first_);
  if (!has_connected_) {
    events_.first_connect(connection);
    has_connected_ = true;
  }
}

void Pool::give_back(std::unique_ptr<PoolLink> link) noexcept {
  echo("comes back", *link);
  note_back(*link);
  const bool is_good = !link->is_detached && is_current(*link) && is_clean_after_reset(*link);
  if (is_good && tell(events_.checkin, *link)) {
    pass_on(std::move(link));
  } else {
    close(std::move(link));
  }
}

bool Pool::is_clean_after_reset(PoolLink& link) noexcept {
  if (is_unwinding()) {
    return false;
  }
  DriverConnection& connection = *link.connection;
  try {
    const Shield shield(clean_up_bound);
    events_.reset(connection);
    if (options_.pool_reset_on_return == ResetOnReturn::commit) {
      connection.commit(Deadline::in(clean_up_bound));
    }
    if (options_.pool_reset_on_return != ResetOnReturn::none) {
      connection.reset(Deadline::in(clean_up_bound));
    }
  } catch (const Error& error) {
    log(LogLevel::warning, "greenway.pool", std::string("a session could not be reset and is closed: ") + error.what());
    return false;
  } catch (...) {
    // Bounded clean-up: whatever went wrong, or whoever is in a hurry, the connection is not known to be idle.
    return false;
  }
  return connection.is_usable() && connection.transaction_state() == TransactionState::idle;
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

void Pool::shut(PoolLink& link) noexcept {
  echo("is closed", link);
  if (is_unwinding()) {
    link.connection->terminate();
    return;
  }
  const Shield shield(clean_up_bound);
  tell(link.is_detached ? events_.close_detached : events_.close, link);
  link.connection->close(Deadline::in(clean_up_bound));
}

void Pool::discard(std::unique_ptr<PoolLink> link) noexcept {
  const bool is_detached = link != nullptr && link->is_detached;
  if (link != nullptr) {
    echo("is given up", *link);
    note_back(*link);
    tell(events_.invalidate, *link);
    link->connection->terminate();
    link.reset();
  }
  if (!is_detached) {
    free_place();
  }
}

void Pool::detach(PoolLink& link) {
  if (!std::exchange(link.is_detached, true)) {
    note_back(link);
    free_place();
    events_.detach(*link.connection);
  }
}

void Pool::invalidate_softly(PoolLink& link) {
  link.generation = 0;
  events_.soft_invalidate(*link.connection);
}

// Where nobody can be told that a handler failed.
bool Pool::tell(const Listeners<DriverConnection&>& event, PoolLink& link) const noexcept {
  try {
    event(*link.connection);
    return true;
  } catch (const std::exception& error) {
    log(LogLevel::error, "greenway.pool", std::string("a handler of a pool event failed: ") + error.what());
  } catch (...) {
    log(LogLevel::error, "greenway.pool", "a handler of a pool event was cancelled");
  }
  return false;
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
  PoolStatus status;
  status.idle = fsm_.idle();
  status.in_use = fsm_.taken();
  status.waiting = fsm_.waiting();
  status.size = options_.poolclass == PoolClass::queue ? options_.pool_size : places_kept(options_);
  return status;
}

std::vector<CheckedOut> Pool::checked_out() const {
  const std::lock_guard lock(mutex_);
  std::vector<CheckedOut> all;
  all.reserve(out_.size());
  for (const PoolLink* const link : out_) {
    all.push_back({place_of(link->where), Clock::now() - link->since});
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.since > b.since; });
  return all;
}

void Pool::note_out(PoolLink& link, const std::source_location& where) {
  const std::lock_guard lock(mutex_);
  link.where = where;
  link.since = Clock::now();
  out_.push_back(&link);
  link.number = out_.size();
}

void Pool::note_back(PoolLink& link) noexcept {
  const std::lock_guard lock(mutex_);
  if (const std::size_t number = std::exchange(link.number, 0); number != 0) {
    out_[number - 1] = out_.back();
    out_[number - 1]->number = number;
    out_.pop_back();
    link.number = 0;
  }
}

void Pool::throw_exhausted() const {
  char text[160];
  std::snprintf(text, sizeof text,
                "QueuePool limit of size %zu overflow %d reached, connection timed out, timeout %.2f",
                options_.pool_size, options_.max_overflow, std::chrono::duration<double>(options_.pool_timeout).count());
  std::string message = text;
  const char* separator = "; checked out the longest: ";
  const std::vector<CheckedOut> all = checked_out();
  for (const CheckedOut& one : std::span(all).first(std::min<std::size_t>(all.size(), 3))) {
    message += std::exchange(separator, ", ") + one.where;
    message += " for " + std::to_string(std::chrono::duration_cast<std::chrono::seconds>(one.since).count()) + " s";
  }
  throw TimeoutError(message);
}

void Pool::echo(std::string_view what, const PoolLink& link) const noexcept {
  if (options_.echo_pool) {
    char text[64];
    std::snprintf(text, sizeof text, "connection %p ", static_cast<const void*>(link.connection.get()));
    log(LogLevel::info, options_.logging_name.empty() ? "greenway.pool" : "greenway.pool." + options_.logging_name,
        text + std::string(what));
  }
}

}  // namespace greenway::detail
