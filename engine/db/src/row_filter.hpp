// SPDX-License-Identifier: BSL-1.0
#pragma once

// What Result::columns and Result::unique make of the batches that arrive: columns are chosen first, then rows.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include <greenway/db/row.hpp>

namespace greenway::detail {

class RowFilter {
 public:
  using Strategy = std::function<std::string(const Row&)>;

  // Columns of the batches as they arrive.
  void choose(std::vector<std::size_t> columns) { columns_ = std::move(columns); }
  const std::vector<std::size_t>& columns() const noexcept { return columns_; }
  void make_unique(Strategy strategy);

  // All rows of a batch as it arrived; null when none is left. `shape`: of the rows that come out.
  std::shared_ptr<const RowBatch> apply(std::shared_ptr<const RowBatch> batch, const std::shared_ptr<const ColumnList>& shape);
  // The rows from `first` on that have not been seen before; null when there is none.
  std::shared_ptr<const RowBatch> unseen(std::shared_ptr<const RowBatch> batch, std::size_t first,
                                         const std::shared_ptr<const ColumnList>& shape);

  // Some columns of the rows from `first` on.
  static std::shared_ptr<const RowBatch> chosen(std::shared_ptr<const RowBatch> batch, std::size_t first,
                                                std::vector<std::size_t> columns);

 private:
  std::vector<std::size_t> columns_;  // empty: all
  bool is_unique_ = false;
  Strategy strategy_;
  std::unordered_set<std::string> seen_;
};

}  // namespace greenway::detail
