// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/row_batch.hpp
/// @brief Rows as a driver received them, and what it says of their columns.
///
/// Layer: db. Implemented by drivers, read by Row.

#include <cstddef>
#include <string>
#include <vector>

#include <greenway/sql/value.hpp>

namespace greenway {

/// A column of a result.
struct ColumnInfo {
  std::string name;       ///< As the database names it.
  std::string type_name;  ///< The database's type, "int8" or a declared type; empty when it does not say.
};

/// The columns of a result, shared by all rows of it and by all executions of one prepared statement.
using ColumnList = std::vector<ColumnInfo>;

/// Some rows, kept as the driver received them. Immutable; readable from any thread.
class RowBatch {
 public:
  virtual ~RowBatch() = default;
  /// @return How many rows; at least one.
  [[nodiscard]] virtual std::size_t size() const noexcept = 0;
  /// @param row     Below size().
  /// @param column  Below the number of columns.
  /// @return The value there, decoded now; it points into the batch.
  /// @throws DataError  The value's bytes are not what its type promises.
  [[nodiscard]] virtual Cell cell(std::size_t row, std::size_t column) const = 0;
};

}  // namespace greenway
