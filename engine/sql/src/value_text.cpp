// SPDX-License-Identifier: BSL-1.0
#include <greenway/sql/detail/value_text.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <ostream>

namespace greenway {

namespace detail {

namespace {

constexpr std::int64_t second = 1'000'000;
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t hour = 60 * minute;
constexpr std::string_view hexadecimal = "0123456789abcdef";

/// Appends at least `width` digits.
void append_number(std::string& text, std::int64_t number, int width) {
  std::array<char, 20> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  const auto length = static_cast<int>(end - digits.data());
  text.append(static_cast<std::size_t>(std::max(width - length, 0)), '0').append(digits.data(), end);
}

/// Appends HH:MM:SS, and the fraction without zeros at its end.
void append_clock(std::string& text, std::int64_t microseconds) {
  append_number(text, microseconds / hour, 2);
  append_number(text += ':', microseconds / minute % 60, 2);
  append_number(text += ':', microseconds / second % 60, 2);
  if (const std::int64_t fraction = microseconds % second; fraction != 0) {
    append_number(text += '.', fraction, 6);
    text.erase(text.find_last_not_of('0') + 1);
  }
}

/// @return Whether it is before year 1, whose suffix comes at the very end.
bool append_day(std::string& text, std::int64_t days) {
  // Days to civil date as in Howard Hinnant's "chrono-compatible low-level date algorithms", with 64 bits: PostgreSQL's
  // years do not fit std::chrono's.
  const std::int64_t shifted = days + 730'425;  // since 0000-03-01
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
  const std::int64_t day_of_era = shifted - era * 146'097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const std::int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  append_number(text, year > 0 ? year : 1 - year, 4);
  append_number(text += '-', month, 2);
  append_number(text += '-', day_of_year - (153 * month_from_march + 2) / 5 + 1, 2);
  return year <= 0;
}

bool append_infinity(std::string& text, std::int64_t value) {
  if (is_infinite(value)) {
    text += value > 0 ? "infinity" : "-infinity";
  }
  return is_infinite(value);
}

/// Reads text from its beginning.
class Reader {
 public:
  explicit Reader(std::string_view text) noexcept : rest_(text) {}

  /// @return Whether the text went on so; then it is behind that.
  bool skip(char c) noexcept {
    const bool is_there = rest_.starts_with(c);
    rest_.remove_prefix(is_there ? 1 : 0);
    return is_there;
  }
  /// Reads a number of so many digits, not above `most`.
  bool read(int& number, std::size_t least_digits, std::size_t most_digits, int most) noexcept {
    std::size_t digits = 0;
    number = 0;
    for (; digits < most_digits && digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits) {
      number = 10 * number + (rest_[digits] - '0');
    }
    rest_.remove_prefix(digits);
    return digits >= least_digits && number <= most;
  }
  bool read_day(std::int64_t& days) noexcept {
    int year = 0;
    int month = 0;
    int day = 0;
    if (!read(year, 1, 5, 32'767) || !skip('-') || !read(month, 1, 2, 12) || !skip('-') || !read(day, 1, 2, 31)) {
      return false;
    }
    const std::chrono::year_month_day read_day(std::chrono::year(year),
                                               std::chrono::month(static_cast<unsigned>(month)),
                                               std::chrono::day(static_cast<unsigned>(day)));
    days = std::chrono::sys_days(read_day).time_since_epoch().count() - days_before_2000;
    return read_day.ok();
  }
  bool read_clock(std::int64_t& microseconds) noexcept {
    int hours = 0;
    int minutes = 0;
    int seconds = 0;
    if (!read(hours, 1, 2, 24) || !skip(':') || !read(minutes, 1, 2, 59) || (skip(':') && !read(seconds, 1, 2, 59))) {
      return false;
    }
    microseconds = hours * hour + minutes * minute + seconds * second;
    if (skip('.')) {
      std::int64_t unit = second;
      int digit = 0;
      bool is_read = read(digit, 1, 1, 9);
      if (!is_read) {
        return false;
      }
      for (; is_read; is_read = read(digit, 1, 1, 9)) {
        unit /= 10;  // 0 from the seventh digit on, which is cut off
        microseconds += digit * unit;
      }
    }
    return microseconds <= microseconds_a_day;
  }
  /// Reads `Z`, `+02`, `-03:30`; nothing is UTC.
  bool read_zone(std::int64_t& east) noexcept {
    east = 0;
    skip(' ');
    if (skip('Z') || is_at_end()) {
      return true;
    }
    const bool is_west = skip('-');
    int hours = 0;
    int minutes = 0;
    if ((!is_west && !skip('+')) || !read(hours, 2, 2, 15)) {
      return false;
    }
    skip(':');
    if (!is_at_end() && !read(minutes, 2, 2, 59)) {
      return false;
    }
    east = (hours * hour + minutes * minute) * (is_west ? -1 : 1);
    return true;
  }
  [[nodiscard]] bool is_at_end() const noexcept { return rest_.empty(); }

 private:
  std::string_view rest_;
};

/// What lies before the first microsecond that can be counted from 2000 is taken for it; no database goes back so far.
std::int64_t since_2000(std::chrono::microseconds since_1970) noexcept {
  constexpr std::int64_t first = std::numeric_limits<std::int64_t>::min() + microseconds_before_2000 + 1;
  return std::max(since_1970.count(), first) - microseconds_before_2000;
}

void append_bytes(std::string& text, const Bytes& bytes) {
  text += "\\x";
  for (const std::byte byte : bytes) {
    text += hexadecimal[std::to_integer<unsigned>(byte) >> 4U];
    text += hexadecimal[std::to_integer<unsigned>(byte) & 15U];
  }
}

void append_real(std::string& text, double real) {
  if (!std::isfinite(real)) {
    text += std::isnan(real) ? "NaN" : real > 0 ? "Infinity" : "-Infinity";
    return;
  }
  std::array<char, 32> digits;
  text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), real).ptr);
}

}  // namespace

[[gnu::hot]] bool is_infinite(std::int64_t date_or_timestamp) noexcept {
  return date_or_timestamp == std::numeric_limits<std::int64_t>::max() ||
         date_or_timestamp == std::numeric_limits<std::int64_t>::min();
}

void append_date(std::string& text, std::int64_t days) {
  if (!append_infinity(text, days) && append_day(text, days)) {
    text += " BC";
  }
}

void append_timestamp(std::string& text, std::int64_t microseconds, bool has_zone) {
  if (append_infinity(text, microseconds)) {
    return;
  }
  const std::int64_t rest = microseconds % microseconds_a_day;
  const bool is_before_christ = append_day(text, microseconds / microseconds_a_day - (rest < 0 ? 1 : 0));
  append_clock(text += ' ', rest < 0 ? rest + microseconds_a_day : rest);
  text += has_zone ? "+00" : "";
  text += is_before_christ ? " BC" : "";
}

bool append_time(std::string& text, std::int64_t microseconds) {
  if (microseconds < 0 || microseconds > microseconds_a_day) {
    return false;
  }
  append_clock(text, microseconds);
  return true;
}

void append_zone(std::string& text, std::int32_t west) {
  text += west > 0 ? '-' : '+';
  const std::int64_t seconds = std::llabs(std::int64_t{west});
  append_number(text, seconds / 3600, 2);
  if (seconds % 3600 != 0) {
    append_number(text += ':', seconds / 60 % 60, 2);
  }
  if (seconds % 60 != 0) {
    append_number(text += ':', seconds % 60, 2);
  }
}

// PostgreSQL's own style, as EncodeInterval writes it: a sign only where the part before it was negative.
void append_interval(std::string& text, const CalendarInterval& interval) {
  const std::int64_t microseconds = interval.microseconds.count();
  bool is_after_negative = false;
  bool is_empty = true;
  const auto append_part = [&](std::int32_t count, std::string_view unit) {
    if (count != 0) {
      text += is_empty ? "" : " ";
      text += is_after_negative && count > 0 ? "+" : "";
      text.append(std::to_string(count)).append(1, ' ').append(unit).append(count == 1 ? "" : "s");
      is_after_negative = count < 0;
      is_empty = false;
    }
  };
  append_part(interval.months / 12, "year");
  append_part(interval.months % 12, "mon");
  append_part(interval.days, "day");
  if (is_empty || microseconds != 0) {
    text += is_empty ? "" : " ";
    text += microseconds < 0 ? "-" : is_after_negative ? "+" : "";
    // The hours may be as many as 64 bits of microseconds hold; the most negative number has no positive counterpart.
    append_clock(text, microseconds == std::numeric_limits<std::int64_t>::min() ? -(microseconds + 1)
                                                                                : std::llabs(microseconds));
  }
}

void append_uuid(std::string& text, const UUIDBytes& uuid) {
  for (std::size_t i = 0; i < uuid.bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      text += '-';
    }
    text += hexadecimal[uuid.bytes[i] >> 4U];
    text += hexadecimal[uuid.bytes[i] & 15U];
  }
}

void append_text(std::string& text, const Value& value) {
  if (const auto* truth = value.get_if<bool>()) {
    text += *truth ? "true" : "false";
  } else if (const auto* integer = value.get_if<std::int64_t>()) {
    append_number(text, *integer, 1);
  } else if (const auto* real = value.get_if<double>()) {
    append_real(text, *real);
  } else if (const auto* string = value.get_if<std::string>()) {
    text += *string;
  } else if (const auto* bytes = value.get_if<Bytes>()) {
    append_bytes(text, *bytes);
  } else if (const auto* decimal = value.get_if<Decimal>()) {
    text += decimal->str();
  } else if (const auto* day = value.get_if<std::chrono::sys_days>()) {
    append_date(text, day->time_since_epoch().count() - days_before_2000);
  } else if (const auto* time = value.get_if<TimeOfDay>()) {
    append_time(text, time->since_midnight().count());
  } else if (const auto* local = value.get_if<std::chrono::local_time<std::chrono::microseconds>>()) {
    append_timestamp(text, since_2000(local->time_since_epoch()), false);
  } else if (const auto* moment = value.get_if<std::chrono::sys_time<std::chrono::microseconds>>()) {
    append_timestamp(text, since_2000(moment->time_since_epoch()), true);
  } else if (const auto* interval = value.get_if<CalendarInterval>()) {
    append_interval(text, *interval);
  } else if (const auto* uuid = value.get_if<UUIDBytes>()) {
    append_uuid(text, *uuid);
  } else if (const auto* json = value.get_if<JSONText>()) {
    text += json->text;
  } else if (const auto* items = value.get_if<std::vector<Value>>()) {
    text += '{';
    for (std::size_t i = 0; i != items->size(); ++i) {
      text += i == 0 ? "" : ",";
      append_text(text, (*items)[i]);
    }
    text += '}';
  } else {
    text += "NULL";
  }
}

std::optional<std::int64_t> parse_date(std::string_view text) {
  Reader reader(text);
  std::int64_t days = 0;
  return reader.read_day(days) && reader.is_at_end() ? std::optional(days) : std::nullopt;
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  Reader reader(text);
  std::int64_t microseconds = 0;
  return reader.read_clock(microseconds) && reader.is_at_end() ? std::optional(microseconds) : std::nullopt;
}

std::optional<std::int64_t> parse_timestamp(std::string_view text) {
  Reader reader(text);
  std::int64_t days = 0;
  std::int64_t microseconds = 0;
  std::int64_t east = 0;
  if (!reader.read_day(days)) {
    return std::nullopt;
  }
  if (!reader.is_at_end()) {
    const bool has_clock = (reader.skip(' ') || reader.skip('T')) && reader.read_clock(microseconds);
    if (!has_clock || !reader.read_zone(east) || !reader.is_at_end()) {
      return std::nullopt;
    }
  }
  return days * microseconds_a_day + microseconds - east;
}

std::optional<UUIDBytes> parse_uuid(std::string_view text) {
  if (text.starts_with('{') && text.ends_with('}')) {
    text = text.substr(1, text.size() - 2);
  }
  std::string digits(text);
  std::erase(digits, '-');
  if (digits.size() != 32) {
    return std::nullopt;
  }
  UUIDBytes uuid;
  for (std::size_t i = 0; i != uuid.bytes.size(); ++i) {
    const auto [end, error] = std::from_chars(digits.data() + 2 * i, digits.data() + 2 * i + 2, uuid.bytes[i], 16);
    if (error != std::errc() || end != digits.data() + 2 * i + 2) {
      return std::nullopt;
    }
  }
  return uuid;
}

}  // namespace detail

TimeOfDay::TimeOfDay(std::chrono::microseconds since_midnight) : since_midnight_(since_midnight) {
  if (since_midnight.count() < 0 || since_midnight.count() > detail::microseconds_a_day) {
    throw ArgumentError("a time of day lies between 0 and 24 hours, " + std::to_string(since_midnight.count()) +
                        " microseconds do not");
  }
}

std::ostream& operator<<(std::ostream& out, const TimeOfDay& time) {
  std::string text;
  detail::append_time(text, time.since_midnight_.count());
  return out << text;
}

std::ostream& operator<<(std::ostream& out, const CalendarInterval& interval) {
  std::string text;
  detail::append_interval(text, interval);
  return out << text;
}

namespace {

/// The items of one dimension of an array, in braces.
void append_items(std::string& text, const CellArray& array, std::size_t dimension, std::size_t& next) {
  text += '{';
  for (std::size_t i = 0; i != array.dimensions[dimension]; ++i) {
    text += i == 0 ? "" : ",";
    if (dimension + 1 != array.dimensions.size()) {
      append_items(text, array, dimension + 1, next);
      continue;
    }
    const Cell& item = array.items[next++];
    text += item.kind == ValueKind::null ? "NULL" : item.text();
  }
  text += '}';
}

}  // namespace

std::string Cell::text() const {
  std::string all;
  switch (kind) {
    case ValueKind::null:
      break;
    case ValueKind::boolean:
      return boolean ? "true" : "false";
    case ValueKind::integer:
      return std::to_string(integer);
    case ValueKind::real:
      detail::append_text(all, real);
      break;
    case ValueKind::numeric:
      reader->append_text(*this, all);
      break;
    case ValueKind::text:
    case ValueKind::bytes:
    case ValueKind::json:
      return std::string(view());
    case ValueKind::date:
      detail::append_date(all, integer);
      break;
    case ValueKind::time:
      detail::append_time(all, integer);
      break;
    case ValueKind::datetime:
    case ValueKind::timestamptz:
      detail::append_timestamp(all, integer, kind == ValueKind::timestamptz);
      break;
    case ValueKind::interval:
      detail::append_interval(all, reader->interval(*this));
      break;
    case ValueKind::uuid: {
      UUIDBytes uuid;
      std::copy_n(reinterpret_cast<const std::uint8_t*>(data), uuid.bytes.size(), uuid.bytes.begin());
      detail::append_uuid(all, uuid);
      break;
    }
    case ValueKind::array: {
      const CellArray array = reader->items(*this);
      std::size_t next = 0;
      if (array.dimensions.empty()) {
        return "{}";
      }
      append_items(all, array, 0, next);
      break;
    }
  }
  return all;
}

}  // namespace greenway
