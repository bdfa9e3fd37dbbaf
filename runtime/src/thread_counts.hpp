// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstdint>

#include <greenway/runtime/counters.hpp>

namespace greenway::detail {

/// A number that one thread changes and any thread may read: costs that thread no more than a plain one.
class OwnCount {
 public:
  void operator++() noexcept { add(1); }
  void operator--() noexcept { add(~std::uint64_t{0}); }
  [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  void add(std::uint64_t change) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + change, std::memory_order_relaxed);
  }

  std::atomic<std::uint64_t> value_{0};
};

/// What a hub counts.
struct ThreadCounts {
  OwnCount spawned;
  OwnCount resumed;
  OwnCount suspended;
  OwnCount offloaded;
};

/// Wakes of greenlets of other threads. Counted under the host's lock, or nearly: its cost is lost in that.
inline std::atomic<std::uint64_t> wakes_from_afar{0};

}  // namespace greenway::detail
