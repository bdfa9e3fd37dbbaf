// SPDX-License-Identifier: BSL-1.0
#include <algorithm>

#include <greenway/base/error.hpp>
#include <greenway/sql/ddl.hpp>

#include "compilation.hpp"
#include "named_column.hpp"

namespace greenway::detail {

namespace {

/// What a select, or the first of several combined ones, selects.
const NodeList& columns_of(const SelectNode& node) {
  const Node* first = &node;
  while (first->kind == NodeKind::compound) {
    first = first->child(0).get();
  }
  return as<SelectNode>(*first).columns;
}

}  // namespace

/// Whether SQLite has a name of its own for a column.
bool Compilation::is_of_function(const Node& column) const noexcept {
  return is_sqlite_ && !column.children.empty() && column.child(0)->kind == NodeKind::table_function &&
         (column.child(0)->flags & is_column) != 0;
}

void Compilation::select_columns(const NodeList& columns) {
  const std::vector<std::string> names = result_names(columns);
  for (std::size_t i = 0; i != columns.size(); ++i) {
    out_ += i == 0 ? "" : ", ";
    const Node& element = *columns[i];
    expression(element);
    // A column is known by its name without a word; the same name twice is not.
    const bool needs_name = element.kind != NodeKind::star && element.kind != NodeKind::literal_column &&
                            !(element.kind == NodeKind::column && names[i] == element.text && !is_of_function(element));
    if (needs_name) {
      out_ += " AS " + dialect_.quote(names[i]);
    }
  }
}

/// The column of the select that is called `name`.
const Node& Compilation::labelled(const std::string& name, const NodeList& columns) const {
  const std::vector<std::string> names = result_names(columns);
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) {
    throw CompileError("ORDER BY or GROUP BY '" + name + "': the select has no such column; say SQL with literal_column()");
  }
  return *columns[static_cast<std::size_t>(found - names.begin())];
}

void Compilation::ordering(const NodeList& elements, const NodeList& columns) {
  for (std::size_t i = 0; i != elements.size(); ++i) {
    out_ += i == 0 ? "" : ", ";
    const Node* element = elements[i].get();
    std::vector<const char*> suffixes;
    while (element->kind == NodeKind::postfix) {
      suffixes.push_back(element->symbol);
      element = element->child(0).get();
    }
    // What the select has a name for is called by it.
    const bool is_reference = element->kind == NodeKind::label_reference;
    const Node& named = is_reference ? labelled(element->text, columns) : *element;
    const auto is_selected = [&] { return std::ranges::find(columns, &named, &NodeRef::get) != columns.end(); };
    const bool is_known = is_reference ? named.kind != NodeKind::column : named.kind == NodeKind::label && is_selected();
    if (is_known) {
      out_ += dialect_.quote(element->text);
    } else {
      expression(named, suffixes.empty() ? Precedence::none : Precedence::list);
    }
    for (auto suffix = suffixes.rbegin(); suffix != suffixes.rend(); ++suffix) {
      out_.append(" ").append(*suffix);
    }
  }
}

/// In full: PostgreSQL takes a name for that of a table's column before it takes it for that of the select's.
void Compilation::grouping(const NodeList& elements, const NodeList& columns) {
  for (std::size_t i = 0; i != elements.size(); ++i) {
    out_ += i == 0 ? "" : ", ";
    const Node& element = *elements[i];
    expression(element.kind == NodeKind::label_reference ? labelled(element.text, columns) : element);
  }
}

void Compilation::order_and_limit(const SelectNode& node) {
  if (!node.order_by.empty()) {
    out_ += " ORDER BY ";
    ordering(node.order_by, columns_of(node));
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
    grouping(node.group_by, node.columns);
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
  if (is_sqlite_ && (std::string_view(node.symbol) == "INTERSECT ALL" || std::string_view(node.symbol) == "EXCEPT ALL")) {
    throw CompileError(std::string("SQLite has no ") + node.symbol);
  }
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
  const bool is_select = node.kind == NodeKind::select || node.kind == NodeKind::compound;
  for (const NodeRef& added : is_select ? as<SelectNode>(node).ctes : as<DataNode>(node).ctes) {
    cte(*added);
  }
  switch (node.kind) {
    case NodeKind::select: select(as<SelectNode>(node), place); break;
    case NodeKind::compound: compound(as<SelectNode>(node), place); break;
    case NodeKind::insert: insert(as<DataNode>(node)); break;
    case NodeKind::update: update(as<DataNode>(node)); break;
    default: delete_(as<DataNode>(node)); break;
  }
}

void Compilation::table_name(const Node& table) {
  out_ += dialect_.qualified(as<TableNode>(table).schema, table.text);
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
  const bool is_select = root.kind == NodeKind::select || root.kind == NodeKind::compound;
  const NodeList& columns = is_select ? columns_of(as<SelectNode>(root)) : as<DataNode>(root).returning;
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
