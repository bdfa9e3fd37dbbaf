// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <vector>

#include <greenway/runtime/detail/greenlet_record.hpp>
#include <greenway/runtime/stack_use.hpp>

#include "stack_mapping.hpp"
#include "thread_counts.hpp"

namespace greenway::detail {

/// The stacks of one thread, by size class. Each has a guard page below and keeps its parked entry function; the one used
/// last is handed out first, since its pages are warm.
///
/// Idle stacks lie in two places. A magazine, one for each size, is a list with a count of the places left in it: all that
/// acquire() and release() touch. A full magazine leaves its older half on the shelf, as a batch; an empty one takes the
/// newest batch from there. When the shelf holds too much, the memory of its oldest batch is given back to the system.
///
/// Invariants: (1) a carrier is either idle or the context of exactly one greenlet; (2) idle stacks and room of a magazine
/// make magazine_size_; (3) a stack that is being left, which is the last released, is in the magazine: so none that runs is
/// ever given back.
class StackPool {
 public:
  using Entry = void (*)();

  explicit StackPool(Entry entry) noexcept : entry_(entry) { set_magazine_size(2 * batch_size); }
  ~StackPool();
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;

  /// @throws ResourceExhausted  The system refused the mapping or its guard page; nothing is left behind.
  /// @throws ShadowStackError   Nothing can be switched here.
  /// @throws ArgumentError      As StackOptions and stack_guard() say.
  Carrier& acquire(std::size_t index) {
    if (index >= class_count) [[unlikely]] {
      throw_too_large();
    }
    Magazine& magazine = magazines_[index];
    Carrier* const carrier = magazine.idle;
    if (carrier == nullptr) [[unlikely]] {
      return acquire_slowly(index);
    }
    magazine.idle = carrier->next;
    ++magazine.room;
    return *carrier;
  }

  void release(Carrier& carrier) noexcept {
    Magazine& magazine = magazines_[carrier.size_class];
    carrier.next = magazine.idle;
    magazine.idle = &carrier;
    if (--magazine.room == 0) [[unlikely]] {
      stow(carrier.size_class);
    }
  }

  /// Gives the memory of all idle stacks back to the system. For when the loop has nothing to do, too.
  void give_back_idle() noexcept;

  /// From now on each stack is measured when it is released, or no longer. Costs release() nothing while it is off.
  void sample(bool on) noexcept;
  [[nodiscard]] const std::map<const void*, StackUse>& samples() const noexcept { return samples_; }

  /// Any thread may ask.
  [[nodiscard]] StackUsage usage() const noexcept;

 private:
  static constexpr std::size_t smallest_shift = smallest_stack_shift;
  static constexpr std::size_t class_count = stack_class_count;
  static constexpr std::size_t batch_size = 64;

  /// What the fast paths touch of one size class.
  struct Magazine {
    Carrier* idle = nullptr;  // used last, and by next those before
    OwnCount room;
  };

  /// What they do not.
  struct Shelf {
    Carrier* newest = nullptr;  // batches, linked by their first carriers
    Carrier* oldest = nullptr;
    Carrier* sampled = nullptr;  // instead of a magazine, while stacks are measured
    OwnCount count;              // stacks in the batches, or sampled
    std::list<StackSlab> slabs;  // those that have room come first
  };

  static std::size_t size_of(std::size_t index) noexcept { return std::size_t{1} << (index + smallest_shift); }
  [[noreturn]] static void throw_too_large();

  Carrier& acquire_slowly(std::size_t index);
  Carrier& make(std::size_t index);
  Carrier& place(std::size_t index);
  void stow(std::size_t index) noexcept;
  void measure(std::size_t index) noexcept;
  static Carrier* take_batch(Shelf& shelf, Carrier* batch) noexcept;
  void give_back(Shelf& shelf, Carrier* idle) noexcept;
  void set_magazine_size(std::size_t size) noexcept;

  Entry entry_;
  std::array<Magazine, class_count> magazines_;
  OwnCount magazine_size_;
  OwnCount mapped_;
  std::unique_ptr<Shelf[]> shelves_ = std::make_unique<Shelf[]>(class_count);  // elsewhere: they are large, and cold
  std::map<const void*, StackUse> samples_;
};

}  // namespace greenway::detail
