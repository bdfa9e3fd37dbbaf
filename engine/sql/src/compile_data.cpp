// SPDX-License-Identifier: BSL-1.0
#include <algorithm>

#include <greenway/base/error.hpp>

#include "compilation.hpp"

namespace greenway::detail {

void Compilation::assignments(const std::vector<DataNode::Assignment>& set) {
  for (std::size_t i = 0; i != set.size(); ++i) {
    out_ += (i == 0 ? "" : ", ") + dialect_.quote(set[i].first) + " = ";
    expression(*set[i].second);
  }
}

void Compilation::returning(const DataNode& node) {
  if (node.returning.empty()) {
    return;
  }
  out_ += " RETURNING ";
  // There is but one table, and SQLite knows its columns by their names alone.
  const bool left_out = std::exchange(leaves_out_tables_, is_sqlite_);
  select_columns(node.returning);
  leaves_out_tables_ = left_out;
}

void Compilation::conflict(const DataNode& node) {
  if (node.on_conflict == OnConflict::fail) {
    return;
  }
  out_ += " ON CONFLICT";
  if (!node.conflict_constraint.empty()) {
    if (is_sqlite_) {
      throw CompileError("SQLite's ON CONFLICT names no constraint: give index_elements");
    }
    out_ += " ON CONSTRAINT " + dialect_.quote(node.conflict_constraint);
  } else if (!node.conflict_columns.empty()) {
    for (std::size_t i = 0; i != node.conflict_columns.size(); ++i) {
      out_ += (i == 0 ? " (" : ", ") + dialect_.quote(node.conflict_columns[i]);
    }
    out_ += ')';
    if (node.conflict_index_where) {
      out_ += " WHERE ";
      const bool left_out = std::exchange(leaves_out_tables_, true);
      expression(*node.conflict_index_where);
      leaves_out_tables_ = left_out;
    }
  }
  if (node.on_conflict == OnConflict::do_nothing) {
    out_ += " DO NOTHING";
    return;
  }
  out_ += " DO UPDATE SET ";
  assignments(node.conflict_set);
  if (node.conflict_where) {
    out_ += " WHERE ";
    expression(*node.conflict_where);
  }
}

namespace {

/// Whether FROM is the last thing that a select says.
bool ends_with_from(const Node& select) {
  const auto& node = as<SelectNode>(select);
  const auto ends_with_order = [](const SelectNode& part) { return !part.order_by.empty() || part.limit || part.offset; };
  if (ends_with_order(node)) {
    return false;
  }
  if (node.kind == NodeKind::compound) {
    // Part of another, SQLite has a select that is ordered, or a compound, in parentheses behind FROM.
    const auto& last = as<SelectNode>(*node.children.back());
    return last.kind == NodeKind::compound || ends_with_order(last) || ends_with_from(last);
  }
  return !node.where && !node.having && node.group_by.empty();
}

}  // namespace

void Compilation::insert(const DataNode& node) {
  out_ += "INSERT INTO ";
  table_name(*node.table);
  if (node.names.empty() && !node.select) {
    out_ += " DEFAULT VALUES";
  } else {
    for (std::size_t i = 0; i != node.names.size(); ++i) {
      out_ += (i == 0 ? " (" : ", ") + dialect_.quote(node.names[i]);
    }
    out_ += node.names.empty() ? "" : ")";
    if (node.select) {
      out_ += ' ';
      statement(*node.select, Place::statement);
      if (is_sqlite_ && node.on_conflict != OnConflict::fail && ends_with_from(*node.select)) {
        // SQLite would take ON for the condition of a join.
        out_ += " WHERE true";
      }
    } else {
      for (std::size_t i = 0; i != node.rows.size(); ++i) {
        out_ += i == 0 ? " VALUES (" : ", (";
        list(node.rows[i]);
        out_ += ')';
      }
    }
  }
  conflict(node);
  returning(node);
}

void Compilation::other_froms(const DataNode& node, const char* keyword) {
  std::vector<const Node*> froms;
  if (node.where) {
    collect_froms(*node.where, froms);
  }
  for (const auto& [name, value] : node.set) {
    collect_froms(*value, froms);
  }
  std::erase(froms, node.table.get());
  if (!froms.empty() && is_sqlite_ && node.kind == NodeKind::delete_) {
    throw CompileError("SQLite's DELETE names one table: use a subquery in its condition");
  }
  for (std::size_t i = 0; i != froms.size(); ++i) {
    out_.append(i == 0 ? keyword : ", ");
    from_item(*froms[i]);
  }
}

void Compilation::update(const DataNode& node) {
  if (node.set.empty()) {
    throw CompileError("an UPDATE needs values()");
  }
  Scope scope{scope_, {node.table.get()}};
  const Scope* const outer = std::exchange(scope_, &scope);
  out_ += "UPDATE ";
  table_name(*node.table);
  out_ += " SET ";
  assignments(node.set);
  other_froms(node, " FROM ");
  if (node.where) {
    out_ += " WHERE ";
    expression(*node.where);
  }
  returning(node);
  scope_ = outer;
}

void Compilation::delete_(const DataNode& node) {
  Scope scope{scope_, {node.table.get()}};
  const Scope* const outer = std::exchange(scope_, &scope);
  out_ += "DELETE FROM ";
  table_name(*node.table);
  other_froms(node, " USING ");
  if (node.where) {
    out_ += " WHERE ";
    expression(*node.where);
  }
  returning(node);
  scope_ = outer;
}

}  // namespace greenway::detail
