// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <optional>
#include <span>
#include <string>

#include <greenway/sql/value.hpp>

namespace greenway::detail {

/// @return A list as JSON, for `json_each(?)`; nothing if it holds what JSON has not: bytes, NaN, an infinity.
std::optional<std::string> json_list(std::span<const Value> items);

}  // namespace greenway::detail
