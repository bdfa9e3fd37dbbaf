// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/frozen_result.hpp
/// @brief The rows of a result, kept to be read any number of times.
///
/// Layer: db. Source: SQLAlchemy's `FrozenResult`.

#include <memory>
#include <utility>
#include <vector>

#include <greenway/db/result.hpp>

namespace greenway {

/// What Result::freeze() keeps. Copies share the rows.
///
/// @par Threads
/// May be called from several threads at once: nothing is changed.
class FrozenResult {
 public:
  /// @return A buffered result that reads the rows from the first one.
  [[nodiscard]] Result operator()() const;

 private:
  friend class Result;
  FrozenResult(std::shared_ptr<const ColumnList> columns, std::shared_ptr<const detail::StatementColumns> selected,
               std::vector<std::shared_ptr<const RowBatch>> batches) noexcept
      : columns_(std::move(columns)), selected_(std::move(selected)), batches_(std::move(batches)) {}

  std::shared_ptr<const ColumnList> columns_;
  std::shared_ptr<const detail::StatementColumns> selected_;
  std::vector<std::shared_ptr<const RowBatch>> batches_;
};

}  // namespace greenway
