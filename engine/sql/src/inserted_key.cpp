// SPDX-License-Identifier: BSL-1.0
#include <greenway/sql/detail/inserted_key.hpp>

#include <algorithm>
#include <memory>

#include "statement_nodes.hpp"

namespace greenway::detail {

namespace {

const Node* value_of(const DataNode& insert, const std::string& column) {
  const auto found = std::ranges::find(insert.names, column);
  return found == insert.names.end() ? nullptr
                                     : insert.rows.front()[static_cast<std::size_t>(found - insert.names.begin())].get();
}

}  // namespace

std::optional<InsertedKey> inserted_key(const Statement& statement, const StatementShape& shape, Dialect::Kind dialect) {
  const Node& node = *statement.node();
  if (node.kind != NodeKind::insert) {
    return std::nullopt;
  }
  const auto& insert = as<DataNode>(node);
  const auto data = as<TableNode>(*insert.table).data.lock();
  if (data == nullptr || insert.is_inline || insert.select || insert.rows.size() > 1 || !insert.returning.empty()) {
    return std::nullopt;
  }
  const std::vector<Column> columns = data->primary_key_columns();
  if (columns.empty()) {
    return std::nullopt;
  }
  InsertedKey key;
  std::unique_ptr<DataNode> asked;
  for (const Column& column : columns) {
    const Node* const value = value_of(insert, column.name());
    if (value != nullptr && value->kind == NodeKind::bind) {
      const auto place = std::ranges::find(shape.binds(), value, [](const BindNode* bind) -> const Node* { return bind; });
      if (place != shape.binds().end()) {
        key.parts.push_back({InsertedKey::Source::parameter, static_cast<std::size_t>(place - shape.binds().begin())});
        continue;
      }
    }
    // SQLite's manual, "ROWIDs and the INTEGER PRIMARY KEY". Where nothing was inserted the rowid is an older one.
    if (value == nullptr && dialect == Dialect::Kind::sqlite && data->is_counted(column.data()) &&
        insert.on_conflict == OnConflict::fail) {
      key.parts.push_back({InsertedKey::Source::rowid, 0});
      continue;
    }
    if (asked == nullptr) {
      asked = std::make_unique<DataNode>(insert);
    }
    key.parts.push_back({InsertedKey::Source::returned, asked->returning.size()});
    asked->returning.push_back(column.node());
  }
  if (asked != nullptr) {
    key.returning = Rewritten(NodeRef(asked.release()));
  }
  return key;
}

}  // namespace greenway::detail
