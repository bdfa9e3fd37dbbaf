// SPDX-License-Identifier: BSL-1.0
#include <algorithm>

#include <greenway/base/error.hpp>

#include "compilation.hpp"

namespace greenway::detail {

namespace {

Precedence above(Precedence precedence) noexcept { return static_cast<Precedence>(static_cast<int>(precedence) + 1); }

bool is(const Node& node, std::string_view symbol) noexcept { return node.symbol == symbol; }

std::string_view symbol_of(const Node& node) noexcept {
  return node.text.empty() ? std::string_view(node.symbol) : std::string_view(node.text);
}

/// Whether `a o (b o c)` is `a o b o c`: of texts, but neither of numbers, which are rounded and may overflow on the way, nor
/// of documents and arrays.
bool is_associative(const Node& node) noexcept {
  return symbol_of(node) == "||" &&
         std::ranges::all_of(node.children, [](const NodeRef& part) { return part->type.is_text(); });
}

}  // namespace

void Compilation::list(const NodeList& nodes, const char* separator, Precedence least) {
  for (std::size_t i = 0; i != nodes.size(); ++i) {
    if (i != 0) {
      out_ += separator;
    }
    expression(*nodes[i], least);
  }
}

void Compilation::number(const Node& bind) {
  const auto& binds = shape_.binds();
  const auto found = std::ranges::find_if(binds, [&](const BindNode* other) {
    return other == &bind || (!bind.text.empty() && other->text == bind.text);
  });
  out_ += is_sqlite_ ? '?' : '$';
  out_ += std::to_string(found - binds.begin() + 1);
}

void Compilation::column(const Node& node) {
  if (!leaves_out_tables_ && !node.children.empty()) {
    const Node& from = *node.child(0);
    if (from.kind == NodeKind::table_function && (from.flags & is_column) != 0) {
      // What PostgreSQL calls by the name of the rows, SQLite's functions call value.
      out_ += name_of_selectable(from) + (is_sqlite_ ? ".value" : "");
      return;
    }
    if (from.kind == NodeKind::table) {
      table_name(from);
    } else {
      out_ += name_of_selectable(from);
    }
    out_ += '.';
  }
  out_ += dialect_.quote(node.text);
}

void Compilation::postgresql_only(const char* what_sqlite_lacks) const {
  if (is_sqlite_) {
    throw CompileError(std::string("SQLite has no ") + what_sqlite_lacks);
  }
}

std::string_view Compilation::spelling_of(const Node& binary) const {
  if (!binary.text.empty()) {
    return binary.text;
  }
  const std::string_view symbol = binary.symbol;
  if (symbol.ends_with(" i")) {
    postgresql_only("flags of regular expressions: match lower() of the text");
  }
  struct Spelling {
    std::string_view symbol;
    std::string_view postgresql;
    std::string_view sqlite;
  };
  static constexpr Spelling spellings[] = {{"IS DISTINCT FROM", "IS DISTINCT FROM", "IS NOT"},
                                           {"IS NOT DISTINCT FROM", "IS NOT DISTINCT FROM", "IS"},
                                           {"REGEXP", "~", "REGEXP"},
                                           {"NOT REGEXP", "!~", "NOT REGEXP"},
                                           {"REGEXP i", "~*", {}},
                                           {"NOT REGEXP i", "!~*", {}}};
  const auto* const other = std::ranges::find(spellings, symbol, &Spelling::symbol);
  return other == std::end(spellings) ? symbol : is_sqlite_ ? other->sqlite : other->postgresql;
}

void Compilation::binary(const Node& node) {
  const std::string_view symbol = spelling_of(node);
  const bool chains = node.precedence > Precedence::comparison;
  // How tightly a custom operator binds is not known; to SQLite, || binds more tightly than arithmetic.
  const bool is_custom = !node.text.empty();
  const bool is_tight = is_sqlite_ && symbol == "||";
  const auto operand = [&](const Node& part, bool goes_on) {
    const Precedence least = goes_on ? node.precedence : above(node.precedence);
    expression(part, is_custom || (is_tight && symbol_of(part) != "||") ? Precedence::prefix : least);
  };
  operand(*node.child(0), chains);
  out_ += ' ';
  out_ += symbol;
  out_ += ' ';
  operand(*node.child(1), is_associative(node) && is_associative(*node.child(1)));
}

/// SQLite's are written in capitals, which it does not heed.
std::string Compilation::collation(const std::string& name) const {
  const bool is_plain = is_sqlite_ && std::ranges::all_of(name, [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; });
  return is_plain && !name.empty() ? name : dialect_.quote(name);
}

void Compilation::like(const Node& node) {
  const bool ignores_case = std::string_view(node.symbol).ends_with("ILIKE");
  const auto operand = [&](const Node& part) {
    if (ignores_case && is_sqlite_) {
      out_ += "lower(";
      expression(part);
      out_ += ')';
    } else {
      expression(part, above(node.precedence));
    }
  };
  operand(*node.child(0));
  out_ += ' ';
  out_ += !is_sqlite_ ? node.symbol : std::string_view(node.symbol).starts_with("NOT") ? "NOT LIKE" : "LIKE";
  out_ += ' ';
  operand(*node.child(1));
  if (node.children.size() > 2) {
    out_ += " ESCAPE ";
    expression(*node.child(2));
  }
}

void Compilation::in_values(const Node& node) {
  const Node& operand = *node.child(0);
  const bool is_negated = is(node, "NOT IN");
  expression(operand, above(node.precedence));
  if (operand.kind == NodeKind::tuple) {
    out_ += is_negated ? " NOT IN (SELECT " : " IN (SELECT ";
    const std::size_t width = node.children.size() - 1;
    for (std::size_t i = 0; is_sqlite_ && i != width; ++i) {
      out_ += (i == 0 ? "e" : ", e") + std::to_string(i) + ".value";
    }
    out_ += is_sqlite_ ? " FROM " : "* FROM unnest(";
    for (std::size_t i = 0; i != width; ++i) {
      out_ += i == 0 ? "" : is_sqlite_ ? " JOIN " : ", ";
      out_ += is_sqlite_ ? "json_each(" : "";
      const Type& type = operand.child(i)->type;
      const bool is_cast = !is_sqlite_ && type.kind() != TypeKind::unknown;
      out_ += is_cast ? "CAST(" : "";
      number(*node.child(i + 1));
      out_ += is_cast ? " AS " + dialect_.type_name(type) + "[])" : "";
      const std::string name = "e" + std::to_string(i);
      out_ += !is_sqlite_ ? "" : i == 0 ? ") AS e0" : ") AS " + name + " ON " + name + ".key = e0.key";
    }
    out_ += is_sqlite_ ? ")" : "))";
    return;
  }
  if (is_sqlite_) {
    out_ += is_negated ? " NOT IN (SELECT value FROM json_each(" : " IN (SELECT value FROM json_each(";
    number(*node.child(1));
    out_ += "))";
  } else {
    out_ += is_negated ? " <> ALL (" : " = ANY (";
    number(*node.child(1));
    out_ += ')';
  }
}

void Compilation::function(const Node& node, const Node* order) {
  std::string_view name = node.text;
  if (node.children.empty() && (name == "now" || name == "current_date")) {
    out_ += name == "current_date" ? "CURRENT_DATE" : is_sqlite_ ? "CURRENT_TIMESTAMP" : "now()";
    return;
  }
  if (is_sqlite_ && node.flags != 0) {
    throw CompileError("SQLite has no function " + node.text);
  }
  if (is_sqlite_ && name == "string_agg") {
    name = "group_concat";
  }
  out_ += name;
  out_ += '(';
  list(node.children);
  if (order != nullptr) {
    postgresql_only("aggregate with an ORDER BY of its own: order what it reads in a subquery");
    out_ += " ORDER BY ";
    expression(*order);
  }
  out_ += ')';
}

void Compilation::case_when(const Node& node) {
  out_ += "CASE";
  if (node.child(0)) {
    out_ += ' ';
    expression(*node.child(0));
  }
  for (std::size_t i = 2; i + 1 < node.children.size(); i += 2) {
    out_ += " WHEN ";
    expression(*node.child(i));
    out_ += " THEN ";
    expression(*node.child(i + 1));
  }
  if (node.child(1)) {
    out_ += " ELSE ";
    expression(*node.child(1));
  }
  out_ += " END";
}

void Compilation::over(const Node& node) {
  expression(*node.child(0));
  out_ += " OVER (";
  const char* separator = "";
  if (node.child(1)) {
    out_ += "PARTITION BY ";
    expression(*node.child(1));
    separator = " ";
  }
  if (node.child(2)) {
    out_.append(separator).append("ORDER BY ");
    expression(*node.child(2));
    separator = " ";
  }
  if (!node.text.empty()) {
    out_.append(separator).append(node.text);
  }
  out_ += ')';
}

void Compilation::index(const Node& node) {
  const std::string_view symbol = node.symbol;
  const Node& whole = *node.child(0);
  if (symbol.empty()) {
    postgresql_only("arrays");
    // What is no column PostgreSQL takes a subscript of in parentheses alone.
    const bool is_plain = whole.kind == NodeKind::column || (whole.kind == NodeKind::index && *whole.symbol == '\0');
    out_ += is_plain ? "" : "(";
    expression(whole);
    out_ += is_plain ? "[" : ")[";
    expression(*node.child(1));
    out_ += ']';
    return;
  }
  expression(whole, whole.kind == NodeKind::index ? Precedence::other : Precedence::prefix);
  // SQLite's paths say everything that PostgreSQL has two operators for.
  out_.append(1, ' ').append(!is_sqlite_ ? symbol : symbol.ends_with(">>") ? "->>" : "->").append(1, ' ');
  expression(*node.child(1), above(Precedence::other));
}

void Compilation::cast(const Node& node) {
  const TypeKind kind = node.type.kind();
  // What SQLite stores as text it would make a number of, by the name of the type.
  const bool is_text = kind == TypeKind::time || kind == TypeKind::datetime || kind == TypeKind::interval ||
                       kind == TypeKind::uuid || kind == TypeKind::json || kind == TypeKind::jsonb;
  out_ += is_sqlite_ && kind == TypeKind::date ? "date(" : "CAST(";
  expression(*node.child(0));
  if (!is_sqlite_ || kind != TypeKind::date) {
    out_ += " AS " + (is_sqlite_ && is_text ? "TEXT" : dialect_.type_name(node.type));
  }
  out_ += ')';
}

/// PostgreSQL is told the type of what would not say it by itself.
void Compilation::bind(const BindNode& node) {
  const TypeKind kind = node.type.kind();
  const bool is_index = kind == TypeKind::json_path && node.value.kind() == ValueKind::integer;
  const bool is_list = kind == TypeKind::json_path && node.value.kind() == ValueKind::array;
  const bool has_cast = kind == TypeKind::array || kind == TypeKind::json || kind == TypeKind::jsonb || is_index || is_list;
  if (is_sqlite_ || !has_cast) {
    number(node);
    return;
  }
  out_ += "CAST(";
  number(node);
  out_ += " AS " + (is_index ? "INTEGER" : is_list ? "TEXT[]" : dialect_.type_name(node.type)) + ")";
}

void Compilation::extract(const Node& node) {
  if (!is_sqlite_) {
    out_ += "EXTRACT(" + node.text + " FROM ";
    expression(*node.child(0));
    out_ += ')';
    return;
  }
  static const std::map<std::string_view, const char*> formats = {{"year", "%Y"}, {"month", "%m"},  {"day", "%d"},
                                                                  {"hour", "%H"}, {"minute", "%M"}, {"second", "%S"},
                                                                  {"doy", "%j"},  {"dow", "%w"},    {"week", "%W"},
                                                                  {"epoch", "%s"}};
  const auto format = formats.find(node.text);
  if (format == formats.end()) {
    throw CompileError("SQLite cannot extract '" + node.text + "' from a date");
  }
  out_.append("CAST(STRFTIME('").append(format->second).append("', ");
  expression(*node.child(0));
  out_ += ") AS INTEGER)";
}

void Compilation::expression(const Node& node, Precedence least) {
  const bool needs_parentheses = node.precedence < least;
  if (needs_parentheses) {
    out_ += '(';
  }
  switch (node.kind) {
    case NodeKind::column: column(node); break;
    case NodeKind::literal_column: out_ += node.text; break;
    case NodeKind::label_reference:
      throw CompileError("'" + node.text + "' stands for a column of a select, but only by itself in ORDER BY or GROUP BY");
    case NodeKind::bind: bind(as<BindNode>(node)); break;
    case NodeKind::null_value: out_ += "NULL"; break;
    case NodeKind::true_value: out_ += is_sqlite_ ? "1" : "true"; break;
    case NodeKind::false_value: out_ += is_sqlite_ ? "0" : "false"; break;
    case NodeKind::star: out_ += '*'; break;
    case NodeKind::unary:
      out_ += node.symbol;
      out_ += is(node, "-") ? "" : " ";
      expression(*node.child(0), above(node.precedence));
      break;
    case NodeKind::postfix:
      expression(*node.child(0), node.precedence);
      out_ += ' ';
      out_ += node.symbol;
      break;
    case NodeKind::binary: binary(node); break;
    case NodeKind::junction:
      list(node.children, is(node, "AND") ? " AND " : " OR ", above(node.precedence));
      break;
    case NodeKind::between:
      if (std::string_view(node.symbol).ends_with("SYMMETRIC")) {
        postgresql_only("BETWEEN SYMMETRIC: give the lower bound first");
      }
      expression(*node.child(0), above(node.precedence));
      out_.append(" ").append(node.symbol).append(" ");
      expression(*node.child(1), above(node.precedence));
      out_ += " AND ";
      expression(*node.child(2), above(node.precedence));
      break;
    case NodeKind::like: like(node); break;
    case NodeKind::in_values: in_values(node); break;
    case NodeKind::grouping:
    case NodeKind::tuple:
      out_ += '(';
      list(node.children);
      out_ += ')';
      break;
    case NodeKind::list: list(node.children); break;
    case NodeKind::function: function(node); break;
    case NodeKind::distinct:
      out_ += "DISTINCT ";
      expression(*node.child(0));
      break;
    case NodeKind::cast: cast(node); break;
    case NodeKind::type_coerce:
    case NodeKind::label:
      expression(*node.child(0), least);
      break;
    case NodeKind::case_when: case_when(node); break;
    case NodeKind::collate:
      expression(*node.child(0), node.precedence);
      out_ += " COLLATE " + collation(node.text);
      break;
    case NodeKind::over: over(node); break;
    case NodeKind::filter:
      expression(*node.child(0));
      out_ += " FILTER (WHERE ";
      expression(*node.child(1));
      out_ += ')';
      break;
    case NodeKind::within_group:
      postgresql_only("WITHIN GROUP");
      expression(*node.child(0));
      out_ += " WITHIN GROUP (ORDER BY ";
      expression(*node.child(1));
      out_ += ')';
      break;
    case NodeKind::ordered:
      function(*node.child(0), node.child(1).get());
      break;
    case NodeKind::exists:
      out_.append(node.symbol).append(" (");
      statement(*node.child(0), Place::expression);
      out_ += ')';
      break;
    case NodeKind::quantified:
      postgresql_only("ANY and ALL: use in_(), exists(), or min() and max() in a subquery");
      out_.append(node.symbol).append(" (");
      if (node.child(0)->kind == NodeKind::grouping) {
        list(node.child(0)->children);
      } else {
        expression(*node.child(0));
      }
      out_ += ')';
      break;
    case NodeKind::index: index(node); break;
    case NodeKind::excluded: out_ += "excluded." + dialect_.quote(node.text); break;
    case NodeKind::extract: extract(node); break;
    case NodeKind::select:
    case NodeKind::compound:
    case NodeKind::insert:
    case NodeKind::update:
    case NodeKind::delete_:
      statement(node, Place::expression);
      break;
    default:
      from_item(node);
      break;
  }
  if (needs_parentheses) {
    out_ += ')';
  }
}

}  // namespace greenway::detail
