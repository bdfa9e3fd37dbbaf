// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

#include <greenway/base/clock.hpp>
#include <greenway/runtime/deadline.hpp>

struct sqlite3;

namespace greenway::detail {

/// How a piece of work with SQLite is bounded and cut short: SQLite itself asks here, every thousand instructions of a
/// statement and before each retry of a lock, whether to go on. Nothing is done to the connection from outside, so that
/// a late raise() cannot hit the next statement, as a late sqlite3_interrupt() would.
///
/// @par Threads
/// arm() while nothing runs; raise() from any thread; the rest is called by the thread that runs SQLite.
class SQLiteInterrupt {
 public:
  /// @param busy_timeout  How long at most to wait for the lock of another process.
  explicit SQLiteInterrupt(Duration busy_timeout) noexcept : busy_timeout_(busy_timeout) {}

  /// Has SQLite ask here from now on.
  void install(sqlite3* db) noexcept;
  /// A new piece of work is about to run.
  /// @param deadline  When it is cut short.
  void arm(Deadline deadline) noexcept;
  /// Cuts the work short.
  void raise() noexcept;

  /// @return Whether the work is to end.
  [[nodiscard]] bool is_raised() const noexcept {
    return is_asked_.load(std::memory_order_relaxed) || deadline_.has_passed();
  }
  /// @param code  SQLite's, of an error.
  /// @return Whether it comes from having been cut short.
  [[nodiscard]] bool explains(int code) const noexcept;

  /// Waits a little for somebody else's lock.
  /// @param attempt  How many waits for it there have been.
  /// @return Whether to try again.
  bool wait_for_lock(int attempt) noexcept;

 private:
  const Duration busy_timeout_;
  Deadline deadline_;
  TimePoint busy_since_;
  std::mutex mutex_;
  std::condition_variable asked_;
  std::atomic<bool> is_asked_{false};
};

}  // namespace greenway::detail
