// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <greenway/db/driver.hpp>

#include "libpq.hpp"
#include "types.hpp"

namespace greenway::detail::postgresql {

/// What the columns of a result are and how their values are read. Immutable; shared by the rows of a result, and by
/// all executions of a prepared statement.
struct RowShape {
  explicit RowShape(const PGresult* result);

  /// @return Whether the result has the same columns. Not even a prepared statement's never change: think of FETCH.
  [[nodiscard]] bool matches(const PGresult* result) const noexcept;

  std::shared_ptr<const ColumnList> columns;
  std::vector<Oid> types;
  std::vector<Codec> codecs;
  std::vector<std::size_t> rendered;  ///< The columns whose values are rendered, in ascending order.
};

}  // namespace greenway::detail::postgresql
