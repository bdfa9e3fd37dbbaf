// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <greenway/sql/type.hpp>
#include <greenway/sql/value.hpp>

namespace greenway::detail {

/// The type that a value has where nothing else says one.
[[nodiscard]] Type type_of(const Value& value);

}  // namespace greenway::detail
