// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <optional>

#include <greenway/sql/statement.hpp>
#include <greenway/sql/text.hpp>

namespace greenway::detail {

/// An INSERT that says no values takes those that it is executed with, and so does an UPDATE that sets nothing: each
/// parameter that is no bindparam() of the statement is a column.
/// @param statement   Any.
/// @param parameters  What it is executed with.
/// @return The statement with these columns as named parameters; empty when it says itself what to write.
/// @throws ArgumentError  The table has no such column; the message lists those it has.
[[nodiscard]] std::optional<Statement> with_columns(const Statement& statement, const Parameters& parameters);

}  // namespace greenway::detail
