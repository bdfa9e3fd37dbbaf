// SPDX-License-Identifier: BSL-1.0
#include "json_list.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace greenway::detail {

namespace {

void add_text(std::string& json, std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  json += '"';
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json.append({'\\', c});
    } else if (code < 0x20) {
      json += "\\u00";
      json.append({digits[code >> 4U], digits[code & 15U]});
    } else {
      json += c;
    }
  }
  json += '"';
}

template <class T>
void add_number(std::string& json, T number) {
  std::array<char, 32> digits;
  json.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

bool add(std::string& json, const Value& item) {
  if (const auto* truth = item.get_if<bool>()) {
    json += *truth ? '1' : '0';
  } else if (const auto* integer = item.get_if<std::int64_t>()) {
    add_number(json, *integer);
  } else if (const auto* real = item.get_if<double>(); real != nullptr && std::isfinite(*real)) {
    add_number(json, *real);
  } else if (const auto* text = item.get_if<std::string>()) {
    add_text(json, *text);
  } else if (item.is_null()) {
    json += "null";
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::optional<std::string> json_list(std::span<const Value> items) {
  std::string json = "[";
  for (const Value& item : items) {
    if (json.size() > 1) {
      json += ',';
    }
    if (!add(json, item)) {
      return std::nullopt;
    }
  }
  return json + "]";
}

}  // namespace greenway::detail
