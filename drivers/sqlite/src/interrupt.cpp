// SPDX-License-Identifier: BSL-1.0
#include "interrupt.hpp"

#include <algorithm>

#include <sqlite3.h>

namespace greenway::detail {

namespace {

// About 20 microseconds of work.
constexpr int instructions_between_questions = 1000;
constexpr std::chrono::milliseconds longest_pause{25};

}  // namespace

void SQLiteInterrupt::install(sqlite3* db) noexcept {
  sqlite3_progress_handler(
      db, instructions_between_questions,
      [](void* self) -> int { return static_cast<const SQLiteInterrupt*>(self)->is_raised() ? 1 : 0; }, this);
  sqlite3_busy_handler(
      db, [](void* self, int attempt) -> int { return static_cast<SQLiteInterrupt*>(self)->wait_for_lock(attempt); },
      this);
}

void SQLiteInterrupt::arm(Deadline deadline) noexcept {
  deadline_ = deadline;
  is_asked_.store(false, std::memory_order_relaxed);
}

void SQLiteInterrupt::raise() noexcept {
  {
    const std::lock_guard lock(mutex_);
    is_asked_.store(true, std::memory_order_relaxed);
  }
  asked_.notify_all();
}

bool SQLiteInterrupt::explains(int code) const noexcept {
  const int primary = code & 0xFF;
  return (primary == SQLITE_INTERRUPT || primary == SQLITE_BUSY) && is_raised();
}

bool SQLiteInterrupt::wait_for_lock(int attempt) noexcept {
  const TimePoint now = Clock::now();
  if (attempt == 0) {
    busy_since_ = now;
  }
  const TimePoint until = std::min(busy_since_ + busy_timeout_, deadline_.time());
  if (now >= until) {
    return false;
  }
  const Duration pause = std::min<Duration>(std::chrono::milliseconds(1 + attempt), longest_pause);
  std::unique_lock lock(mutex_);
  return !asked_.wait_until(lock, std::min(now + pause, until), [this] { return is_asked_.load(); });
}

}  // namespace greenway::detail
