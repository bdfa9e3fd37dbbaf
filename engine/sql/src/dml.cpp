// SPDX-License-Identifier: BSL-1.0
#include <greenway/sql/dml.hpp>

#include <algorithm>

#include <greenway/base/error.hpp>

#include "clauses.hpp"
#include "make_node.hpp"
#include "statement_nodes.hpp"

namespace greenway {

using detail::DataNode;
using detail::NodeKind;
using detail::NodeRef;
using detail::OnConflict;

namespace {

std::vector<DataNode::Assignment> bound(const Table& table, const Assignments& set) {
  std::vector<DataNode::Assignment> nodes;
  nodes.reserve(set.size());
  for (const auto& [name, operand] : set) {
    nodes.emplace_back(name, operand.node(table.c(name).data().type));
  }
  return nodes;
}

NodeRef set_returning(const NodeRef& node, std::span<const Selected> selected) {
  return detail::changed<DataNode>(node, [&](DataNode& copy) { detail::add_selected(copy.returning, selected); });
}

NodeRef with_cte(const NodeRef& node, const CTE& cte) {
  return detail::changed<DataNode>(node, [&](DataNode& copy) { copy.ctes.push_back(cte.node()); });
}

void set_conflict_target(DataNode& node, const Table& table, const ConflictTarget& target) {
  for (const std::string& name : target.index_elements) {
    node.conflict_columns.push_back(table.c(name).name());
  }
  node.conflict_index_where = target.index_where ? target.index_where->node() : NodeRef();
  node.conflict_constraint = target.constraint;
}

}  // namespace

Assignments detail::room_for(std::size_t size) {
  Assignments all;
  all.reserve(size);
  return all;
}

void detail::assign(Assignments& all, std::string_view name, const Operand& value) { all.emplace_back(name, value); }

Insert::Insert(const Table& table) : Statement(NodeRef(new DataNode(NodeKind::insert, table.node()))), table_(table) {}

Insert Insert::values(const Assignments& row) const {
  const auto added = bound(table_, row);
  return Insert(detail::changed<DataNode>(node_,
                        [&](DataNode& node) {
                          if (node.rows.size() > 1 || node.select) {
                            throw ArgumentError("values(): the INSERT has several rows or a SELECT already");
                          }
                          node.rows.resize(1);
                          for (const auto& [name, value] : added) {
                            const auto known = std::ranges::find(node.names, name);
                            if (known != node.names.end()) {
                              node.rows.front()[static_cast<std::size_t>(known - node.names.begin())] = value;
                            } else {
                              node.names.push_back(name);
                              node.rows.front().push_back(value);
                            }
                          }
                        }),
                table_);
}

Insert Insert::values(const std::vector<Parameters>& rows) const {
  return Insert(detail::changed<DataNode>(node_,
                        [&](DataNode& node) {
                          node.names.clear();
                          node.rows.clear();
                          for (const Parameters& row : rows) {
                            detail::NodeList values;
                            for (const auto& [name, value] : row.items()) {
                              const std::size_t place = values.size();
                              if (node.rows.empty()) {
                                node.names.push_back(name);
                              } else if (place >= node.names.size() || node.names[place] != name) {
                                throw ArgumentError("values(): all rows have to name the same columns in the same order; '" + name +
                                                    "' differs from the first row");
                              }
                              values.push_back(Operand(value).node(table_.c(name).data().type));
                            }
                            if (values.size() != node.names.size()) {
                              throw ArgumentError("values(): a row has fewer columns than the first one");
                            }
                            node.rows.push_back(std::move(values));
                          }
                        }),
                table_);
}

Insert Insert::from_select(const std::vector<std::string>& names, const Select& select) const {
  return Insert(detail::changed<DataNode>(node_,
                        [&](DataNode& node) {
                          for (const std::string& name : names) {
                            node.names.push_back(table_.c(name).name());
                          }
                          node.rows.clear();
                          node.select = select.node();
                        }),
                table_);
}

Insert Insert::inline_() const {
  return Insert(detail::changed<DataNode>(node_, [](DataNode& node) { node.is_inline = true; }), table_);
}

Insert Insert::with_returning(std::span<const Selected> selected) const {
  return Insert(set_returning(node_, selected), table_);
}

Insert Insert::on_conflict_do_nothing(const ConflictTarget& target) const {
  return Insert(detail::changed<DataNode>(node_,
                        [&](DataNode& node) {
                          node.on_conflict = OnConflict::do_nothing;
                          set_conflict_target(node, table_, target);
                        }),
                table_);
}

Insert Insert::on_conflict_do_update(const ConflictTarget& target, const Assignments& set,
                                     const std::optional<ColumnElement>& where) const {
  if (target.index_elements.empty() && target.constraint.empty()) {
    throw ArgumentError("on_conflict_do_update() needs index_elements or a constraint");
  }
  return Insert(detail::changed<DataNode>(node_,
                        [&](DataNode& node) {
                          node.on_conflict = OnConflict::do_update;
                          set_conflict_target(node, table_, target);
                          node.conflict_set = bound(table_, set);
                          node.conflict_where = where ? where->node() : NodeRef();
                        }),
                table_);
}

Insert Insert::add_cte(const CTE& cte) const { return Insert(with_cte(node_, cte), table_); }

ColumnElement Insert::excluded(std::string_view name) const {
  const Column& column = table_.c(name);
  return ColumnElement(detail::make_node(NodeKind::excluded, column.name(), {}, column.data().type));
}

Update::Update(const Table& table) : Statement(NodeRef(new DataNode(NodeKind::update, table.node()))), table_(table) {}

Update Update::where(const ColumnElement& condition) const {
  return Update(detail::changed<DataNode>(node_, [&](DataNode& node) { node.where = detail::both(node.where, condition); }), table_);
}

Update Update::values(const Assignments& set) const {
  const auto added = bound(table_, set);
  return Update(detail::changed<DataNode>(node_,
                        [&](DataNode& node) {
                          for (const DataNode::Assignment& assignment : added) {
                            const auto known = std::ranges::find(node.set, assignment.first, &DataNode::Assignment::first);
                            if (known != node.set.end()) {
                              known->second = assignment.second;
                            } else {
                              node.set.push_back(assignment);
                            }
                          }
                        }),
                table_);
}

Update Update::with_returning(std::span<const Selected> selected) const {
  return Update(set_returning(node_, selected), table_);
}

Update Update::add_cte(const CTE& cte) const { return Update(with_cte(node_, cte), table_); }

Delete::Delete(const Table& table) : Statement(NodeRef(new DataNode(NodeKind::delete_, table.node()))), table_(table) {}

Delete Delete::where(const ColumnElement& condition) const {
  return Delete(detail::changed<DataNode>(node_, [&](DataNode& node) { node.where = detail::both(node.where, condition); }), table_);
}

Delete Delete::with_returning(std::span<const Selected> selected) const {
  return Delete(set_returning(node_, selected), table_);
}

Delete Delete::add_cte(const CTE& cte) const { return Delete(with_cte(node_, cte), table_); }

}  // namespace greenway
