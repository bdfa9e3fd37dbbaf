// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <greenway/runtime/deadline.hpp>
#include <greenway/runtime/waiter.hpp>

namespace greenway::detail {

/// The writers of one database within this process, in the order of their arrival. The place at the head is handed from
/// one to the next: it is never free while somebody waits, so that nobody overtakes.
///
/// @par Threads
/// Everything may be called from any greenlet or thread; the mutex is not held while one waits.
class SQLiteWriterQueue {
 public:
  /// @param database  What identifies it in this process.
  /// @return The queue of that database, shared by all who ask while one of them keeps it.
  static std::shared_ptr<SQLiteWriterQueue> of(const std::string& database);

  /// Takes the place if nobody holds it, which implies that nobody waits.
  /// @return Whether it is taken.
  bool try_take() noexcept;
  /// Waits for the place.
  /// @return Whether it is taken; false when the deadline passed first.
  /// @throws Cancelled       The caller was; the place is with somebody else.
  /// @throws WouldBlockLoop  As Waiter::wait.
  bool take(Deadline deadline);
  /// Hands the place to who has waited longest.
  void release() noexcept;

 private:
  struct Entry {
    Waiter waiter{WaitKind::write_turn};
    bool has_place = false;
  };

  std::mutex mutex_;
  bool is_taken_ = false;
  std::list<Entry*> waiting_;
};

/// A writer's claim on the place of one queue: taken or not, and given back at the latest when this goes away.
class SQLiteWriterPlace {
 public:
  /// @param queue  Whose place.
  explicit SQLiteWriterPlace(std::shared_ptr<SQLiteWriterQueue> queue) noexcept : queue_(std::move(queue)) {}
  ~SQLiteWriterPlace() { release(); }
  SQLiteWriterPlace(const SQLiteWriterPlace&) = delete;
  SQLiteWriterPlace& operator=(const SQLiteWriterPlace&) = delete;

  /// @return Whether it is taken, now or already.
  bool try_take() noexcept { return is_taken_ = is_taken_ || queue_->try_take(); }
  /// Waits for it, unless it is taken already.
  /// @return As SQLiteWriterQueue::take(), which also says what it throws.
  bool take(Deadline deadline) { return is_taken_ = is_taken_ || queue_->take(deadline); }
  /// Gives it back; nothing when it is not taken.
  void release() noexcept {
    if (std::exchange(is_taken_, false)) {
      queue_->release();
    }
  }

 private:
  std::shared_ptr<SQLiteWriterQueue> queue_;
  bool is_taken_ = false;
};

}  // namespace greenway::detail
