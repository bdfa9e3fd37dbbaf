// SPDX-License-Identifier: BSL-1.0
#include "render.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <limits>

#include "wire.hpp"

namespace greenway::detail::postgresql {

namespace {

constexpr std::int64_t second = 1'000'000;  // PostgreSQL counts time in microseconds
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t day = 24 * hour;

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

/// Appends the date that is `days` after 2000-01-01.
/// @return Whether it is before year 1, whose suffix comes at the very end.
bool append_date(std::string& text, std::int64_t days) {
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

/// The largest and the smallest number of a date or time stand for the infinities.
template <class T>
bool append_infinity(std::string& text, T value) {
  if (value == std::numeric_limits<T>::max()) {
    text += "infinity";
  } else if (value == std::numeric_limits<T>::min()) {
    text += "-infinity";
  } else {
    return false;
  }
  return true;
}

void append_date_value(std::string& text, std::int32_t days) {
  if (!append_infinity(text, days) && append_date(text, days)) {
    text += " BC";
  }
}

/// @return Whether the value is one that a timestamp can have.
bool append_timestamp(std::string& text, std::int64_t microseconds, std::string_view zone) {
  constexpr std::int64_t first = -211'813'488'000'000'000;         // 4714-11-24 BC
  constexpr std::int64_t beyond_last = 9'223'371'331'200'000'000;  // 294277-01-01
  if (append_infinity(text, microseconds)) {
    return true;
  }
  if (microseconds < first || microseconds >= beyond_last) {
    return false;
  }
  const std::int64_t days = microseconds / day - (microseconds % day < 0 ? 1 : 0);
  const bool is_before_christ = append_date(text, days);
  append_clock(text += ' ', microseconds - days * day);
  text += zone;
  text += is_before_christ ? " BC" : "";
  return true;
}

/// @return Whether the value is a time of day; 24:00 is one.
bool append_time(std::string& text, std::int64_t microseconds) {
  if (microseconds < 0 || microseconds > day) {
    return false;
  }
  append_clock(text, microseconds);
  return true;
}

/// @param west  Seconds west of Greenwich.
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

/// PostgreSQL's own style, as EncodeInterval writes it: a sign only where the part before it was negative.
void append_interval(std::string& text, std::int64_t microseconds, std::int32_t days, std::int32_t months) {
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
  append_part(months / 12, "year");
  append_part(months % 12, "mon");
  append_part(days, "day");
  if (is_empty || microseconds != 0) {
    text += is_empty ? "" : " ";
    text += microseconds < 0 ? "-" : is_after_negative ? "+" : "";
    // The hours may be as many as 64 bits of microseconds hold; the most negative number has no positive counterpart.
    append_clock(text, microseconds == std::numeric_limits<std::int64_t>::min() ? -(microseconds + 1)
                                                                                : std::llabs(microseconds));
  }
}

void append_uuid(std::string& text, std::string_view bytes) {
  constexpr std::string_view hex = "0123456789abcdef";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      text += '-';
    }
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text += hex[byte >> 4U];
    text += hex[byte & 15U];
  }
}

constexpr std::size_t numeric_header = 8;

/// A numeric on the wire: groups of four decimal digits, the first of which counts 10000^weight.
struct Numeric {
  std::uint16_t groups;
  std::int16_t weight;
  std::uint16_t sign;
  std::uint16_t scale;  // digits after the point
  const char* data;

  [[nodiscard]] int group(int i) const noexcept {
    return i < 0 || i >= groups ? 0 : from_network<std::int16_t>(data + 2 * i);
  }
};

void append_numeric(std::string& text, const Numeric& number) {
  if (number.sign == 0x4000) {
    text += '-';
  }
  append_number(text, number.weight < 0 ? 0 : number.group(0), 1);
  for (int i = 1; i <= number.weight; ++i) {
    append_number(text, number.group(i), 4);
  }
  if (number.scale != 0) {
    text += '.';
    const std::size_t end = text.size() + number.scale;
    for (int i = number.weight + 1; text.size() < end; ++i) {
      append_number(text, number.group(i), 4);
    }
    text.resize(end);
  }
}

bool render_numeric(std::string_view binary, std::string& text) {
  if (binary.size() < numeric_header) {
    return false;
  }
  const Numeric number{from_network<std::uint16_t>(binary.data()), from_network<std::int16_t>(binary.data() + 2),
                       from_network<std::uint16_t>(binary.data() + 4), from_network<std::uint16_t>(binary.data() + 6),
                       binary.data() + numeric_header};
  if (binary.size() != numeric_header + 2U * number.groups || number.scale > 0x3FFF) {
    return false;
  }
  for (int i = 0; i < number.groups; ++i) {
    if (number.group(i) < 0 || number.group(i) > 9999) {
      return false;
    }
  }
  switch (number.sign) {
    case 0x0000:
    case 0x4000:
      append_numeric(text, number);
      return true;
    case 0xC000:
      text += "NaN";
      return true;
    case 0xD000:
      text += "Infinity";
      return true;
    case 0xF000:
      text += "-Infinity";
      return true;
    default:
      return false;
  }
}

constexpr std::size_t size_of(Codec codec) noexcept {
  switch (codec) {
    case Codec::date:
      return 4;
    case Codec::timetz:
      return 12;
    case Codec::interval:
    case Codec::uuid:
      return 16;
    default:
      return 8;
  }
}

}  // namespace

bool render(Codec codec, std::string_view binary, std::string& text) {
  if (codec == Codec::numeric) {
    return render_numeric(binary, text);
  }
  if (binary.size() != size_of(codec)) {
    return false;
  }
  const char* const data = binary.data();
  switch (codec) {
    case Codec::date:
      append_date_value(text, from_network<std::int32_t>(data));
      return true;
    case Codec::time:
      return append_time(text, from_network<std::int64_t>(data));
    case Codec::timetz:
      if (!append_time(text, from_network<std::int64_t>(data))) {
        return false;
      }
      append_zone(text, from_network<std::int32_t>(data + 8));
      return true;
    case Codec::timestamp:
      return append_timestamp(text, from_network<std::int64_t>(data), "");
    case Codec::timestamptz:
      return append_timestamp(text, from_network<std::int64_t>(data), "+00");
    case Codec::interval:
      append_interval(text, from_network<std::int64_t>(data), from_network<std::int32_t>(data + 8),
                      from_network<std::int32_t>(data + 12));
      return true;
    case Codec::uuid:
      append_uuid(text, binary);
      return true;
    default:
      return false;
  }
}

}  // namespace greenway::detail::postgresql
