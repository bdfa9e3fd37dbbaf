// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

#include <sys/time.h>
#include <time.h>

#include <greenway/runtime/detail/interposition.hpp>

/// Moments and lengths in nanoseconds, and libc's forms of them.
namespace greenway::interpose {

inline constexpr std::int64_t second = 1'000'000'000;

inline std::int64_t now(clockid_t clock = CLOCK_MONOTONIC) noexcept {
  timespec time{};
  clock_gettime(clock, &time);
  return time.tv_sec * second + time.tv_nsec;
}

/// @return That long from now; no_bound when the clock cannot hold it.
inline std::int64_t from_now(std::int64_t length) noexcept {
  const std::int64_t present = now();
  return length > detail::no_bound - present ? detail::no_bound : present + length;
}

/// @return Whether libc accepts it as a length.
inline bool is_length(const timespec& time) noexcept { return time.tv_sec >= 0 && time.tv_nsec >= 0 && time.tv_nsec < second; }

inline std::int64_t nanoseconds(const timespec& time) noexcept {
  return time.tv_sec >= detail::no_bound / second ? detail::no_bound : time.tv_sec * second + time.tv_nsec;
}

inline std::int64_t nanoseconds(const timeval& time) noexcept {
  return time.tv_sec >= detail::no_bound / second ? detail::no_bound : time.tv_sec * second + time.tv_usec * 1000;
}

inline timespec as_timespec(std::int64_t length) noexcept { return {length / second, length % second}; }

}  // namespace greenway::interpose
