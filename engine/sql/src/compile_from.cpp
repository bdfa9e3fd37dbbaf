// SPDX-License-Identifier: BSL-1.0
#include <algorithm>

#include <greenway/base/error.hpp>

#include "compilation.hpp"
#include "named_column.hpp"

namespace greenway::detail {

void collect_joined(const Node& from, std::vector<const Node*>& parts) {
  if (from.kind == NodeKind::join) {
    collect_joined(*from.child(0), parts);
    collect_joined(*from.child(1), parts);
  }
  parts.push_back(&from);
}

void collect_froms(const Node& node, std::vector<const Node*>& froms) {
  switch (node.kind) {
    case NodeKind::column:
    case NodeKind::star:
      if (!node.children.empty() && std::ranges::find(froms, node.child(0).get()) == froms.end()) {
        froms.push_back(node.child(0).get());
      }
      return;
    case NodeKind::select:
    case NodeKind::compound:
    case NodeKind::insert:
    case NodeKind::update:
    case NodeKind::delete_:
      return;
    default:
      for (const NodeRef& child : node.children) {
        if (child) {
          collect_froms(*child, froms);
        }
      }
  }
}

std::string Compilation::made_up(const std::string& base) { return base + "_" + std::to_string(++made_up_[base]); }

const std::string& Compilation::name_of_selectable(const Node& node) {
  // A CTE is known by its anchor, which it keeps when it becomes recursive.
  const Node& identity = node.kind == NodeKind::cte ? *node.child(0) : node;
  const auto [entry, is_new] = names_.try_emplace(&identity);
  if (is_new) {
    if (!identity.text.empty()) {
      entry->second = dialect_.quote(identity.text);
    } else {
      const Node* whole = &node;
      while (whole->kind == NodeKind::alias) {
        whole = whole->child(0).get();
      }
      entry->second = dialect_.quote(made_up(whole->kind == NodeKind::table ? whole->text : "anon"));
    }
  }
  return entry->second;
}

std::vector<const Node*> Compilation::froms_of(const SelectNode& node, Place place) {
  std::vector<const Node*> froms;
  for (const NodeRef& from : node.froms) {
    froms.push_back(from.get());
  }
  for (const NodeRef& column : node.columns) {
    collect_froms(*column, froms);
  }
  if (node.where) {
    collect_froms(*node.where, froms);
  }
  // What a join consists of does not stand beside it.
  std::vector<const Node*> joined;
  for (const Node* from : froms) {
    if (from->kind == NodeKind::join) {
      collect_joined(*from->child(0), joined);
      collect_joined(*from->child(1), joined);
    }
  }
  std::erase_if(froms, [&](const Node* from) { return std::ranges::find(joined, from) != joined.end(); });

  if (place == Place::statement && !node.says_correlate) {
    return froms;
  }
  const auto is_outside = [&](const Node* from) {
    for (const Scope* scope = scope_; scope != nullptr; scope = scope->outer) {
      if (std::ranges::find(scope->froms, from) != scope->froms.end()) {
        return true;
      }
    }
    return false;
  };
  const auto is_left_out = [&](const Node* from) {
    if (node.says_correlate) {
      const bool is_named = std::ranges::any_of(node.correlate, [&](const NodeRef& other) { return other.get() == from; });
      return is_named != node.correlates_others && is_outside(from);
    }
    return is_outside(from);
  };
  std::vector<const Node*> own;
  std::ranges::copy_if(froms, std::back_inserter(own), [&](const Node* from) { return !is_left_out(from); });
  return own.empty() && !node.says_correlate ? froms : own;
}

void Compilation::table_function(const Node& node, const std::string& name) {
  const bool names_columns = (node.flags & is_derived) != 0;
  if (names_columns) {
    postgresql_only("names for the columns of a function: call them as the function does");
  }
  if ((node.flags & has_ordinality) != 0) {
    postgresql_only("WITH ORDINALITY");
  }
  out_ += (node.flags & is_lateral) != 0 && !is_sqlite_ ? "LATERAL " : "";
  expression(*node.child(0));
  out_ += (node.flags & has_ordinality) != 0 ? " WITH ORDINALITY" : "";
  out_ += " AS " + name;
  for (std::size_t i = 1; names_columns && i != node.children.size(); ++i) {
    const Node& column = *node.child(i);
    out_ += (i == 1 ? " (" : ", ") + dialect_.quote(column.text);
    out_ += (node.flags & has_types) != 0 ? " " + dialect_.type_name(column.type) : "";
  }
  out_ += names_columns ? ")" : "";
}

void Compilation::values(const Node& node, const std::string& name) {
  const NodeList& columns = node.child(0)->children;
  if (node.children.size() == 1) {
    throw CompileError("values() has no rows: give them with data()");
  }
  std::string names;
  out_ += is_sqlite_ ? "(SELECT " : "(VALUES ";
  for (std::size_t i = 0; i != columns.size(); ++i) {
    const std::string column = dialect_.quote(columns[i]->text);
    names += (i == 0 ? "" : ", ") + (is_sqlite_ ? "column" + std::to_string(i + 1) + " AS " + column : column);
  }
  out_ += is_sqlite_ ? names + " FROM (VALUES " : "";
  for (std::size_t i = 1; i != node.children.size(); ++i) {
    out_ += i == 1 ? "" : ", ";
    if (i != 1 || is_sqlite_) {
      expression(*node.child(i));
      continue;
    }
    // The first row says of which types the columns are.
    const NodeList& row = node.child(i)->children;
    for (std::size_t k = 0; k != row.size(); ++k) {
      out_ += k == 0 ? "(CAST(" : ", CAST(";
      expression(*row[k]);
      out_ += " AS " + dialect_.type_name(columns[k]->type) + ")";
    }
    out_ += ')';
  }
  out_ += is_sqlite_ ? ")) AS " : ") AS ";
  out_ += name + (is_sqlite_ ? "" : " (" + names + ")");
}

void Compilation::aliased(const Node& node) {
  // What an alias names has no other name besides.
  const Node* whole = &node;
  while (whole->kind == NodeKind::alias) {
    whole = whole->child(0).get();
  }
  const std::string name = name_of_selectable(node);
  switch (whole->kind) {
    case NodeKind::table_function: return table_function(*whole, name);
    case NodeKind::values: return values(*whole, name);
    case NodeKind::subquery:
    case NodeKind::lateral: {
      const bool is_lateral = whole->kind == NodeKind::lateral;
      if (is_lateral) {
        postgresql_only("LATERAL");
      }
      out_ += is_lateral ? "LATERAL (" : "(";
      statement(*whole->child(0), is_lateral ? Place::expression : Place::from);
      out_ += ')';
      break;
    }
    default: from_item(*whole); break;
  }
  out_ += " AS " + name;
}

void Compilation::cte(const Node& node) {
  const Node* const anchor = node.child(0).get();
  const bool has_recursive_part = node.children.size() > 2;
  const auto [entry, is_new] = known_ctes_.try_emplace(anchor, ctes_.size());
  const std::size_t number = entry->second;
  if (is_new) {
    ctes_.push_back({nullptr, {}});
  } else if (ctes_[number].node == &node || !has_recursive_part || ctes_[number].node->children.size() > 2) {
    return;
  }
  ctes_[number].node = &node;
  is_recursive_ = is_recursive_ || node.flags != 0;

  const std::string outside = std::exchange(out_, {});
  const Scope* const scope = std::exchange(scope_, nullptr);
  out_ += name_of_selectable(node);
  if (has_recursive_part) {
    out_ += '(';
    const auto columns = columns_of_selectable(NodeRef(&node));
    for (std::size_t i = 0; i != columns->size(); ++i) {
      out_ += (i == 0 ? "" : ", ") + dialect_.quote((*columns)[i].node()->text);
    }
    out_ += ')';
  }
  const NodeKind kind = node.child(1)->kind;
  if (is_sqlite_ && kind != NodeKind::select && kind != NodeKind::compound) {
    throw CompileError("SQLite changes no data in a common table expression: execute the INSERT, UPDATE or DELETE by itself");
  }
  out_ += " AS (";
  statement(*node.child(1), Place::from);
  if (has_recursive_part) {
    out_.append(" ").append(node.symbol).append(" ");
    statement(*node.child(2), Place::from);
  }
  out_ += ')';
  ctes_[number].text = std::exchange(out_, outside);
  scope_ = scope;
  if (is_new) {
    // Behind those that it refers to.
    cte_order_.push_back(number);
  }
}

void Compilation::from_item(const Node& node) {
  switch (node.kind) {
    case NodeKind::table: table_name(node); break;
    case NodeKind::join:
      from_item(*node.child(0));
      out_.append(" ").append(node.symbol).append(" ");
      if (node.child(1)->kind == NodeKind::join) {
        out_ += '(';
        from_item(*node.child(1));
        out_ += ')';
      } else {
        from_item(*node.child(1));
      }
      out_ += " ON ";
      expression(*node.child(2));
      break;
    case NodeKind::cte:
      cte(node);
      out_ += name_of_selectable(node);
      break;
    default: aliased(node); break;
  }
}

}  // namespace greenway::detail
