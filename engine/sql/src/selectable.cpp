// SPDX-License-Identifier: BSL-1.0
#include <greenway/sql/selectable.hpp>

#include <algorithm>
#include <map>

#include <greenway/base/error.hpp>
#include <greenway/sql/select.hpp>

#include "make_node.hpp"
#include "named_column.hpp"
#include "statement_nodes.hpp"

namespace greenway {

using detail::ColumnNode;
using detail::NodeKind;
using detail::NodeRef;

namespace {

/// What a column of a table is called in foreign keys, or nothing.
std::string key_of(const detail::Node& column) {
  if (column.kind != NodeKind::column) {
    return {};
  }
  const detail::Node* from = column.child(0).get();
  if (from->kind == NodeKind::alias) {
    from = from->child(0).get();
  }
  return from->kind == NodeKind::table ? detail::as<detail::TableNode>(*from).key() + "." + column.text : std::string();
}

/// The conditions of the foreign keys of `referring` to `referred`, by constraint.
void collect_conditions(const FromClause& referring, const FromClause& referred,
                        std::map<std::pair<const detail::Node*, int>, std::vector<ColumnElement>>& conditions) {
  for (const ColumnElement& column : referring.columns()) {
    const auto* const node = dynamic_cast<const ColumnNode*>(column.node().get());
    if (node == nullptr) {
      continue;
    }
    for (const ColumnNode::Reference& reference : node->references) {
      for (const ColumnElement& target : referred.columns()) {
        if (key_of(*target.node()) == reference.target) {
          conditions[{node->child(0).get(), reference.constraint}].push_back(target == column);
        }
      }
    }
  }
}

ColumnElement condition_between(const FromClause& left, const FromClause& right) {
  std::map<std::pair<const detail::Node*, int>, std::vector<ColumnElement>> conditions;
  collect_conditions(left, right, conditions);
  if (left.node() != right.node()) {
    collect_conditions(right, left, conditions);
  }
  if (conditions.size() != 1) {
    throw ArgumentError(conditions.empty()
                            ? "join(): there is no foreign key between both sides; say on which condition to join"
                            : "join(): there are several foreign keys between both sides; say on which condition to join");
  }
  return and_(conditions.begin()->second);
}

}  // namespace

ColumnElement FromClause::c(std::string_view name) const {
  const auto name_of = [](const ColumnElement& column) -> std::string_view { return detail::name_of(*column.node()); };
  const auto found = std::ranges::find(*columns_, name, name_of);
  if (found != columns_->end()) {
    return *found;
  }
  throw ArgumentError("there is no column '" + std::string(name) + "'; there are: " + detail::listed(*columns_, name_of));
}

FromClause FromClause::renamed(NodeRef node) const {
  auto columns = detail::columns_of_selectable(node);
  return {std::move(node), std::move(columns)};
}

FromClause FromClause::alias(std::string name) const {
  return renamed(detail::make_node(NodeKind::alias, std::move(name), {node_}));
}

Join FromClause::join(const FromClause& right, const std::optional<ColumnElement>& on, bool isouter, bool full) const {
  const ColumnElement condition = on ? *on : condition_between(*this, right);
  const char* const symbol = full ? "FULL OUTER JOIN" : isouter ? "LEFT OUTER JOIN" : "JOIN";
  auto columns = std::make_shared<Columns>(*columns_);
  columns->insert(columns->end(), right.columns_->begin(), right.columns_->end());
  return {detail::make_node(NodeKind::join, symbol, detail::Precedence::primary, {node_, right.node_, condition.node()}),
          std::move(columns)};
}

Join FromClause::outerjoin(const FromClause& right, const std::optional<ColumnElement>& on) const {
  return join(right, on, true);
}

Select FromClause::select() const { return greenway::select(*this); }

CTE CTE::with(const char* symbol, const Select& part) const {
  // The anchor is what both have in common: the recursive part refers to the CTE as it was before.
  auto* const node = new detail::Node(*node_);
  node->symbol = symbol;
  node->children = {node_->child(0), node_->child(1), part.node()};
  node->flags = 1;
  const NodeRef recursive(node);
  return {recursive, detail::columns_of_selectable(recursive)};
}

CTE CTE::union_(const Select& part) const { return with("UNION", part); }
CTE CTE::union_all(const Select& part) const { return with("UNION ALL", part); }

}  // namespace greenway
