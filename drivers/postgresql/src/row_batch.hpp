// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <greenway/db/driver.hpp>

#include "libpq.hpp"
#include "row_shape.hpp"

namespace greenway::detail::postgresql {

/// Rows as libpq received them: all in one PGresult, or, when they are streamed, one in each.
///
/// Cells are decoded where they lie, when they are asked for. Only values that must be rendered are rendered at once,
/// so that the batch never changes and any thread may read it.
class PostgreSQLRowBatch final : public RowBatch {
 public:
  /// @param shape  Of both.
  /// @param first  At least one row.
  /// @param rest   One row each.
  PostgreSQLRowBatch(std::shared_ptr<const RowShape> shape, ResultHandle first, std::vector<ResultHandle> rest);

  std::size_t size() const noexcept override { return first_rows_ + rest_.size(); }
  Cell cell(std::size_t row, std::size_t column) const override;

 private:
  /// One value on the wire; `data` is null for NULL.
  struct Field {
    const char* data;
    std::size_t size;
  };

  [[nodiscard]] Field field(std::size_t row, std::size_t column) const noexcept;
  [[nodiscard]] Cell rendered_cell(std::size_t row, std::size_t column) const;
  void render_rows();
  [[noreturn]] void throw_malformed(std::size_t column) const;

  std::shared_ptr<const RowShape> shape_;
  ResultHandle first_;
  std::size_t first_rows_;
  std::vector<ResultHandle> rest_;
  std::string text_;                 // of all rendered values, row by row
  std::vector<std::size_t> begins_;  // where each of them begins; one more, the end. A malformed one is empty.
};

}  // namespace greenway::detail::postgresql
