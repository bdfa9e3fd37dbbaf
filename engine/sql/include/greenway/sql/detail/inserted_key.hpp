// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <greenway/sql/compiler.hpp>
#include <greenway/sql/statement.hpp>

namespace greenway::detail {

/// Where each column of an inserted row's primary key is known from.
struct InsertedKey {
  enum class Source : std::uint8_t {
    parameter,  ///< The statement says it.
    returned,   ///< RETURNING.
    rowid,      ///< SQLite gives it without being asked.
  };
  struct Part {
    Source source;
    std::size_t index;  ///< Of the parameter, or of the column returned.
  };

  std::vector<Part> parts;               ///< In the order of the key's columns.
  std::optional<Statement> returning{};  ///< Where something is returned: the statement with its RETURNING.
};

/// @param statement  Any.
/// @param shape      Its own.
/// @param dialect    Of the database that executes it.
/// @return How the key becomes known; empty unless this is an INSERT of one row, into a table with a primary key, that says
///         neither returning() nor inline_().
[[nodiscard]] std::optional<InsertedKey> inserted_key(const Statement& statement, const StatementShape& shape,
                                                      Dialect::Kind dialect);

}  // namespace greenway::detail
