// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <greenway/db/driver.hpp>

#include "connection.hpp"
#include "libpq.hpp"
#include "row_shape.hpp"

namespace greenway::detail::postgresql {

/// An answer that has been read to its end.
class FetchedCursor final : public Cursor {
 public:
  /// @param shape   Null when the statement returns no rows.
  /// @param answer  All of it.
  FetchedCursor(std::shared_ptr<const RowShape> shape, ResultHandle answer);

  const std::shared_ptr<const ColumnList>& columns() const noexcept override;
  std::int64_t rowcount() const noexcept override { return rowcount_; }
  std::shared_ptr<const RowBatch> next() override;
  void set_batch(std::size_t) noexcept override {}
  void close() override { answer_.reset(); }

 private:
  std::shared_ptr<const RowShape> shape_;
  ResultHandle answer_;  // null once its rows have been handed out
  std::int64_t rowcount_;
};

/// An answer whose rows are still on their way.
class StreamCursor final : public Cursor {
 public:
  /// @param first      The first row.
  /// @param batch      About how many rows next() returns.
  /// @param limit      How long one next() may wait.
  /// @param statement  For messages.
  StreamCursor(PostgreSQLConnection& connection, std::shared_ptr<const RowShape> shape, ResultHandle first,
               std::size_t batch, Duration limit, std::string statement);
  ~StreamCursor() override;

  const std::shared_ptr<const ColumnList>& columns() const noexcept override { return shape_->columns; }
  std::int64_t rowcount() const noexcept override { return -1; }
  std::shared_ptr<const RowBatch> next() override;
  void set_batch(std::size_t rows) noexcept override { batch_ = rows; }
  void close() override;

  /// The connection no longer keeps the unread rows.
  void lose() noexcept;

 private:
  PostgreSQLConnection* connection_;  // null once there are no more rows to come
  std::shared_ptr<const RowShape> shape_;
  ResultHandle first_;
  std::size_t batch_;
  Duration limit_;
  std::string statement_;
  bool is_lost_ = false;
};

}  // namespace greenway::detail::postgresql
