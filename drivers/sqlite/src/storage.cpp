// SPDX-License-Identifier: BSL-1.0
#include "storage.hpp"

#include <array>
#include <cstdint>
#include <cstdio>

#include <greenway/sql/detail/value_text.hpp>

namespace greenway::detail {

namespace {

using std::chrono::microseconds;

std::string clock_text(microseconds since_midnight) {
  const std::chrono::hh_mm_ss clock(since_midnight);
  std::array<char, 40> text;
  const int length =
      std::snprintf(text.data(), text.size(), "%02d:%02d:%02d.%06d", static_cast<int>(clock.hours().count()),
                    static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
                    static_cast<int>(clock.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(length)};
}

Value day_text(std::chrono::sys_days day, std::string& why) {
  constexpr std::chrono::sys_days first = std::chrono::year(1) / 1 / 1;
  constexpr std::chrono::sys_days beyond_last = std::chrono::year(10'000) / 1 / 1;
  if (day < first || day >= beyond_last) {
    why = "a date outside the years 1 to 9999, which SQLite's text form cannot say";
    return {};
  }
  const std::chrono::year_month_day date(day);
  std::array<char, 40> text;
  const int length = std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                                   static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return std::string(text.data(), static_cast<std::size_t>(length));
}

Value moment_text(microseconds since_1970, std::string& why) {
  const auto day = std::chrono::floor<std::chrono::days>(since_1970);
  Value text = day_text(std::chrono::sys_days(day), why);
  return text.is_null() ? text : Value(*text.get_if<std::string>() + ' ' + clock_text(since_1970 - day));
}

Value decimal_number(const Decimal& number, std::string& why) {
  // Every number of 15 digits has a double of its own that it can be told from; SQLAlchemy stores doubles as well.
  if (number.significant_digits() <= 15) {
    return number.to_double();
  }
  if (const auto integer = number.to_integer()) {
    return *integer;
  }
  why = "the decimal " + number.str() + ", which SQLite would round to 15 digits: keep it in a column of text";
  return {};
}

Value interval_text(const CalendarInterval& interval, std::string& why) {
  if (interval.months != 0) {
    why = "an interval with months, which SQLite's form, a moment that far after 1970, cannot say";
    return {};
  }
  std::int64_t length = 0;
  if (__builtin_mul_overflow(std::int64_t{interval.days}, microseconds_a_day, &length) ||
      __builtin_add_overflow(length, interval.microseconds.count(), &length)) {
    why = "an interval of more than 292000 years";
    return {};
  }
  return moment_text(microseconds(length), why);
}

}  // namespace

Value stored(const Value& value, std::string& why) {
  switch (value.kind()) {
    case ValueKind::numeric:
      return decimal_number(*value.get_if<Decimal>(), why);
    case ValueKind::date:
      return day_text(*value.get_if<std::chrono::sys_days>(), why);
    case ValueKind::time:
      return clock_text(value.get_if<TimeOfDay>()->since_midnight());
    case ValueKind::datetime:
      return moment_text(value.get_if<std::chrono::local_time<microseconds>>()->time_since_epoch(), why);
    case ValueKind::timestamptz:
      return moment_text(value.get_if<std::chrono::sys_time<microseconds>>()->time_since_epoch(), why);
    case ValueKind::interval:
      return interval_text(*value.get_if<CalendarInterval>(), why);
    case ValueKind::uuid: {
      std::string digits;
      append_uuid(digits, *value.get_if<UUIDBytes>());
      std::erase(digits, '-');
      return digits;
    }
    case ValueKind::json:
      return value.get_if<JSONText>()->text;
    default:
      return value;
  }
}

}  // namespace greenway::detail
