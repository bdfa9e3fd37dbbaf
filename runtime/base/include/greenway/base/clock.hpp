// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/base/clock.hpp
/// @brief The time that deadlines and timers are counted in: monotonic, so that no clock step moves a deadline.
///
/// Layer: base.

#include <chrono>

namespace greenway {

namespace detail {

/// What a simulation lets this thread take for the time; null: the time is the time.
inline constinit thread_local std::chrono::steady_clock::time_point* simulated_time [[gnu::tls_model("initial-exec")]] = nullptr;

}  // namespace detail

/// The clock of every deadline, wait and timer: the system's monotonic one, or a simulation's on the thread of a SimulatedHost.
struct Clock : std::chrono::steady_clock {
  /// @return Now.
  [[nodiscard]] static time_point now() noexcept {
    return detail::simulated_time == nullptr ? steady_clock::now() : *detail::simulated_time;
  }
};

/// A length of time, in nanoseconds.
using Duration = Clock::duration;

/// A moment of Clock.
using TimePoint = Clock::time_point;

namespace detail {

/// This thread is about to block until then at most. Under a simulation nothing else would let the time pass.
inline void pass_simulated_time(TimePoint until) noexcept {
  if (simulated_time != nullptr && until != TimePoint::max() && *simulated_time < until) {
    *simulated_time = until;
  }
}

}  // namespace detail

}  // namespace greenway
