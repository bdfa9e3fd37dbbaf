// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

#include <greenway/sql/value.hpp>

namespace greenway::detail {

/// Appends a part of a primary key: what is equal appends the same bytes, and what is not does not.
void append_key(std::string& key, const Value& part);

}  // namespace greenway::detail
