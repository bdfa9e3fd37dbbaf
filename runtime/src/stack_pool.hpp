// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

#include <greenway/runtime/detail/greenlet_record.hpp>

#include "thread_counts.hpp"

namespace greenway::detail {

/// The stacks of one thread, by size class. Each is mapped once with a guard page below and keeps its parked entry
/// function; the one used last is handed out first, since its pages are warm.
///
/// Invariant: a carrier is either in the pool or the context of exactly one greenlet.
class StackPool {
 public:
  using Entry = void (*)();

  explicit StackPool(Entry entry) noexcept : entry_(entry) {}
  ~StackPool();
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;

  /// @throws ResourceExhausted  The system refused the mapping or its guard page; nothing is left behind.
  /// @throws ShadowStackError   Nothing can be switched here.
  Carrier& acquire(StackOptions options) {
    const std::size_t index = class_of(options.size_bytes * stack_size_factor);
    Carrier* const carrier = idle_[index];
    if (carrier == nullptr) [[unlikely]] {
      return map(std::size_t{1} << (index + smallest_shift));
    }
    idle_[index] = carrier->next;
    --idle_count_;
    return *carrier;
  }

  void release(Carrier& carrier) noexcept {
    Carrier*& head = idle_[static_cast<std::size_t>(std::countr_zero(carrier.size)) - smallest_shift];
    carrier.next = head;
    head = &carrier;
    ++idle_count_;
  }

  [[nodiscard]] StackUsage usage() const noexcept { return {mapped_.value(), idle_count_.value()}; }

 private:
  static constexpr std::size_t smallest_shift = 14;
  static constexpr std::size_t class_count = 17;

  static std::size_t class_of(std::size_t size) {
    const std::size_t rounded = std::bit_ceil(std::max(size, std::size_t{1} << smallest_shift));
    const auto index = static_cast<std::size_t>(std::countr_zero(rounded)) - smallest_shift;
    if (index >= class_count) [[unlikely]] {
      throw_too_large(size);
    }
    return index;
  }
  [[noreturn]] static void throw_too_large(std::size_t size);
  Carrier& map(std::size_t size);

  Entry entry_;
  std::array<Carrier*, class_count> idle_{};
  OwnCount mapped_;
  OwnCount idle_count_;
};

}  // namespace greenway::detail
