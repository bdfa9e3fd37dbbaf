// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/sql/temporal.hpp
/// @brief What `std::chrono` has no type for: a time of day, and an interval of months, days and microseconds.
///
/// Layer: sql. Source: PostgreSQL's `time` and `interval`. Days are `std::chrono::year_month_day` or `sys_days`,
/// moments `sys_time<microseconds>`, and what a clock on the wall shows is `local_time<microseconds>`.

#include <chrono>
#include <compare>
#include <cstdint>
#include <iosfwd>

namespace greenway {

/// A time of day: microseconds since midnight, from 0 to 24 hours, which PostgreSQL has as well.
class TimeOfDay {
 public:
  /// Midnight.
  constexpr TimeOfDay() noexcept = default;
  /// @param since_midnight  See above.
  /// @throws ArgumentError  It is less than 0, or more than 24 hours.
  explicit TimeOfDay(std::chrono::microseconds since_midnight);

  /// @return Microseconds since midnight.
  [[nodiscard]] constexpr std::chrono::microseconds since_midnight() const noexcept { return since_midnight_; }
  /// @return Hours, minutes, seconds and microseconds.
  [[nodiscard]] constexpr std::chrono::hh_mm_ss<std::chrono::microseconds> clock() const noexcept {
    return std::chrono::hh_mm_ss(since_midnight_);
  }
  /// @return Which is later.
  friend constexpr auto operator<=>(const TimeOfDay&, const TimeOfDay&) noexcept = default;
  /// Prints `12:34:56.789`.
  friend std::ostream& operator<<(std::ostream& out, const TimeOfDay& time);

 private:
  std::chrono::microseconds since_midnight_{};
};

/// An interval as calendars have it: a month has no fixed number of days, nor a day of hours, so that the three are
/// kept apart and compare member by member.
///
/// A `std::chrono::duration` can be sent in its place; one that is read has to be without months, and its days count
/// 24 hours each.
struct CalendarInterval {
  std::int32_t months = 0;                   ///< Years are 12.
  std::int32_t days = 0;                     ///< Weeks are 7.
  std::chrono::microseconds microseconds{};  ///< The rest.
  /// @return Whether all three are the same.
  friend constexpr bool operator==(const CalendarInterval&, const CalendarInterval&) noexcept = default;
  /// Prints as PostgreSQL does: `1 year 2 mons -3 days +04:05:06`.
  friend std::ostream& operator<<(std::ostream& out, const CalendarInterval& interval);
};

}  // namespace greenway
