// SPDX-License-Identifier: BSL-1.0
#include "entity_key.hpp"

#include <cstring>

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

EntityKey::EntityKey(std::string_view parts) {
  if (parts.size() == 1 + sizeof number_ && parts.front() == static_cast<char>(ValueKind::integer)) {
    std::memcpy(&number_, parts.data() + 1, sizeof number_);
  } else {
    parts_ = std::make_unique<std::string>(parts);
  }
}

}  // namespace greenway::detail
