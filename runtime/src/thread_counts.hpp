// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstdint>

#include <greenway/runtime/counters.hpp>

namespace greenway::detail {

/// A number that one thread changes and any thread may read: costs that thread no more than a plain one.
class OwnCount {
 public:
  std::uint64_t operator++() noexcept { return *this += 1; }
  std::uint64_t operator--() noexcept { return *this -= 1; }
  std::uint64_t operator+=(std::uint64_t change) noexcept { return *this = value() + change; }
  std::uint64_t operator-=(std::uint64_t change) noexcept { return *this = value() - change; }
  std::uint64_t operator=(std::uint64_t value) noexcept {
    value_.store(value, std::memory_order_relaxed);
    return value;
  }
  [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
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
