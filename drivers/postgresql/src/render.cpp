// SPDX-License-Identifier: BSL-1.0
#include "render.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include <greenway/sql/detail/value_text.hpp>

#include "wire.hpp"

namespace greenway::detail::postgresql {

namespace {

/// Appends at least `width` digits.
void append_number(std::string& text, int number, int width) {
  std::array<char, 8> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  const auto length = static_cast<int>(end - digits.data());
  text.append(static_cast<std::size_t>(std::max(width - length, 0)), '0').append(digits.data(), end);
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

}  // namespace

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

bool render_timetz(std::string_view binary, std::string& text) {
  if (binary.size() != 12 || !append_time(text, from_network<std::int64_t>(binary.data()))) {
    return false;
  }
  append_zone(text, from_network<std::int32_t>(binary.data() + 8));
  return true;
}

}  // namespace greenway::detail::postgresql
