// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/sql/selectable.hpp
/// @brief What rows can be selected from: tables, aliases, joins, subqueries, common table expressions.
///
/// Layer: sql. Source: SQLAlchemy's `FromClause` and its kin, whose names these are.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <greenway/sql/expression.hpp>

namespace greenway {

class Join;
class Select;

/// Something that has columns and can stand in FROM. Cheap to copy; never changes.
class FromClause {
 public:
  /// @param name  Of a column, or the label it was given.
  /// @return The column.
  /// @throws ArgumentError  There is none of that name; the message lists those there are.
  [[nodiscard]] ColumnElement c(std::string_view name) const;
  /// @return All columns, in their order.
  [[nodiscard]] const std::vector<ColumnElement>& columns() const noexcept { return *columns_; }

  /// @param name  Any; empty for one that the compiler makes up.
  /// @return The same under another name.
  [[nodiscard]] FromClause alias(std::string name = {}) const;
  /// @param right    Any.
  /// @param on       The condition; left out it follows from the one foreign key between both sides.
  /// @param isouter  LEFT OUTER JOIN.
  /// @param full     FULL OUTER JOIN.
  /// @return The join.
  /// @throws ArgumentError  No condition was given, and there is not exactly one foreign key.
  [[nodiscard]] Join join(const FromClause& right, const std::optional<ColumnElement>& on = {}, bool isouter = false,
                          bool full = false) const;
  /// @param right  As join().
  /// @param on     As join().
  /// @return As join(), LEFT OUTER.
  /// @throws ArgumentError  As join().
  [[nodiscard]] Join outerjoin(const FromClause& right, const std::optional<ColumnElement>& on = {}) const;
  /// @return All its columns.
  [[nodiscard]] Select select() const;

  /// @return What it consists of.
  [[nodiscard]] const detail::NodeRef& node() const noexcept { return node_; }

 protected:
  /// In their order.
  using Columns = std::vector<ColumnElement>;

  /// None, for a derived class to set.
  FromClause() noexcept = default;
  /// @param node     What it consists of.
  /// @param columns  Its columns.
  FromClause(detail::NodeRef node, std::shared_ptr<const Columns> columns) noexcept
      : node_(std::move(node)), columns_(std::move(columns)) {}

  /// @param node  What has the same columns under another name.
  /// @return That.
  [[nodiscard]] FromClause renamed(detail::NodeRef node) const;

  detail::NodeRef node_;                    ///< See node().
  std::shared_ptr<const Columns> columns_;  ///< See columns().

 private:
  friend class Select;
  friend class Selected;
};

/// Two selectables and the condition that joins them; its columns are those of both.
class Join : public FromClause {
 private:
  friend class FromClause;
  Join(detail::NodeRef node, std::shared_ptr<const Columns> columns) noexcept : FromClause(std::move(node), std::move(columns)) {}
};

/// A common table expression: a select (or INSERT, UPDATE, DELETE with RETURNING) that has a name in one statement.
class CTE : public FromClause {
 public:
  /// Makes it recursive.
  /// @param part  Selects from this CTE as it is now.
  /// @return The CTE with `UNION part`.
  [[nodiscard]] CTE union_(const Select& part) const;
  /// As union_(), keeping duplicates.
  /// @param part  As union_().
  /// @return The CTE with `UNION ALL part`.
  [[nodiscard]] CTE union_all(const Select& part) const;

 private:
  friend class Select;
  friend class Statement;
  CTE(detail::NodeRef node, std::shared_ptr<const Columns> columns) noexcept : FromClause(std::move(node), std::move(columns)) {}
  [[nodiscard]] CTE with(const char* symbol, const Select& part) const;
};

/// A select in parentheses, in FROM.
class Subquery : public FromClause {
 private:
  friend class Select;
  Subquery(detail::NodeRef node, std::shared_ptr<const Columns> columns) noexcept
      : FromClause(std::move(node), std::move(columns)) {}
};

}  // namespace greenway
