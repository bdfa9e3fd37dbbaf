// SPDX-License-Identifier: BSL-1.0
#include <algorithm>

#include <greenway/sql/compiler.hpp>

#include "statement_nodes.hpp"

namespace greenway {

using detail::BindNode;
using detail::Node;
using detail::NodeKind;

namespace {

// Behind all kinds of nodes; 0 is no node at all.
constexpr char known_mark = static_cast<char>(NodeKind::ddl) + 2;

}  // namespace

void StatementShape::read(const Node& root) {
  key_.clear();
  binds_.clear();
  known_.clear();
  add(&root);
}

void StatementShape::add_kind(NodeKind kind) { key_ += static_cast<char>(static_cast<int>(kind) + 1); }

void StatementShape::add_number(std::size_t number) {
  char bytes[sizeof number];
  std::copy_n(reinterpret_cast<const char*>(&number), sizeof number, bytes);
  key_.append(bytes, sizeof number);
}

void StatementShape::add_text(std::string_view text) {
  key_ += static_cast<char>(text.size());
  if (text.size() > 126) {
    add_number(text.size());
  }
  key_ += text;
}

/// What results are read as, and what the database is told of a parameter.
void StatementShape::add_type(const Type& type) {
  key_ += static_cast<char>(type.kind());
  if (type.kind() == TypeKind::unknown) {
    return;
  }
  const Type::Data& data = type.data();
  key_ += static_cast<char>(data.has_timezone ? 1 : 0);
  add_text(data.name);
  if (data.length >= 0) {
    add_number(static_cast<std::size_t>(data.length));
    add_number(static_cast<std::size_t>(data.scale));
  }
  if (data.kind == TypeKind::array) {
    add_type(type.item());
  }
}

/// What may occur several times as one and the same thing is told in full once, and then by its number.
bool StatementShape::add_known(const Node& node) {
  const auto found = std::ranges::find(known_, &node);
  key_ += known_mark;
  add_number(static_cast<std::size_t>(found - known_.begin()));
  if (found != known_.end()) {
    return true;
  }
  known_.push_back(&node);
  return false;
}

void StatementShape::add_bind(const BindNode& bind) {
  add_kind(bind.kind);
  add_type(bind.type);
  if (!bind.text.empty()) {
    add_text(bind.text);
    const auto same = std::ranges::find_if(binds_, [&](const BindNode* other) { return other->text == bind.text; });
    if (same != binds_.end()) {
      return;
    }
  } else {
    key_ += static_cast<char>(bind.value.kind());
    if (const auto same = std::ranges::find(binds_, &bind); same != binds_.end()) {
      add_number(static_cast<std::size_t>(same - binds_.begin()));
      return;
    }
  }
  binds_.push_back(&bind);
}

void StatementShape::add(const detail::NodeList& nodes) {
  add_number(nodes.size());
  for (const detail::NodeRef& node : nodes) {
    add(node.get());
  }
}

void StatementShape::add(const Node* node) {
  if (node == nullptr) {
    key_ += '\0';
    return;
  }
  switch (node->kind) {
    case NodeKind::bind:
      add_bind(detail::as<BindNode>(*node));
      return;
    case NodeKind::table:
      add_kind(node->kind);
      add_number(reinterpret_cast<std::size_t>(node));
      return;
    case NodeKind::column:
      add_kind(node->kind);
      if (node->children.empty()) {
        add_number(0);
        add_text(node->text);
        add_type(node->type);
      } else if (node->child(0)->kind == NodeKind::table) {
        add_number(reinterpret_cast<std::size_t>(node));
      } else {
        add_text(node->text);
        add(node->child(0).get());
      }
      return;
    case NodeKind::select:
    case NodeKind::compound:
      add_select(*node);
      return;
    case NodeKind::insert:
    case NodeKind::update:
    case NodeKind::delete_:
      add_data(*node);
      return;
    case NodeKind::alias:
    case NodeKind::subquery:
    case NodeKind::lateral:
    case NodeKind::cte:
    case NodeKind::table_function:
    case NodeKind::values:
      if (add_known(*node)) {
        return;
      }
      break;
    default:
      break;
  }
  add_kind(node->kind);
  key_ += static_cast<char>(node->flags);
  add_number(reinterpret_cast<std::size_t>(node->symbol));
  add_text(node->text);
  if (node->kind == NodeKind::cast || node->kind == NodeKind::type_coerce || node->kind == NodeKind::literal_column ||
      node->kind == NodeKind::function || (node->kind == NodeKind::binary && !node->text.empty())) {
    add_type(node->type);
  }
  add(node->children);
}

void StatementShape::add_select(const Node& node) {
  const auto& select = detail::as<detail::SelectNode>(node);
  add_kind(node.kind);
  const detail::NodeList* const lists[] = {&select.children, &select.columns,     &select.froms,
                                           &select.group_by, &select.order_by,    &select.distinct_on,
                                           &select.correlate, &select.for_update_of, &select.ctes};
  std::size_t said = 0;
  const auto say = [&](bool is_so) { said = said << 1U | static_cast<std::size_t>(is_so); };
  for (const bool flag : {select.is_distinct, select.is_fetch, select.with_ties, select.says_correlate, select.correlates_others,
                          select.is_for_update, select.is_read, select.is_key_share, select.is_nowait, select.skips_locked}) {
    say(flag);
  }
  // Most selects say few of these.
  for (const detail::NodeList* list : lists) {
    say(!list->empty());
  }
  add_number(said);
  add_number(reinterpret_cast<std::size_t>(select.symbol));
  add_text(select.prefix);
  for (const detail::NodeList* list : lists) {
    if (!list->empty()) {
      add(*list);
    }
  }
  for (const detail::NodeRef* part : {&select.where, &select.having, &select.limit, &select.offset}) {
    add(part->get());
  }
}

void StatementShape::add_data(const Node& node) {
  const auto& data = detail::as<detail::DataNode>(node);
  add_kind(node.kind);
  key_ += static_cast<char>(data.on_conflict);
  key_ += static_cast<char>(data.is_inline);
  add(data.table.get());
  add(data.ctes);
  const auto add_names = [this](const std::vector<std::string>& names) {
    add_number(names.size());
    for (const std::string& name : names) {
      add_text(name);
    }
  };
  const auto add_assignments = [this](const std::vector<detail::DataNode::Assignment>& set) {
    add_number(set.size());
    for (const auto& [name, value] : set) {
      add_text(name);
      add(value.get());
    }
  };
  add_names(data.names);
  add_number(data.rows.size());
  for (const detail::NodeList& row : data.rows) {
    add(row);
  }
  add_assignments(data.set);
  add(data.select.get());
  add(data.where.get());
  add(data.returning);
  add_names(data.conflict_columns);
  add_text(data.conflict_constraint);
  add(data.conflict_index_where.get());
  add_assignments(data.conflict_set);
  add(data.conflict_where.get());
}

}  // namespace greenway
