// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <optional>

#include <greenway/sql/statement.hpp>

namespace greenway::detail {

/// Adds to an INSERT the default_ of each column that it has no value for, and to an UPDATE the onupdate: what is
/// executed in its place. Functions are called now, for each row of VALUES once, and in an INSERT … SELECT once; they
/// may wait.
/// @param statement  Any.
/// @return The statement with these; empty when there are none to add.
[[nodiscard]] std::optional<Statement> with_defaults(const Statement& statement);

}  // namespace greenway::detail
