// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <span>
#include <string>

#include <greenway/sql/value.hpp>

namespace greenway::detail::postgresql {

/// @return A list as PostgreSQL reads an array in text (manual, 8.15.2). The server knows from the statement of what.
std::string array_literal(std::span<const Value> items);

}  // namespace greenway::detail::postgresql
