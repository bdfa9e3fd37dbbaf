// SPDX-License-Identifier: BSL-1.0
#include "array_literal.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include <greenway/sql/detail/value_text.hpp>

namespace greenway::detail::postgresql {

namespace {

void add_quoted(std::string& literal, std::string_view text) {
  literal += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      literal += '\\';
    }
    literal += c;
  }
  literal += '"';
}

template <class T>
void add_number(std::string& literal, T number) {
  std::array<char, 32> digits;
  literal.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

void add(std::string& literal, const Value& item) {
  if (const auto* truth = item.get_if<bool>()) {
    literal += *truth ? 't' : 'f';
  } else if (const auto* integer = item.get_if<std::int64_t>()) {
    add_number(literal, *integer);
  } else if (const auto* real = item.get_if<double>()) {
    if (std::isfinite(*real)) {
      add_number(literal, *real);
    } else {
      literal += std::isnan(*real) ? "NaN" : *real > 0 ? "Infinity" : "-Infinity";
    }
  } else if (const auto* text = item.get_if<std::string>()) {
    add_quoted(literal, *text);
  } else if (const auto* bytes = item.get_if<Bytes>()) {
    static constexpr char digits[] = "0123456789abcdef";
    literal += "\"\\\\x";
    for (const std::byte byte : *bytes) {
      literal += digits[std::to_integer<unsigned>(byte) >> 4U];
      literal += digits[std::to_integer<unsigned>(byte) & 15U];
    }
    literal += '"';
  } else if (const auto* items = item.get_if<std::vector<Value>>()) {
    literal += array_literal(*items);
  } else if (item.is_null()) {
    literal += "NULL";
  } else {
    std::string other;
    append_text(other, item);
    add_quoted(literal, other);
  }
}

}  // namespace

std::string array_literal(std::span<const Value> items) {
  std::string literal = "{";
  for (const Value& item : items) {
    if (literal.size() > 1) {
      literal += ',';
    }
    add(literal, item);
  }
  return literal + "}";
}

}  // namespace greenway::detail::postgresql
