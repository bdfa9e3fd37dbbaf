// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <greenway/sql/compiler.hpp>
#include <greenway/sql/type.hpp>
#include <greenway/sql/value.hpp>

namespace greenway::detail {

/// What is sent for a value that is bound to a type: SQLAlchemy's "bind processing". A text becomes a JSON string where
/// JSON is wanted, a moment a local time in UTC where there is no zone; on SQLite, where a text would be stored as it
/// is, what it says is stored: a date, a UUID, a number.
/// @param value    Any; a list is taken item by item.
/// @param type     Of the column or expression that it goes to, or is compared with.
/// @param dialect  Where it is sent.
/// @return What to send.
/// @throws DataError  A text is nothing of the type.
[[nodiscard]] Value bound_to(const Value& value, const Type& type, Dialect::Kind dialect);

}  // namespace greenway::detail
