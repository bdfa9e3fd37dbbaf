// SPDX-License-Identifier: BSL-1.0
#include <greenway/sql/detail/column_parameters.hpp>

#include <algorithm>
#include <memory>

#include <greenway/base/error.hpp>
#include <greenway/sql/compiler.hpp>
#include <greenway/sql/detail/row_source.hpp>
#include <greenway/sql/select.hpp>

#include "make_node.hpp"
#include "statement_nodes.hpp"

namespace greenway::detail {

namespace {

const Column& column_of(const Table::Data& table, const std::string& name) {
  std::string known;
  for (const Column& column : table.columns) {
    if (column.name() == name) {
      return column;
    }
    known.append(known.empty() ? "" : ", ").append(column.name());
  }
  throw ArgumentError("table '" + table.name + "' has no column '" + name + "' to write a parameter to; it has: " + known);
}

NodeRef parameter_of(const Table::Data& table, const std::string& name) {
  return NodeRef(new BindNode(name, column_of(table, name).data().type));
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

bool is_insert_returning(const Statement& statement) noexcept {
  const Node& node = *statement.node();
  if (node.kind != NodeKind::insert) {
    return false;
  }
  const auto& data = as<DataNode>(node);
  return !data.returning.empty() && data.rows.empty() && !data.select;
}

namespace {

/// Whether a row does not say what a function of the program makes, for each row anew.
bool needs_call_each(const Table::Data& table, const std::vector<std::string>& names) {
  return std::ranges::any_of(table.columns, [&](const Column& column) {
    const auto& made = column.data().default_value;
    return made && !made->operand && std::ranges::find(names, column.name()) == names.end();
  });
}

NodeRef select_of(const std::vector<Type>& types, std::span<const Parameters> rows, const Dialect& dialect) {
  std::vector<std::vector<Value>> columns(types.size());
  for (std::size_t i = 0; i != types.size(); ++i) {
    columns[i].reserve(rows.size());
    for (const Parameters& row : rows) {
      columns[i].push_back(row.items()[i].second);
    }
  }
  const FromClause source = row_source(types, std::move(columns), dialect, "rows");
  return select(source.columns()).node();
}

}  // namespace

Statement with_rows(const Statement& insert, std::span<const Parameters> rows, const Dialect& dialect) {
  const auto& data = as<DataNode>(*insert.node());
  const auto table = as<TableNode>(*data.table).data.lock();
  if (table == nullptr) {
    throw ArgumentError("the table '" + data.table->text + "' that is to be inserted into is gone");
  }
  auto changed = std::make_unique<DataNode>(data);
  std::vector<Type> types;
  for (const auto& [name, value] : rows.front().items()) {
    changed->names.push_back(name);
    types.push_back(column_of(*table, name).data().type);
  }
  for (const Parameters& row : rows) {
    if (!std::ranges::equal(row.items(), changed->names, {}, &std::pair<std::string, Value>::first)) {
      throw ArgumentError("all sets of parameters have to name the same columns, in the same order, as the first one does");
    }
  }
  if (sends_arrays(types, dialect) && !needs_call_each(*table, changed->names)) {
    changed->select = select_of(types, rows, dialect);
    return Rewritten(NodeRef(changed.release()));
  }
  for (const Parameters& row : rows) {
    NodeList values;
    values.reserve(types.size());
    for (std::size_t i = 0; i != types.size(); ++i) {
      values.push_back(NodeRef(new BindNode(row.items()[i].second, types[i])));
    }
    changed->rows.push_back(std::move(values));
  }
  return Rewritten(NodeRef(changed.release()));
}

Statement for_many(const Statement& statement, const Parameters& first) {
  Statement written = with_columns(statement, first).value_or(statement);
  const Node& node = *written.node();
  if (node.kind != NodeKind::insert || as<DataNode>(node).is_inline) {
    return written;
  }
  return Rewritten(changed<DataNode>(written.node(), [](DataNode& copy) { copy.is_inline = true; }));
}

}  // namespace greenway::detail
