// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <optional>
#include <span>

#include <greenway/sql/compiler.hpp>
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

/// @param statement  Any.
/// @return Whether it is an INSERT that returns rows, and takes what it writes from what it is executed with.
[[nodiscard]] bool is_insert_returning(const Statement& statement) noexcept;

/// @param insert  One of which is_insert_returning() holds.
/// @param rows    At least one; all name the same columns.
/// @param dialect  Whose: see row_source().
/// @return The statement that writes them.
/// @throws ArgumentError  The table has no such column, or the rows have different ones.
[[nodiscard]] Statement with_rows(const Statement& insert, std::span<const Parameters> rows, const Dialect& dialect);

/// @param statement  Any.
/// @param first      The first of what it is executed with.
/// @return The statement with these columns, as with_columns(), that asks for no key.
/// @throws ArgumentError  As with_columns().
[[nodiscard]] Statement for_many(const Statement& statement, const Parameters& first);

}  // namespace greenway::detail
