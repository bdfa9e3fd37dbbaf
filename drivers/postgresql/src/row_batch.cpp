// SPDX-License-Identifier: BSL-1.0
#include "row_batch.hpp"

#include <algorithm>

#include "decode.hpp"
#include "error.hpp"
#include "render.hpp"

namespace greenway::detail::postgresql {

PostgreSQLRowBatch::PostgreSQLRowBatch(std::shared_ptr<const RowShape> shape, ResultHandle first,
                                       std::vector<ResultHandle> rest)
    : shape_(std::move(shape)),
      first_(std::move(first)),
      first_rows_(static_cast<std::size_t>(PQntuples(first_.get()))),
      rest_(std::move(rest)) {
  if (!shape_->rendered.empty()) {
    render_rows();
  }
}

Cell PostgreSQLRowBatch::cell(std::size_t row, std::size_t column) const {
  const Codec codec = shape_->codecs[column];
  const auto [data, size] = field(row, column);
  if (data == nullptr) {
    return {};
  }
  if (codec == Codec::timetz) {
    return rendered_cell(row, column);
  }
  Cell cell;
  if (!decode(codec, data, size, cell)) {
    throw_malformed(column);
  }
  return cell;
}

PostgreSQLRowBatch::Field PostgreSQLRowBatch::field(std::size_t row, std::size_t column) const noexcept {
  const bool is_in_first = row < first_rows_;
  const PGresult* const result = is_in_first ? first_.get() : rest_[row - first_rows_].get();
  const int r = is_in_first ? static_cast<int>(row) : 0;
  const int c = static_cast<int>(column);
  const int size = PQgetlength(result, r, c);
  // Only what looks empty can be NULL.
  if (size == 0 && PQgetisnull(result, r, c) != 0) {
    return {nullptr, 0};
  }
  return {PQgetvalue(result, r, c), static_cast<std::size_t>(size)};
}

Cell PostgreSQLRowBatch::rendered_cell(std::size_t row, std::size_t column) const {
  const std::vector<std::size_t>& rendered = shape_->rendered;
  const auto which = static_cast<std::size_t>(std::ranges::lower_bound(rendered, column) - rendered.begin());
  const std::size_t i = row * rendered.size() + which;
  const std::size_t size = begins_[i + 1] - begins_[i];
  if (size == 0) {
    throw_malformed(column);
  }
  return Cell::of(ValueKind::text, text_.data() + begins_[i], size);
}

void PostgreSQLRowBatch::render_rows() {
  begins_.reserve(size() * shape_->rendered.size() + 1);
  for (std::size_t row = 0; row < size(); ++row) {
    for (const std::size_t column : shape_->rendered) {
      begins_.push_back(text_.size());
      if (const auto [data, size] = field(row, column); data != nullptr) {
        render_timetz({data, size}, text_);
      }
    }
  }
  begins_.push_back(text_.size());
}

void PostgreSQLRowBatch::throw_malformed(std::size_t column) const {
  const ColumnInfo& info = (*shape_->columns)[column];
  throw_client_error<DataError>(
      "column " + info.name + " holds a value whose bytes are not those of its type, " + info.type_name, {}, false);
}

}  // namespace greenway::detail::postgresql
