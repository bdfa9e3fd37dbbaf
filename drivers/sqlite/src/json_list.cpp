// SPDX-License-Identifier: BSL-1.0
#include "json_list.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include <greenway/base/detail/json_string.hpp>

#include "storage.hpp"

namespace greenway::detail {

namespace {

template <class T>
void add_number(std::string& json, T number) {
  std::array<char, 32> digits;
  json.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

bool add(std::string& json, const Value& item) {
  if (is_stored_otherwise(item.kind())) {
    std::string why;
    const Value other = stored(item, why);
    return why.empty() && add(json, other);
  }
  if (const auto* truth = item.get_if<bool>()) {
    json += *truth ? '1' : '0';
  } else if (const auto* integer = item.get_if<std::int64_t>()) {
    add_number(json, *integer);
  } else if (const auto* real = item.get_if<double>(); real != nullptr && std::isfinite(*real)) {
    add_number(json, *real);
  } else if (const auto* text = item.get_if<std::string>()) {
    append_json_string(json, *text);
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
