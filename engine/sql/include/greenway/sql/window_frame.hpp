// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/sql/window_frame.hpp
/// @brief Which rows around the current one a window function sees.
///
/// Layer: sql. Source: SQLAlchemy's `FrameClause`, and its `rows`, `range_` and `groups` of `over()`.

#include <optional>
#include <string>
#include <utility>

namespace greenway {

/// The frame of a window, from one bound to another. A bound is how many rows, values or groups it lies behind the current
/// row: negative before it, 0 the row itself, std::nullopt as far as the partition goes.
///
///     FrameClause::rows(-2, 0)               // ROWS BETWEEN 2 PRECEDING AND CURRENT ROW
///     FrameClause::range_(std::nullopt, 5)   // RANGE BETWEEN UNBOUNDED PRECEDING AND 5 FOLLOWING
class FrameClause {
 public:
  /// The database's own: up to the current row and what is equal to it, or with no order all rows.
  FrameClause() noexcept = default;
  /// @param sql  "ROWS …" and the like, part of the SQL text.
  FrameClause(std::string sql) noexcept : sql_(std::move(sql)) {}
  /// @param sql  As above.
  FrameClause(const char* sql) : sql_(sql) {}

  /// Counts rows.
  /// @param start  See FrameClause.
  /// @param end    See FrameClause.
  /// @return `ROWS BETWEEN start AND end`.
  [[nodiscard]] static FrameClause rows(std::optional<int> start, std::optional<int> end) { return {"ROWS", start, end}; }
  /// Adds to the value that the rows are ordered by.
  /// @param start  See FrameClause.
  /// @param end    See FrameClause.
  /// @return `RANGE BETWEEN start AND end`.
  [[nodiscard]] static FrameClause range_(std::optional<int> start, std::optional<int> end) { return {"RANGE", start, end}; }
  /// Counts groups of rows that are equal by the order.
  /// @param start  See FrameClause.
  /// @param end    See FrameClause.
  /// @return `GROUPS BETWEEN start AND end`.
  [[nodiscard]] static FrameClause groups(std::optional<int> start, std::optional<int> end) { return {"GROUPS", start, end}; }

  /// @return As it stands in the statement; empty for the database's own.
  [[nodiscard]] const std::string& sql() const noexcept { return sql_; }

 private:
  FrameClause(const char* unit, std::optional<int> start, std::optional<int> end);

  std::string sql_;
};

}  // namespace greenway
