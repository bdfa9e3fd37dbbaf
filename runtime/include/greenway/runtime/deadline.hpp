// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/deadline.hpp
/// @brief When a wait has to be over.
///
/// Layer: runtime.


#include <greenway/base/clock.hpp>

namespace greenway {

/// The moment at which a wait gives up with TimeoutError.
///
/// `Deadline{}` sets no bound of its own: the wait then ends by the innermost bound that surrounds it (with_timeout,
/// Shield) or not at all. Whatever bound is given, an earlier surrounding one wins.
class Deadline {
 public:
  /// No bound of its own.
  constexpr Deadline() noexcept = default;

  /// @param when  The moment itself; with one in the past a wait fails at once, unless there is nothing to wait for.
  /// @return The deadline at that moment.
  [[nodiscard]] static constexpr Deadline at(TimePoint when) noexcept { return Deadline(when); }

  /// @param length  From now on; zero or less has passed already, and a length that the clock cannot hold is no bound.
  /// @return The deadline that long from now.
  [[nodiscard]] static Deadline in(Duration length) noexcept {
    const TimePoint now = Clock::now();
    return length > TimePoint::max() - now ? Deadline() : Deadline(now + length);
  }

  /// @return Whether there is a moment at all.
  [[nodiscard]] constexpr bool is_set() const noexcept { return when_ != TimePoint::max(); }
  /// @return The moment; `TimePoint::max()` when there is none.
  [[nodiscard]] constexpr TimePoint time() const noexcept { return when_; }
  /// @return Whether the moment has come.
  [[nodiscard]] bool has_passed() const noexcept { return is_set() && when_ <= Clock::now(); }

  /// @return The earlier of two.
  [[nodiscard]] friend constexpr Deadline earlier(Deadline a, Deadline b) noexcept {
    return Deadline(b.when_ < a.when_ ? b.when_ : a.when_);
  }
  /// @return Whether both are the same moment.
  [[nodiscard]] friend constexpr bool operator==(Deadline, Deadline) noexcept = default;

 private:
  constexpr explicit Deadline(TimePoint when) noexcept : when_(when) {}

  TimePoint when_ = TimePoint::max();
};

}  // namespace greenway
