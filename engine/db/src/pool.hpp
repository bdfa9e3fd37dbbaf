// SPDX-License-Identifier: BSL-1.0
#pragma once

// The pool of an engine: pool_fsm.hpp with a lock, connections that are opened and closed, and waiters that wait.

#include <any>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

#include <greenway/base/clock.hpp>
#include <greenway/db/driver.hpp>
#include <greenway/db/engine.hpp>
#include <greenway/db/events.hpp>
#include <greenway/db/options.hpp>
#include <greenway/db/url.hpp>
#include <greenway/runtime/mutex.hpp>

#include "pool_fsm.hpp"

namespace greenway::detail {

// No clean-up waits longer: resetting a connection, rolling back in a destructor, saying goodbye to a server.
inline constexpr Duration clean_up_bound = std::chrono::seconds(2);

// One session with the database. Whoever holds it holds its place in the pool, unless it is detached.
struct PoolLink {
  std::unique_ptr<DriverConnection> connection;
  std::uint64_t generation;  // 0: to be replaced, as if it were old
  TimePoint expires;
  bool is_detached = false;
  std::size_t number = 0;          // among those that are out
  std::source_location where = {};  // it was checked out …
  TimePoint since = {};            // … and when
  std::map<std::string, std::any> info = {};
};

class Pool {
 public:
  // All outlive the pool.
  Pool(const URL& url, Driver& driver, const EngineOptions& options, const EngineEvents& events);
  ~Pool() { dispose(true); }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Borrows a link, opens one, or waits for one.
  std::unique_ptr<PoolLink> acquire(const std::source_location& where);
  // Resets the link for the next user; what cannot be proven idle is closed. Waits, shielded, up to clean_up_bound for
  // each of the two; where nothing may suspend the link is discarded.
  void give_back(std::unique_ptr<PoolLink> link) noexcept;
  // Closes the link without waiting for anybody.
  void discard(std::unique_ptr<PoolLink> link) noexcept;
  // The server hung up on a link of that generation: idle ones as old are replaced when their turn comes.
  void invalidate(std::uint64_t generation) noexcept;
  // As if the link were of an old generation: it is closed when it comes back.
  void invalidate_softly(PoolLink& link);
  // Its place is free for another one; the link is closed, not given back, when its holder is done with it.
  void detach(PoolLink& link);
  // Closes the idle links, or forgets them; those in use are closed when they come back.
  void dispose(bool close_them) noexcept;

  PoolStatus status() const;
  std::vector<CheckedOut> checked_out() const;

 private:
  class Place;

  std::unique_ptr<PoolLink> take_place();
  std::unique_ptr<PoolLink> make_ready(std::unique_ptr<PoolLink> found);
  void note_out(PoolLink& link, const std::source_location& where);
  void note_back(PoolLink& link) noexcept;
  bool is_clean_after_reset(PoolLink& link) noexcept;
  void shut(PoolLink& link) noexcept;
  bool tell(const Listeners<DriverConnection&>& event, PoolLink& link) const noexcept;
  void echo(std::string_view what, const PoolLink& link) const noexcept;
  [[noreturn]] void throw_exhausted() const;
  bool is_withdrawn(PoolTicket& ticket) noexcept;
  bool is_fit(PoolLink& link);
  bool is_current(const PoolLink& link) const noexcept;
  std::unique_ptr<PoolLink> open();
  std::unique_ptr<DriverConnection> connect();
  std::unique_ptr<DriverConnection> connect_as_told();
  void tell_of_first(DriverConnection& connection);
  void pass_on(std::unique_ptr<PoolLink> link) noexcept;
  void close(std::unique_ptr<PoolLink> link) noexcept;
  void free_place() noexcept;

  const URL& url_;
  Driver& driver_;
  const EngineOptions& options_;
  const EngineEvents& events_;
  mutable std::mutex mutex_;
  PoolFsm fsm_;
  std::uint64_t generation_ = 1;
  std::vector<PoolLink*> out_;
  Mutex first_;  // while the first session is told of
  std::atomic<bool> has_connected_ = false;
};

}  // namespace greenway::detail
