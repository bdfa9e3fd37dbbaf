// SPDX-License-Identifier: BSL-1.0
#include <algorithm>

#include <greenway/base/error.hpp>
#include <greenway/sql/ddl.hpp>

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
      const bool is_table = node.kind == NodeKind::alias && node.child(0)->kind == NodeKind::table;
      entry->second = dialect_.quote(made_up(is_table ? node.child(0)->text : "anon"));
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
      return std::ranges::any_of(node.correlate, [&](const NodeRef& other) { return other.get() == from; }) && is_outside(from);
    }
    return is_outside(from);
  };
  std::vector<const Node*> own;
  std::ranges::copy_if(froms, std::back_inserter(own), [&](const Node* from) { return !is_left_out(from); });
  return own.empty() && !node.says_correlate ? froms : own;
}

void Compilation::select_columns(const NodeList& columns) {
  const std::vector<std::string> names = result_names(columns);
  for (std::size_t i = 0; i != columns.size(); ++i) {
    out_ += i == 0 ? "" : ", ";
    const Node& element = *columns[i];
    expression(element);
    // A column is known by its name without a word; the same name twice is not.
    const bool needs_name = element.kind != NodeKind::star && element.kind != NodeKind::literal_column &&
                            !(element.kind == NodeKind::column && names[i] == element.text);
    if (needs_name) {
      out_ += " AS " + dialect_.quote(names[i]);
    }
  }
}

void Compilation::ordering(const NodeList& elements, const NodeList& columns) {
  for (std::size_t i = 0; i != elements.size(); ++i) {
    out_ += i == 0 ? "" : ", ";
    // What the select has a name for is called by it.
    const Node* element = elements[i].get();
    std::vector<const char*> suffixes;
    while (element->kind == NodeKind::postfix) {
      suffixes.push_back(element->symbol);
      element = element->child(0).get();
    }
    const bool is_known = element->kind == NodeKind::label &&
                          std::ranges::any_of(columns, [&](const NodeRef& column) { return column.get() == element; });
    if (is_known) {
      out_ += dialect_.quote(element->text);
    } else {
      expression(*element, suffixes.empty() ? Precedence::none : Precedence::list);
    }
    for (auto suffix = suffixes.rbegin(); suffix != suffixes.rend(); ++suffix) {
      out_.append(" ").append(*suffix);
    }
  }
}

void Compilation::order_and_limit(const SelectNode& node) {
  if (!node.order_by.empty()) {
    out_ += " ORDER BY ";
    ordering(node.order_by, node.columns);
  }
  if (node.is_fetch && node.limit && !is_sqlite_) {
    if (node.offset) {
      out_ += " OFFSET (";
      expression(*node.offset);
      out_ += ") ROWS";
    }
    out_ += " FETCH FIRST (";
    expression(*node.limit);
    out_ += node.with_ties ? ") ROWS WITH TIES" : ") ROWS ONLY";
    return;
  }
  if (node.with_ties) {
    throw CompileError("SQLite has no FETCH … WITH TIES");
  }
  if (node.limit) {
    out_ += " LIMIT ";
    expression(*node.limit);
  } else if (node.offset && is_sqlite_) {
    out_ += " LIMIT -1";
  }
  if (node.offset) {
    out_ += " OFFSET ";
    expression(*node.offset);
  }
}

void Compilation::for_update(const SelectNode& node) {
  if (!node.is_for_update || is_sqlite_) {
    return;
  }
  out_ += node.is_read ? (node.is_key_share ? " FOR KEY SHARE" : " FOR SHARE")
                       : (node.is_key_share ? " FOR NO KEY UPDATE" : " FOR UPDATE");
  for (std::size_t i = 0; i != node.for_update_of.size(); ++i) {
    out_ += i == 0 ? " OF " : ", ";
    const Node& from = *node.for_update_of[i];
    out_ += from.kind == NodeKind::table ? dialect_.quote(from.text) : name_of_selectable(from);
  }
  out_ += node.is_nowait ? " NOWAIT" : node.skips_locked ? " SKIP LOCKED" : "";
}

void Compilation::select(const SelectNode& node, Place place) {
  const std::vector<const Node*> froms = froms_of(node, place);
  Scope scope{place == Place::from ? nullptr : scope_, {}};
  for (const Node* from : froms) {
    collect_joined(*from, scope.froms);
  }
  const Scope* const outer = std::exchange(scope_, &scope);
  const bool left_out = std::exchange(leaves_out_tables_, false);

  out_ += "SELECT ";
  if (!node.prefix.empty()) {
    out_ += node.prefix + " ";
  }
  if (!node.distinct_on.empty()) {
    if (is_sqlite_) {
      throw CompileError("SQLite has no SELECT DISTINCT ON: use distinct(), or row_number() in a subquery");
    }
    out_ += "DISTINCT ON (";
    list(node.distinct_on);
    out_ += ") ";
  } else if (node.is_distinct) {
    out_ += "DISTINCT ";
  }
  select_columns(node.columns);
  for (std::size_t i = 0; i != froms.size(); ++i) {
    out_ += i == 0 ? " FROM " : ", ";
    from_item(*froms[i]);
  }
  if (node.where) {
    out_ += " WHERE ";
    expression(*node.where);
  }
  if (!node.group_by.empty()) {
    out_ += " GROUP BY ";
    ordering(node.group_by, node.columns);
  }
  if (node.having) {
    out_ += " HAVING ";
    expression(*node.having);
  }
  order_and_limit(node);
  for_update(node);
  leaves_out_tables_ = left_out;
  scope_ = outer;
}

void Compilation::compound(const SelectNode& node, Place place) {
  for (std::size_t i = 0; i != node.children.size(); ++i) {
    if (i != 0) {
      out_.append(" ").append(node.symbol).append(" ");
    }
    const auto& part = as<SelectNode>(*node.child(i));
    const bool is_simple = part.kind == NodeKind::select && part.order_by.empty() && !part.limit && !part.offset;
    if (is_simple) {
      statement(part, place);
    } else if (is_sqlite_) {
      // SQLite takes no parentheses here.
      out_ += "SELECT * FROM (";
      statement(part, place);
      out_ += ')';
    } else {
      out_ += '(';
      statement(part, place);
      out_ += ')';
    }
  }
  if (!node.order_by.empty() || node.limit || node.offset) {
    // Only the names of the columns are known here.
    const bool left_out = std::exchange(leaves_out_tables_, true);
    order_and_limit(node);
    leaves_out_tables_ = left_out;
  }
}

void Compilation::statement(const Node& node, Place place) {
  switch (node.kind) {
    case NodeKind::select: select(as<SelectNode>(node), place); break;
    case NodeKind::compound: compound(as<SelectNode>(node), place); break;
    case NodeKind::insert: insert(as<DataNode>(node)); break;
    case NodeKind::update: update(as<DataNode>(node)); break;
    default: delete_(as<DataNode>(node)); break;
  }
}

void Compilation::table_name(const Node& table) {
  const auto& node = as<TableNode>(table);
  if (!node.schema.empty()) {
    out_ += dialect_.quote(node.schema) + ".";
  }
  out_ += dialect_.quote(node.text);
}

void Compilation::aliased(const Node& node) {
  if (node.kind == NodeKind::alias) {
    from_item(*node.child(0));
  } else {
    if (node.kind == NodeKind::lateral) {
      if (is_sqlite_) {
        throw CompileError("SQLite has no LATERAL");
      }
      out_ += "LATERAL ";
    }
    out_ += '(';
    statement(*node.child(0), node.kind == NodeKind::lateral ? Place::expression : Place::from);
    out_ += ')';
  }
  out_ += " AS " + name_of_selectable(node);
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

Compilation::Compilation(const Dialect& dialect, const StatementShape& shape)
    : dialect_(dialect), is_sqlite_(dialect.kind() == Dialect::Kind::sqlite), shape_(shape) {}

Compiled Compilation::run(const Node& root) {
  statement(root, Place::statement);
  std::string with;
  for (const std::size_t number : cte_order_) {
    with += (with.empty() ? (is_recursive_ ? "WITH RECURSIVE " : "WITH ") : ", ") + ctes_[number].text;
  }
  if (!with.empty()) {
    out_ = with + " " + out_;
  }
  std::vector<CompiledParameter> parameters;
  for (const BindNode* bind : shape_.binds()) {
    parameters.push_back({bind->text, bind->type});
  }
  std::vector<std::string> names;
  StatementColumns selected;
  const Node* first = &root;
  while (first->kind == NodeKind::compound) {
    first = first->child(0).get();
  }
  const NodeList& columns = first->kind == NodeKind::select ? as<SelectNode>(*first).columns : as<DataNode>(*first).returning;
  if (std::ranges::none_of(columns, [](const NodeRef& column) {
        return column->kind == NodeKind::star || column->kind == NodeKind::literal_column;
      })) {
    names = result_names(columns);
    selected.elements = columns;
    for (const NodeRef& column : columns) {
      selected.types.push_back(column->type);
    }
  }
  return {std::move(out_), std::move(parameters), std::move(names), std::move(selected)};
}

}  // namespace greenway::detail

namespace greenway {

Compiled compile(const Statement& statement, const StatementShape& shape, const Dialect& dialect) {
  if (statement.node()->kind == detail::NodeKind::ddl) {
    const auto& ddl = detail::as<detail::DdlNode>(*statement.node());
    return Compiled(ddl.flags == 0 ? create_table_sql(ddl.table, dialect) : drop_table_sql(ddl.table, dialect), {}, {}, {});
  }
  return detail::Compilation(dialect, shape).run(*statement.node());
}

Compiled compile(const Statement& statement, const Dialect& dialect) {
  StatementShape shape;
  shape.read(*statement.node());
  return compile(statement, shape, dialect);
}

std::string Statement::str() const { return str(Dialect::postgresql()); }

std::string Statement::str(const Dialect& dialect) const { return compile(*this, dialect).sql.text; }

}  // namespace greenway
