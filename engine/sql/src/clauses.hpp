// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <span>

#include <greenway/sql/select.hpp>

/// What the clauses of SELECT and of changes of data have in common.
namespace greenway::detail {

/// @param condition  Or none as yet.
/// @return Both, joined by AND.
inline NodeRef both(const NodeRef& condition, const ColumnElement& other) {
  return condition ? (ColumnElement(condition) && other).node() : other.node();
}

/// Appends what was selected.
inline void add_selected(NodeList& nodes, std::span<const Selected> selected) {
  for (const Selected& item : selected) {
    for (const ColumnElement& element : item.elements()) {
      nodes.push_back(element.node());
    }
  }
}

}  // namespace greenway::detail
