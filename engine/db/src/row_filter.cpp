// SPDX-License-Identifier: BSL-1.0
#include "row_filter.hpp"

#include <numeric>
#include <sstream>
#include <utility>

namespace greenway::detail {

namespace {

// Some rows, or some columns, of a batch.
class Excerpt final : public RowBatch {
 public:
  Excerpt(std::shared_ptr<const RowBatch> batch, std::vector<std::size_t> rows, std::vector<std::size_t> columns) noexcept
      : batch_(std::move(batch)), rows_(std::move(rows)), columns_(std::move(columns)) {}

  std::size_t size() const noexcept override { return rows_.size(); }
  Cell cell(std::size_t row, std::size_t column) const override {
    return batch_->cell(rows_[row], columns_.empty() ? column : columns_[column]);
  }

 private:
  std::shared_ptr<const RowBatch> batch_;
  std::vector<std::size_t> rows_;
  std::vector<std::size_t> columns_;  // empty: all
};

std::string printed(const Row& row) {
  std::ostringstream out;
  out << row;
  return std::move(out).str();
}

}  // namespace

void RowFilter::make_unique(Strategy strategy) {
  is_unique_ = true;
  strategy_ = std::move(strategy);
  seen_.clear();
}

std::shared_ptr<const RowBatch> RowFilter::apply(std::shared_ptr<const RowBatch> batch,
                                                 const std::shared_ptr<const ColumnList>& shape) {
  if (!columns_.empty()) {
    batch = chosen(std::move(batch), 0, columns_);
  }
  return is_unique_ ? unseen(std::move(batch), 0, shape) : batch;
}

std::shared_ptr<const RowBatch> RowFilter::unseen(std::shared_ptr<const RowBatch> batch, std::size_t first,
                                                  const std::shared_ptr<const ColumnList>& shape) {
  const auto source = std::make_shared<const RowSource>(RowSource{batch, shape});
  std::vector<std::size_t> rows;
  for (std::size_t i = first; i < batch->size(); ++i) {
    const Row row = Row(source, i);
    if (seen_.insert(strategy_ ? strategy_(row) : printed(row)).second) {
      rows.push_back(i);
    }
  }
  if (rows.empty()) {
    return nullptr;
  }
  return std::make_shared<const Excerpt>(std::move(batch), std::move(rows), std::vector<std::size_t>());
}

std::shared_ptr<const RowBatch> RowFilter::chosen(std::shared_ptr<const RowBatch> batch, std::size_t first,
                                                  std::vector<std::size_t> columns) {
  std::vector<std::size_t> rows(batch->size() - first);
  std::iota(rows.begin(), rows.end(), first);
  return std::make_shared<const Excerpt>(std::move(batch), std::move(rows), std::move(columns));
}

}  // namespace greenway::detail
