// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <vector>

#include <greenway/sql/compiler.hpp>
#include <greenway/sql/selectable.hpp>
#include <greenway/sql/type.hpp>
#include <greenway/sql/value.hpp>

namespace greenway::detail {

/// Rows to select from, whose columns are called c0, c1 and so on.
///
/// PostgreSQL gets one array a column, so that the number of rows changes nothing of the SQL and is bounded by nothing but
/// memory; SQLite gets VALUES, as does PostgreSQL where a column is an array itself, which unnest() would take apart.
/// @param types    The columns'.
/// @param columns  The values of each column, all of them as many, and at least one.
/// @param dialect  Whose.
/// @param name     What the rows are called.
/// @return What can stand in FROM.
[[nodiscard]] FromClause row_source(const std::vector<Type>& types, std::vector<std::vector<Value>> columns,
                                    const Dialect& dialect, std::string name);

/// @param types    Columns'.
/// @param dialect  Whose.
/// @return Whether row_source() sends arrays.
[[nodiscard]] bool sends_arrays(const std::vector<Type>& types, const Dialect& dialect) noexcept;

}  // namespace greenway::detail
