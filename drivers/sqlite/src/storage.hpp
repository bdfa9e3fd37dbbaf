// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

#include <greenway/sql/value.hpp>

namespace greenway::detail {

/// @return Whether SQLite has no storage class for values of that kind, so that stored() says how they are stored.
[[nodiscard]] constexpr bool is_stored_otherwise(ValueKind kind) noexcept {
  return kind >= ValueKind::date || kind == ValueKind::numeric;
}

/// What SQLAlchemy's dialect stores in place of a value.
/// @param value  For which is_stored_otherwise() holds.
/// @param why    Set where there is no such thing: what the value is, and what to do.
/// @return An integer, a real or a text; NULL where there is no such thing.
[[nodiscard]] Value stored(const Value& value, std::string& why);

}  // namespace greenway::detail
