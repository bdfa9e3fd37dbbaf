// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

#include <greenway/base/clock.hpp>

/// The processor's own counter: one instruction, so that a wait can note when it began. Turned into time only when asked.
namespace greenway::detail {

/// @return The counter now.
[[gnu::always_inline]] inline std::uint64_t ticks() noexcept {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  std::uint64_t count;
  asm volatile("mrs %0, cntvct_el0" : "=r"(count));
  return count;
#else
  return static_cast<std::uint64_t>(Clock::now().time_since_epoch().count());
#endif
}

/// What the counter's numbers are in time, by its mean rate since the program began.
class TickScale {
 public:
  /// As known now.
  TickScale() noexcept;

  /// @return How long it took from one number to another.
  [[nodiscard]] double nanoseconds(std::uint64_t from, std::uint64_t to) const noexcept;
  /// @return The moment at which the counter showed `count`.
  [[nodiscard]] TimePoint time_of(std::uint64_t count) const noexcept;

 private:
  std::uint64_t count_;
  TimePoint time_;
  double nanoseconds_per_tick_ = 0;
};

}  // namespace greenway::detail
