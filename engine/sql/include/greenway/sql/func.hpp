// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/sql/func.hpp
/// @brief The database's functions: `func::count(x)`, `func("any_name", x, y)`.
///
/// Layer: sql. Source: SQLAlchemy's `func`.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <greenway/sql/constructors.hpp>
#include <greenway/sql/table_valued.hpp>

namespace greenway {

/// A call of a function of the database's: of one that is named below, with the type of its value, or of any.
struct func : ColumnElement {
  /// @param name       As in the database, with its schema if need be; it becomes part of the SQL text.
  /// @param arguments  Any.
  template <class... A>
  explicit func(std::string name, const A&... arguments)
      : func(std::array<Operand, sizeof...(A)>{Operand(arguments)...}, std::move(name), Type()) {}

  /// @return `count(*)`.
  [[nodiscard]] static ColumnElementOf<std::int64_t> count();
  /// @param operand  Any.
  /// @return `count(operand)`.
  [[nodiscard]] static ColumnElementOf<std::int64_t> count(const Operand& operand);
  /// @param operand  Any.
  /// @return `sum(operand)`.
  [[nodiscard]] static func sum(const Operand& operand);
  /// @param operand  Any.
  /// @return `avg(operand)`.
  [[nodiscard]] static func avg(const Operand& operand);
  /// @param operand  Any.
  /// @return `min(operand)`.
  [[nodiscard]] static func min(const Operand& operand);
  /// @param operand  Any.
  /// @return `max(operand)`.
  [[nodiscard]] static func max(const Operand& operand);
  /// @param first  Any.
  /// @param rest   Any.
  /// @return `coalesce(first, rest…)`.
  template <class... A>
  [[nodiscard]] static func coalesce(const Operand& first, const A&... rest) {
    return {std::array{first, Operand(rest)...}, "coalesce", first.node()->type};
  }
  /// @return CURRENT_TIMESTAMP.
  [[nodiscard]] static func now();
  /// @return CURRENT_DATE.
  [[nodiscard]] static func current_date();
  /// @param operand  A text.
  /// @return `lower(operand)`.
  [[nodiscard]] static func lower(const Operand& operand);
  /// @param operand  A text.
  /// @return `upper(operand)`.
  [[nodiscard]] static func upper(const Operand& operand);
  /// @param operand  A text.
  /// @return `length(operand)`.
  [[nodiscard]] static func length(const Operand& operand);
  /// @param operand  A number.
  /// @return `abs(operand)`.
  [[nodiscard]] static func abs(const Operand& operand);
  /// @return `row_number()`.
  [[nodiscard]] static func row_number();
  /// @return `rank()`.
  [[nodiscard]] static func rank();
  /// @return `dense_rank()`.
  [[nodiscard]] static func dense_rank();
  /// @param operand    Texts.
  /// @param separator  Between them.
  /// @return `string_agg(operand, separator)`, or the dialect's equivalent.
  [[nodiscard]] static func string_agg(const Operand& operand, const Operand& separator);
  /// @param operand  Any.
  /// @return `array_agg(operand)`, PostgreSQL's.
  [[nodiscard]] static func array_agg(const Operand& operand);

  /// It in FROM, where it returns rows.
  /// @param columns  Of the rows: names, or column()s with their types.
  /// @return See there.
  template <class... C>
  [[nodiscard]] TableValuedAlias table_valued(const C&... columns) const {
    return {node_, {column_of(columns)...}};
  }
  /// It in FROM, where it returns rows of one column.
  /// @param name  Of that column; empty for that of the function.
  /// @return The column: to select it is to select from the function.
  [[nodiscard]] ColumnElement column_valued(const std::string& name = {}) const;

 private:
  static const ColumnElement& column_of(const ColumnElement& column) noexcept { return column; }
  static ColumnElement column_of(std::string name) { return column(std::move(name)); }
  func(std::span<const Operand> arguments, std::string name, const Type& type);
};

}  // namespace greenway
