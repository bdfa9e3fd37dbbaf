// SPDX-License-Identifier: BSL-1.0
#include "identity_key.hpp"

#include <cstdint>

#include <greenway/sql/detail/value_text.hpp>

namespace greenway::detail {

void append_key(std::string& key, const Value& part) {
  key += static_cast<char>(part.kind());
  if (const auto* const number = part.get_if<std::int64_t>()) {
    key.append(reinterpret_cast<const char*>(number), sizeof *number);
    return;
  }
  std::string text;
  append_text(text, part);
  const std::size_t size = text.size();
  key.append(reinterpret_cast<const char*>(&size), sizeof size);  // so that no two parts run into each other
  key += text;
}

}  // namespace greenway::detail
