// SPDX-License-Identifier: BSL-1.0
#include <greenway/sql/detail/column_parameters.hpp>

#include <algorithm>
#include <memory>

#include <greenway/base/error.hpp>
#include <greenway/sql/compiler.hpp>

#include "statement_nodes.hpp"

namespace greenway::detail {

namespace {

NodeRef parameter_of(const Table::Data& table, const std::string& name) {
  std::string known;
  for (const Column& column : table.columns) {
    if (column.name() == name) {
      return NodeRef(new BindNode(name, column.data().type));
    }
    known.append(known.empty() ? "" : ", ").append(column.name());
  }
  throw ArgumentError("table '" + table.name + "' has no column '" + name + "' to write a parameter to; it has: " + known);
}

}  // namespace

std::optional<Statement> with_columns(const Statement& statement, const Parameters& parameters) {
  const Node& node = *statement.node();
  if (parameters.items().empty() || (node.kind != NodeKind::insert && node.kind != NodeKind::update)) {
    return std::nullopt;
  }
  const auto& data = as<DataNode>(node);
  if (!data.rows.empty() || data.select || !data.set.empty()) {
    return std::nullopt;
  }
  const auto table = as<TableNode>(*data.table).data.lock();
  if (table == nullptr) {
    return std::nullopt;
  }
  StatementShape shape;
  shape.read(node);
  auto changed = std::make_unique<DataNode>(data);
  if (node.kind == NodeKind::insert) {
    changed->rows.resize(1);
  }
  for (const auto& [name, value] : parameters.items()) {
    if (std::ranges::find(shape.binds(), name, [](const BindNode* bind) { return bind->text; }) != shape.binds().end()) {
      continue;
    }
    if (node.kind == NodeKind::insert) {
      changed->names.push_back(name);
      changed->rows.front().push_back(parameter_of(*table, name));
    } else {
      changed->set.emplace_back(name, parameter_of(*table, name));
    }
  }
  return Rewritten(NodeRef(changed.release()));
}

}  // namespace greenway::detail
