// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/base/clock.hpp
/// @brief The time that deadlines and timers are counted in: monotonic, so that no clock step moves a deadline.
///
/// Layer: base.

#include <chrono>

namespace greenway {

/// The clock of every deadline, wait and timer.
using Clock = std::chrono::steady_clock;

/// A length of time, in nanoseconds.
using Duration = Clock::duration;

/// A moment of Clock.
using TimePoint = Clock::time_point;

}  // namespace greenway
