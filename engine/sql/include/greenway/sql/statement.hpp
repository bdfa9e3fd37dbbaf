// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/sql/statement.hpp
/// @brief What can be executed and compiled: the base of select, insert, update, delete and the definition of schemas.
///
/// Layer: sql.

#include <string>
#include <utility>

#include <greenway/sql/detail/node.hpp>
#include <greenway/sql/selectable.hpp>

namespace greenway {

class Dialect;

/// One statement. Cheap to copy: what methods return shares all that they did not change with what they were called on.
///
/// @par Threads
/// May be read, copied and executed by several threads at once; a `static const` statement serves them all.
class Statement {
 public:
  /// @return What it consists of.
  [[nodiscard]] const detail::NodeRef& node() const noexcept { return node_; }

  /// Compiles it for people to read.
  /// @return The SQL text, with the placeholders of PostgreSQL.
  [[nodiscard]] std::string str() const;
  /// Compiles it.
  /// @param dialect  For which database.
  /// @return The SQL text.
  [[nodiscard]] std::string str(const Dialect& dialect) const;

 protected:
  /// None, for a derived class to set.
  Statement() noexcept = default;
  /// @param node  What it consists of.
  explicit Statement(detail::NodeRef node) noexcept : node_(std::move(node)) {}

  /// @param name       In the statement that uses it; empty for one that the compiler makes up.
  /// @param recursive  Whether it may refer to itself.
  /// @return This as a common table expression.
  [[nodiscard]] CTE make_cte(std::string name, bool recursive) const;

  detail::NodeRef node_;  ///< See node().
};

}  // namespace greenway
