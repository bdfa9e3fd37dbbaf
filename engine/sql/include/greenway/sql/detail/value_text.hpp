// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <greenway/sql/temporal.hpp>
#include <greenway/sql/value.hpp>

/// Values as text, and text as values.
///
/// Days and microseconds count from 2000-01-01 here, as PostgreSQL counts them: its years do not all fit std::chrono's.
namespace greenway::detail {

inline constexpr std::int64_t days_before_2000 = 10'957;  // since 1970
inline constexpr std::int64_t microseconds_a_day = 86'400'000'000;
inline constexpr std::int64_t microseconds_before_2000 = days_before_2000 * microseconds_a_day;

/// The largest and the smallest number of a date or timestamp stand for the infinities.
bool is_infinite(std::int64_t date_or_timestamp) noexcept;

// As PostgreSQL prints with DateStyle ISO and IntervalStyle postgres.
void append_date(std::string& text, std::int64_t days);
void append_timestamp(std::string& text, std::int64_t microseconds, bool has_zone);
/// @return Whether it is one; 24:00 is. If not, nothing is appended.
bool append_time(std::string& text, std::int64_t microseconds);
/// @param west  Seconds west of Greenwich.
void append_zone(std::string& text, std::int32_t west);
void append_interval(std::string& text, const CalendarInterval& interval);
void append_uuid(std::string& text, const UUIDBytes& uuid);

/// Appends any value as the above do; a list in braces, bytes as hexadecimal digits.
void append_text(std::string& text, const Value& value);

// Of ISO 8601, with a space or a T between day and time. Empty when the text is something else.
std::optional<std::int64_t> parse_date(std::string_view text);
std::optional<std::int64_t> parse_time(std::string_view text);
/// A zone, if there is one, is taken into account: the result is in UTC. A day alone is its midnight.
std::optional<std::int64_t> parse_timestamp(std::string_view text);
/// 32 hexadecimal digits, with or without dashes and braces.
std::optional<UUIDBytes> parse_uuid(std::string_view text);

}  // namespace greenway::detail
