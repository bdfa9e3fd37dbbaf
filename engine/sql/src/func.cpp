// SPDX-License-Identifier: BSL-1.0
#include <greenway/sql/func.hpp>

#include "make_node.hpp"
#include "statement_nodes.hpp"

namespace greenway {

func::func(std::string name, const Type& type, const std::vector<Operand>& arguments) {
  detail::NodeList nodes;
  nodes.reserve(arguments.size());
  for (const Operand& argument : arguments) {
    nodes.push_back(argument.node());
  }
  const bool is_postgresql = type.kind() == TypeKind::array;
  node_ = detail::make_function(std::move(name), std::move(nodes), type, is_postgresql);
}

ColumnElementOf<std::int64_t> func::count() { return count(ColumnElement(detail::make_node(detail::NodeKind::star, {}, {}))); }

func func::now() { return {"now", DateTime(true), {}}; }

func func::current_date() { return {"current_date", Date(), {}}; }

ColumnElement func::column_valued(const std::string& name) const {
  const std::string& known = name.empty() ? node_->text : name;
  const TableValuedAlias rows = TableValuedAlias(node_, {column(known, type())}).alias(known).with_flag(detail::is_column);
  return rows.c(known);
}

}  // namespace greenway
