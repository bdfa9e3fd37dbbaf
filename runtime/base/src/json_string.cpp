// SPDX-License-Identifier: BSL-1.0
#include <greenway/base/detail/json_string.hpp>

namespace greenway::detail {

void append_json_string(std::string& json, std::string_view text) {
  constexpr std::string_view hexadecimal = "0123456789abcdef";
  json += '"';
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json.append({'\\', c});
    } else if (code < 0x20) {
      json.append("\\u00").append({hexadecimal[code >> 4U], hexadecimal[code & 15U]});
    } else {
      json += c;
    }
  }
  json += '"';
}

std::string json_string(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

}  // namespace greenway::detail
