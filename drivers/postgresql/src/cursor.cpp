// SPDX-License-Identifier: BSL-1.0
#include "cursor.hpp"

#include <charconv>
#include <cstring>
#include <vector>

#include <greenway/base/error.hpp>

#include "row_batch.hpp"

namespace greenway::detail::postgresql {

namespace {

std::int64_t affected_rows(PGresult* answer) noexcept {
  const char* const digits = PQcmdTuples(answer);
  std::int64_t count = -1;
  std::from_chars(digits, digits + std::strlen(digits), count);
  return count;
}

}  // namespace

FetchedCursor::FetchedCursor(std::shared_ptr<const RowShape> shape, ResultHandle answer)
    : shape_(std::move(shape)),
      answer_(std::move(answer)),
      rowcount_(shape_ != nullptr ? PQntuples(answer_.get()) : affected_rows(answer_.get())) {}

const std::shared_ptr<const ColumnList>& FetchedCursor::columns() const noexcept {
  static const auto none = std::make_shared<const ColumnList>();
  return shape_ != nullptr ? shape_->columns : none;
}

std::shared_ptr<const RowBatch> FetchedCursor::next() {
  if (answer_ == nullptr || PQntuples(answer_.get()) == 0) {
    return nullptr;
  }
  return std::make_shared<const PostgreSQLRowBatch>(shape_, std::move(answer_), std::vector<ResultHandle>());
}

StreamCursor::StreamCursor(PostgreSQLConnection& connection, std::shared_ptr<const RowShape> shape, ResultHandle first,
                           std::size_t batch, Duration limit, std::string statement)
    : connection_(&connection),
      shape_(std::move(shape)),
      first_(std::move(first)),
      batch_(batch),
      limit_(limit),
      statement_(std::move(statement)) {}

StreamCursor::~StreamCursor() {
  if (connection_ != nullptr) {
    connection_->abandon_stream();
  }
}

std::shared_ptr<const RowBatch> StreamCursor::next() {
  if (is_lost_) {
    throw ResourceClosedError(
        "the rows that had not been read are gone: their statement failed, or its connection has "
        "been rolled back, reset or closed meanwhile");
  }
  const Deadline deadline = Deadline::in(limit_);
  std::vector<ResultHandle> rest;
  while (connection_ != nullptr && rest.size() + (first_ != nullptr ? 1 : 0) < batch_) {
    ResultHandle row = connection_->next_row(deadline, statement_);
    if (row == nullptr) {
      connection_ = nullptr;
    } else if (first_ == nullptr) {
      first_ = std::move(row);
    } else {
      rest.push_back(std::move(row));
    }
  }
  return first_ == nullptr ? nullptr
                           : std::make_shared<const PostgreSQLRowBatch>(shape_, std::move(first_), std::move(rest));
}

void StreamCursor::close() {
  first_.reset();
  if (connection_ != nullptr) {
    std::exchange(connection_, nullptr)->close_stream();
  }
}

void StreamCursor::lose() noexcept {
  connection_ = nullptr;
  is_lost_ = true;
}

}  // namespace greenway::detail::postgresql
