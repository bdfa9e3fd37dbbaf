// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <greenway/runtime/waiter.hpp>

namespace greenway {

/// What those who look at a running program see of a wait.
struct WaiterAccess {
  static constexpr std::uint32_t reason_offset() noexcept { return offsetof(Waiter, reason_); }
  static std::uint64_t since(const Waiter& waiter) noexcept { return waiter.since_; }
};

}  // namespace greenway
