// SPDX-License-Identifier: BSL-1.0
#include <greenway/sql/detail/column_defaults.hpp>

#include <algorithm>
#include <memory>

#include "statement_nodes.hpp"

namespace greenway::detail {

namespace {

/// What a default_ or onupdate comes to for one row.
template <class Default>
NodeRef made(const Default& how, const Type& type) {
  return how.operand ? how.operand->node(type) : Operand(how.function()).node(type);
}

/// Whether the select gives rows itself, and not what others combine.
bool is_plain(const NodeRef& select) noexcept { return select->kind == NodeKind::select; }

void add_default(DataNode& insert, const Column::Data& column) {
  const default_& how = *column.default_value;
  insert.names.push_back(column.name);
  if (insert.select) {
    auto* const select = new SelectNode(as<SelectNode>(*insert.select));
    select->columns.push_back(made(how, column.type));
    insert.select = NodeRef(select);
    return;
  }
  if (insert.rows.empty()) {
    insert.rows.resize(1);  // DEFAULT VALUES no longer
  }
  for (NodeList& row : insert.rows) {
    row.push_back(made(how, column.type));
  }
}

}  // namespace

std::optional<Statement> with_defaults(const Statement& statement) {
  const Node& node = *statement.node();
  if (node.kind != NodeKind::insert && node.kind != NodeKind::update) {
    return std::nullopt;
  }
  const auto& data = as<DataNode>(node);
  const auto& table_node = as<TableNode>(*data.table);
  const bool is_insert = node.kind == NodeKind::insert;
  if (is_insert ? !table_node.has_defaults || (data.select && !is_plain(data.select)) : !table_node.has_onupdates) {
    return std::nullopt;
  }
  const std::shared_ptr<const Table::Data> table = table_node.data.lock();
  if (table == nullptr) {
    return std::nullopt;
  }
  std::unique_ptr<DataNode> changed;
  for (const Column& column : table->columns) {
    const Column::Data& about = column.data();
    const bool is_set = is_insert
                            ? std::ranges::find(data.names, about.name) != data.names.end()
                            : std::ranges::find(data.set, about.name, &DataNode::Assignment::first) != data.set.end();
    if (is_set || (is_insert ? !about.default_value.has_value() : !about.onupdate_value.has_value())) {
      continue;
    }
    if (changed == nullptr) {
      changed = std::make_unique<DataNode>(data);
    }
    if (is_insert) {
      add_default(*changed, about);
    } else {
      changed->set.emplace_back(about.name, made(*about.onupdate_value, about.type));
    }
  }
  return changed == nullptr ? std::nullopt : std::optional<Statement>(Rewritten(NodeRef(changed.release())));
}

}  // namespace greenway::detail
