// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/sql/table_valued.hpp
/// @brief Rows that no table holds: what a function returns, and VALUES.
///
/// Layer: sql. Source: SQLAlchemy's `TableValuedAlias` and `Values`.
///
/// ```cpp
/// const auto entry = gw::func("json_each", doc).table_valued("key", "value").alias("entry");
/// gw::select(entry.c("key")).select_from(entry)                  // SELECT entry.key FROM json_each($1) AS entry
///
/// const auto v = gw::values({gw::column("id", gw::Integer()), gw::column("name", gw::Text())}, "v").data({{1, "a"}, {2,
/// "b"}}); gw::select(account).join(v, v.c("id") == account.c("id"))     // … JOIN (VALUES ($1, $2), ($3, $4)) AS v (id, name)
/// ON …
/// ```

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <greenway/sql/constructors.hpp>
#include <greenway/sql/selectable.hpp>

namespace greenway {

/// What a function returns, in FROM: see func::table_valued. Its arguments may name what stands before it there. Every method
/// returns one that has what it says besides, of which c() gives the columns.
class TableValuedAlias : public FromClause {
 public:
  /// @param name  Any.
  /// @return It under that name; without one the compiler makes up one.
  [[nodiscard]] TableValuedAlias alias(std::string name) const;
  /// Says what its columns are called, for functions that do not say so themselves: `AS name (a, b)`. PostgreSQL only.
  /// @param with_types  And of which types they are, for functions that return records: `AS name (a INTEGER, b TEXT)`.
  /// @return See TableValuedAlias.
  [[nodiscard]] TableValuedAlias render_derived(bool with_types = false) const;
  /// Numbers the rows, from 1; PostgreSQL only, with render_derived().
  /// @param name  Of the column that has the numbers, behind the others.
  /// @return See TableValuedAlias.
  [[nodiscard]] TableValuedAlias with_ordinality(const std::string& name) const;
  /// @return It as LATERAL, which only PostgreSQL is told: a function sees what stands before it anyhow.
  [[nodiscard]] TableValuedAlias lateral() const;

 private:
  friend struct func;
  TableValuedAlias(const detail::NodeRef& function, const std::vector<ColumnElement>& columns);
  explicit TableValuedAlias(detail::NodeRef node);
  [[nodiscard]] TableValuedAlias with_flag(unsigned flag) const;
};

/// Rows of values, in FROM: see values().
class Values : public FromClause {
 public:
  /// @param rows  Added to those there are; each as many values as there are columns.
  /// @return The rows with these.
  /// @throws ArgumentError  A row has another width.
  [[nodiscard]] Values data(const std::vector<std::vector<Value>>& rows) const;

 private:
  friend Values values(const std::vector<ColumnElement>& columns, std::string name);
  explicit Values(detail::NodeRef node);
};

/// @param columns  Each a column().
/// @param name     In FROM; empty for one that the compiler makes up.
/// @return `(VALUES …) AS name (columns)`, as yet without rows.
/// @throws ArgumentError  There are no columns.
[[nodiscard]] Values values(const std::vector<ColumnElement>& columns, std::string name = {});

}  // namespace greenway
