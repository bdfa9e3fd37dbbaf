// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <greenway/sql/expression.hpp>

/// What the columns of a select are called.
namespace greenway::detail {

/// @return The name that an expression has by itself, or empty.
inline std::string_view name_of(const Node& element) noexcept {
  switch (element.kind) {
    case NodeKind::column:
    case NodeKind::label:
      return element.text;
    case NodeKind::type_coerce:
    case NodeKind::cast:
      return name_of(*element.child(0));
    default:
      return {};
  }
}

/// @return What columns are called, for a message.
template <class Column, class Name>
std::string listed(const std::vector<Column>& columns, Name name_of) {
  std::string all;
  for (const Column& column : columns) {
    all.append(all.empty() ? "" : ", ").append(std::invoke(name_of, column));
  }
  return all;
}

/// @return The names of a select's columns: their own, made up where they have none (`count_1`, `anon_1`), and each once.
std::vector<std::string> result_names(const NodeList& elements);

/// @return The columns of what `selectable` makes of `statement`.
std::shared_ptr<const std::vector<ColumnElement>> columns_of_statement(const NodeRef& statement, const NodeRef& selectable);

/// @return The columns of anything in FROM.
std::shared_ptr<const std::vector<ColumnElement>> columns_of_selectable(const NodeRef& selectable);

}  // namespace greenway::detail
