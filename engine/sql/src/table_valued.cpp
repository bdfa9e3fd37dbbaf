// SPDX-License-Identifier: BSL-1.0
#include <greenway/sql/table_valued.hpp>

#include <greenway/base/error.hpp>

#include "make_node.hpp"
#include "named_column.hpp"
#include "statement_nodes.hpp"

namespace greenway {

using detail::Node;
using detail::NodeKind;
using detail::NodeList;
using detail::NodeRef;

TableValuedAlias::TableValuedAlias(NodeRef node) : FromClause(node, detail::columns_of_selectable(node)) {}

TableValuedAlias::TableValuedAlias(const NodeRef& function, const std::vector<ColumnElement>& columns)
    : TableValuedAlias([&] {
        NodeList children{function};
        for (const ColumnElement& column : columns) {
          children.push_back(column.node());
        }
        return detail::make_node(NodeKind::table_function, {}, std::move(children));
      }()) {}

TableValuedAlias TableValuedAlias::with_flag(unsigned flag) const {
  return TableValuedAlias(detail::changed<Node>(node_, [&](Node& node) { node.flags = static_cast<std::uint8_t>(node.flags | flag); }));
}

TableValuedAlias TableValuedAlias::alias(std::string name) const {
  return TableValuedAlias(detail::changed<Node>(node_, [&](Node& node) { node.text = std::move(name); }));
}

TableValuedAlias TableValuedAlias::render_derived(bool with_types) const {
  return with_flag(with_types ? detail::is_derived | detail::has_types : detail::is_derived);
}

TableValuedAlias TableValuedAlias::lateral() const { return with_flag(detail::is_lateral); }

TableValuedAlias TableValuedAlias::with_ordinality(const std::string& name) const {
  return TableValuedAlias(detail::changed<Node>(node_, [&](Node& node) {
    node.flags |= detail::has_ordinality;
    node.children.push_back(column(name, BigInteger()).node());
  }));
}

Values::Values(NodeRef node) : FromClause(node, detail::columns_of_selectable(node)) {}

Values values(const std::vector<ColumnElement>& columns, std::string name) {
  if (columns.empty()) {
    throw ArgumentError("values() needs at least one column()");
  }
  NodeList names;
  for (const ColumnElement& column : columns) {
    names.push_back(column.node());
  }
  const NodeRef list = detail::make_node(NodeKind::list, {}, std::move(names));
  return Values(detail::make_node(NodeKind::values, std::move(name), NodeList{list}));
}

Values Values::data(const std::vector<std::vector<Value>>& rows) const {
  const NodeList& names = node_->child(0)->children;
  return Values(detail::changed<Node>(node_, [&](Node& node) {
    for (const std::vector<Value>& row : rows) {
      if (row.size() != names.size()) {
        throw ArgumentError("data(): a row of values() has " + std::to_string(row.size()) + " values for " +
                            std::to_string(names.size()) + " columns");
      }
      NodeList elements;
      for (std::size_t i = 0; i != row.size(); ++i) {
        elements.push_back(Operand(row[i]).node(names[i]->type));
      }
      node.children.push_back(detail::make_node(NodeKind::tuple, {}, std::move(elements)));
    }
  }));
}

}  // namespace greenway
