// SPDX-License-Identifier: BSL-1.0
#include <greenway/sql/select.hpp>

#include <greenway/base/error.hpp>

#include "clauses.hpp"
#include "compilation.hpp"
#include "make_node.hpp"
#include "named_column.hpp"
#include "statement_nodes.hpp"

namespace greenway {

using detail::ColumnNode;
using detail::Node;
using detail::NodeKind;
using detail::NodeRef;
using detail::SelectNode;

namespace {

const SelectNode& select_of(const NodeRef& node) noexcept { return detail::as<SelectNode>(*node); }

}  // namespace

Select::Select(std::span<const Selected> selected) {
  auto* const node = new SelectNode(NodeKind::select);
  node_ = NodeRef(node);
  detail::add_selected(node->columns, selected);
  if (node->columns.empty()) {
    throw ArgumentError("select() needs at least one column");
  }
}

Select Select::where(const ColumnElement& condition) const& {
  return Select(detail::changed<SelectNode>(node_, [&](SelectNode& node) { node.where = detail::both(node.where, condition); }));
}

Select Select::where(const ColumnElement& condition) && { return static_cast<const Select&>(*this).where(condition); }

Select Select::select_from(const FromClause& from) const {
  return Select(detail::changed<SelectNode>(node_, [&](SelectNode& node) { node.froms.push_back(from.node()); }));
}

Select Select::join(const FromClause& right, const std::optional<ColumnElement>& on, bool isouter, bool full) const {
  const SelectNode& select = select_of(node_);
  NodeRef left;
  if (!select.froms.empty()) {
    left = select.froms.front();
  } else {
    std::vector<const Node*> named;
    for (const NodeRef& column : select.columns) {
      detail::collect_froms(*column, named);
    }
    std::erase(named, right.node().get());
    left = named.empty() ? NodeRef() : NodeRef(named.front());
  }
  if (!left) {
    throw ArgumentError("join(): it is not clear from the columns what to join to; say it with select_from()");
  }
  const FromClause from(left, detail::columns_of_selectable(left));
  const Join joined = from.join(right, on, isouter, full);
  return Select(detail::changed<SelectNode>(node_, [&](SelectNode& node) {
    if (node.froms.empty()) {
      node.froms.push_back(joined.node());
    } else {
      node.froms.front() = joined.node();
    }
  }));
}

Select Select::join_from(const FromClause& left, const FromClause& right, const std::optional<ColumnElement>& on, bool isouter,
                         bool full) const {
  return select_from(left.join(right, on, isouter, full));
}

Select Select::with_list(List which, std::span<const ColumnElement> elements) const {
  return Select(detail::changed<SelectNode>(node_, [&](SelectNode& node) {
    detail::NodeList& list =
        which == List::group_by ? node.group_by : which == List::order_by ? node.order_by : node.distinct_on;
    for (const ColumnElement& element : elements) {
      list.push_back(element.node());
    }
  }));
}

Select Select::having(const ColumnElement& condition) const {
  return Select(detail::changed<SelectNode>(node_, [&](SelectNode& node) { node.having = detail::both(node.having, condition); }));
}

Select Select::limit(const Operand& count) const {
  return Select(detail::changed<SelectNode>(node_, [&](SelectNode& node) {
    node.limit = count.node(BigInteger());
    node.is_fetch = false;
  }));
}

Select Select::offset(const Operand& count) const {
  return Select(detail::changed<SelectNode>(node_, [&](SelectNode& node) { node.offset = count.node(BigInteger()); }));
}

Select Select::fetch(const Operand& count, bool with_ties) const {
  return Select(detail::changed<SelectNode>(node_, [&](SelectNode& node) {
    node.limit = count.node(BigInteger());
    node.is_fetch = true;
    node.with_ties = with_ties;
  }));
}

Select Select::distinct() const {
  return Select(detail::changed<SelectNode>(node_, [](SelectNode& node) { node.is_distinct = true; }));
}

Select Select::with_for_update(const ForUpdate& how) const {
  return Select(detail::changed<SelectNode>(node_, [&](SelectNode& node) {
    node.is_for_update = true;
    node.is_read = how.read;
    node.is_key_share = how.key_share;
    node.is_nowait = how.nowait;
    node.skips_locked = how.skip_locked;
    for (const FromClause& from : how.of) {
      node.for_update_of.push_back(from.node());
    }
  }));
}

Select Select::correlate(const std::vector<FromClause>& froms) const { return with_correlation(froms, false); }

Select Select::correlate_except(const std::vector<FromClause>& froms) const { return with_correlation(froms, true); }

Select Select::add_cte(const CTE& cte) const {
  return Select(detail::changed<SelectNode>(node_, [&](SelectNode& node) { node.ctes.push_back(cte.node()); }));
}

Select Select::with_correlation(const std::vector<FromClause>& froms, bool excepts) const {
  return Select(detail::changed<SelectNode>(node_, [&](SelectNode& node) {
    node.says_correlate = true;
    node.correlates_others = excepts;
    for (const FromClause& from : froms) {
      node.correlate.push_back(from.node());
    }
  }));
}

Select Select::add_columns(const std::vector<Selected>& selected) const {
  return Select(detail::changed<SelectNode>(node_, [&](SelectNode& node) { detail::add_selected(node.columns, selected); }));
}

Select Select::with_only_columns(const std::vector<Selected>& selected) const {
  return Select(detail::changed<SelectNode>(node_, [&](SelectNode& node) {
    node.columns.clear();
    detail::add_selected(node.columns, selected);
  }));
}

Select Select::prefix_with(const std::string& sql) const {
  return Select(detail::changed<SelectNode>(node_, [&](SelectNode& node) { node.prefix += (node.prefix.empty() ? "" : " ") + sql; }));
}

Subquery Select::subquery(std::string name) const {
  const NodeRef node = detail::make_node(NodeKind::subquery, std::move(name), {node_});
  return {node, detail::columns_of_statement(node_, node)};
}

Subquery Select::lateral(std::string name) const {
  const NodeRef node = detail::make_node(NodeKind::lateral, std::move(name), {node_});
  return {node, detail::columns_of_statement(node_, node)};
}

ColumnElement Select::scalar_subquery() const {
  return ColumnElement(detail::make_node(NodeKind::grouping, {}, {node_}, selected_columns().front().type()));
}

std::vector<ColumnElement> Select::selected_columns() const {
  const NodeRef* first = &node_;
  while ((*first)->kind == NodeKind::compound) {
    first = &(*first)->child(0);
  }
  std::vector<ColumnElement> elements;
  for (const NodeRef& column : select_of(*first).columns) {
    elements.emplace_back(column);
  }
  return elements;
}

Select Select::union_(const Select& other) const { return combine("UNION", std::array{*this, other}); }

Select Select::union_all(const Select& other) const { return combine("UNION ALL", std::array{*this, other}); }

Select Select::intersect(const Select& other) const { return combine("INTERSECT", std::array{*this, other}); }

Select Select::except_(const Select& other) const { return combine("EXCEPT", std::array{*this, other}); }

Select select(const std::vector<ColumnElement>& selected) {
  return Select(std::vector<Selected>(selected.begin(), selected.end()));
}

Select Select::combine(const char* symbol, std::span<const Select> parts) {
  if (parts.size() < 2) {
    throw ArgumentError(std::string(symbol) + " combines two selects or more");
  }
  auto* const node = new SelectNode(NodeKind::compound);
  NodeRef result(node);
  node->symbol = symbol;
  for (const Select& part : parts) {
    node->children.push_back(part.node_);
  }
  return Select(std::move(result));
}

CTE Statement::make_cte(std::string name, bool recursive) const {
  const NodeRef anchor = detail::make_node(NodeKind::alias, std::move(name), {});
  auto* const cte = new Node(NodeKind::cte, {}, {anchor, node_});
  cte->flags = recursive ? 1 : 0;
  const NodeRef node(cte);
  return {node, detail::columns_of_statement(node_, node)};
}

}  // namespace greenway
