// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstddef>
#include <new>
#include <vector>

#include <greenway/runtime/detail/greenlet_record.hpp>

namespace greenway::detail {

/// A stretch of memory with the records of one thread's greenlets side by side, aligned to its own size so that a record
/// finds it.
class RecordSlab {
 public:
  static constexpr std::size_t size = 64 * 1024;

  static RecordSlab* make() { return new (::operator new(size, std::align_val_t{size})) RecordSlab; }
  static RecordSlab& of(GreenletRecord& record) noexcept {
    return *reinterpret_cast<RecordSlab*>(reinterpret_cast<std::uintptr_t>(&record) & ~(size - 1));
  }
  void free() noexcept;

  [[nodiscard]] bool is_full() const noexcept { return count_ == capacity(); }
  GreenletRecord& add() noexcept { return *new (&record(count_++)) GreenletRecord; }

  /// Calls `fn` with each record that was ever used.
  template <class F>
  void for_each(F&& fn) noexcept {
    for (std::size_t i = 0; i != count_; ++i) {
      fn(record(i));
    }
  }

  /// Handles outlived the thread: so many records are still referred to.
  std::size_t survivors = 0;

 private:
  friend struct DebugLayout;
  static constexpr std::size_t first = sizeof(GreenletRecord);
  static constexpr std::size_t capacity() noexcept { return size / sizeof(GreenletRecord) - 1; }
  GreenletRecord& record(std::size_t index) noexcept {
    return *reinterpret_cast<GreenletRecord*>(reinterpret_cast<std::byte*>(this) + first + index * sizeof(GreenletRecord));
  }

  std::size_t count_ = 0;
};

/// The records of one thread's greenlets. They are used again, and given back when the thread ends; those that handles
/// still refer to then, when the last such handle goes.
class RecordPool {
 public:
  RecordPool() = default;
  RecordPool(const RecordPool&) = delete;
  RecordPool& operator=(const RecordPool&) = delete;

  /// @return A record as new, but for what a former greenlet left in `host`, `scopes`, `parent` and `stack`.
  GreenletRecord& acquire(ThreadHub& hub) {
    GreenletRecord* const record = spare_;
    if (record == nullptr) [[unlikely]] {
      return make(hub);
    }
    spare_ = record->next_spare;
    return *record;
  }
  void release(GreenletRecord& record) noexcept {
    record.next_spare = spare_;
    spare_ = &record;
  }

  /// Calls `fn` with each record, those of the dead among them.
  template <class F>
  void for_each(F&& fn) noexcept {
    for (RecordSlab* slab : slabs_) {
      slab->for_each(fn);
    }
  }

  /// The thread ends, and all its greenlets are dead.
  /// @param is_referenced  Tells whether handles refer to a record.
  template <class F>
  void abandon(F&& is_referenced) noexcept {
    for (RecordSlab* slab : slabs_) {
      slab->for_each([&](GreenletRecord& record) { slab->survivors += is_referenced(record) ? 1 : 0; });
      if (slab->survivors == 0) {
        slab->free();
      }
    }
    slabs_.clear();
  }

  /// The last handle to a survivor is gone.
  static void drop_survivor(GreenletRecord& record) noexcept {
    if (RecordSlab& slab = RecordSlab::of(record); --slab.survivors == 0) {
      slab.free();
    }
  }

 private:
  friend struct DebugLayout;
  GreenletRecord& make(ThreadHub& hub);

  GreenletRecord* spare_ = nullptr;
  std::vector<RecordSlab*> slabs_;
};

}  // namespace greenway::detail
