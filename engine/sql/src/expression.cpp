// SPDX-License-Identifier: BSL-1.0
#include <greenway/sql/expression.hpp>

#include <algorithm>
#include <array>

#include <greenway/base/error.hpp>
#include <greenway/sql/select.hpp>

#include "make_node.hpp"
#include "type_of_value.hpp"

namespace greenway {

using detail::Node;
using detail::NodeKind;
using detail::NodeList;
using detail::NodeRef;
using detail::Precedence;
using detail::make_binary;
using detail::make_node;

namespace {

struct OperatorRow {
  const char* symbol;
  Precedence precedence;
};

constexpr std::array<OperatorRow, 11> operators = {{
    {"=", Precedence::comparison},
    {"!=", Precedence::comparison},
    {"<", Precedence::comparison},
    {"<=", Precedence::comparison},
    {">", Precedence::comparison},
    {">=", Precedence::comparison},
    {"+", Precedence::sum},
    {"-", Precedence::sum},
    {"*", Precedence::product},
    {"/", Precedence::product},
    {"%", Precedence::product},
}};

/// Each operator that has a contrary, and which.
constexpr std::array<std::pair<std::string_view, const char*>, 26> contraries = {{
    {"=", "!="},
    {"!=", "="},
    {"<", ">="},
    {">=", "<"},
    {">", "<="},
    {"<=", ">"},
    {"IS", "IS NOT"},
    {"IS NOT", "IS"},
    {"IS DISTINCT FROM", "IS NOT DISTINCT FROM"},
    {"IS NOT DISTINCT FROM", "IS DISTINCT FROM"},
    {"REGEXP", "NOT REGEXP"},
    {"NOT REGEXP", "REGEXP"},
    {"REGEXP i", "NOT REGEXP i"},
    {"NOT REGEXP i", "REGEXP i"},
    {"LIKE", "NOT LIKE"},
    {"NOT LIKE", "LIKE"},
    {"ILIKE", "NOT ILIKE"},
    {"NOT ILIKE", "ILIKE"},
    {"IN", "NOT IN"},
    {"NOT IN", "IN"},
    {"BETWEEN", "NOT BETWEEN"},
    {"NOT BETWEEN", "BETWEEN"},
    {"BETWEEN SYMMETRIC", "NOT BETWEEN SYMMETRIC"},
    {"NOT BETWEEN SYMMETRIC", "BETWEEN SYMMETRIC"},
    {"EXISTS", "NOT EXISTS"},
    {"NOT EXISTS", "EXISTS"},
}};

/// What a value takes on from the other side of an operator; a fraction does not become an integer.
Type type_beside(const Value& value, const Type& type) {
  const bool is_fraction = value.kind() == ValueKind::real || value.kind() == ValueKind::numeric;
  return type.kind() == TypeKind::unknown || (is_fraction && type.is_integer()) ? detail::type_of(value) : type;
}

/// What arithmetic gives: of two numbers the type that holds both.
Type type_of_result(const Type& a, const Type& b) {
  constexpr std::array<TypeKind, 6> numbers = {TypeKind::small_integer, TypeKind::integer, TypeKind::big_integer,
                                               TypeKind::numeric,       TypeKind::float_,  TypeKind::double_};
  const auto* const left = std::ranges::find(numbers, a.kind());
  const auto* const right = std::ranges::find(numbers, b.kind());
  const bool is_wider = right != numbers.end() && left < right;
  return a.kind() == TypeKind::unknown || is_wider ? b : a;
}

ColumnElement suffixed(const NodeRef& operand, const char* symbol) {
  return ColumnElement(make_node(NodeKind::postfix, symbol, Precedence::list, {operand}, operand->type));
}

ColumnElement compared(const NodeRef& left, const char* symbol, const NodeRef& right) {
  return ColumnElement(make_binary(symbol, Precedence::comparison, left, right, Boolean()));
}

/// What IS is followed by: the words true and false, since it takes no parameter.
NodeRef keyword_of(const Operand& operand, const Type& type) {
  const bool* const truth = operand.value() == nullptr ? nullptr : operand.value()->get_if<bool>();
  return truth == nullptr ? operand.node(type) : (*truth ? true_() : false_()).node();
}

NodeRef element_list(const std::vector<ColumnElement>& elements) {
  NodeList nodes;
  for (const ColumnElement& element : elements) {
    nodes.push_back(element.node());
  }
  return make_node(NodeKind::list, {}, std::move(nodes));
}

NodeRef optional_list(const std::vector<ColumnElement>& elements) { return elements.empty() ? NodeRef() : element_list(elements); }

ColumnElement liked(const ColumnElement& operand, const char* symbol, const Operand& pattern, std::string_view escape) {
  NodeList children{operand.node(), pattern.node(Text())};
  if (!escape.empty()) {
    children.push_back(NodeRef(new detail::BindNode(Value(escape), Text())));
  }
  return ColumnElement(make_node(NodeKind::like, symbol, Precedence::comparison, std::move(children), Boolean()));
}

/// A pattern of LIKE that stands for `other` somewhere in a text.
struct Part {
  bool has_before;  ///< Anything may come before it.
  bool has_after;
  bool ignores_case;
};

ColumnElement has_part(const ColumnElement& text, const Operand& other, Part part, bool autoescape) {
  Operand wanted = other;
  if (autoescape) {
    const std::string* const value = other.value() == nullptr ? nullptr : other.value()->get_if<std::string>();
    if (value == nullptr) {
      throw ArgumentError("autoescape needs a text value: the pattern of an expression cannot be escaped here");
    }
    std::string escaped;
    for (const char c : *value) {
      if (c == '/' || c == '%' || c == '_') {
        escaped += '/';
      }
      escaped += c;
    }
    wanted = Operand(escaped);
  }
  ColumnElement pattern(wanted.node(Text()));
  ColumnElement operand = text;
  if (part.ignores_case) {
    pattern = ColumnElement(make_node(NodeKind::function, "lower", {pattern.node()}, Text()));
    operand = ColumnElement(make_node(NodeKind::function, "lower", {text.node()}, Text()));
  }
  const ColumnElement anything(make_node(NodeKind::literal_column, "'%'", {}, Text()));
  if (part.has_before) {
    pattern = anything.concat(pattern);
  }
  if (part.has_after) {
    pattern = pattern.concat(anything);
  }
  return liked(operand, "LIKE", pattern, autoescape ? "/" : std::string_view());
}

struct JSONPath : Type {
  JSONPath() noexcept : Type(TypeKind::json_path) {}
};
Type path_type() { return JSONPath(); }

ColumnElement json_element(const NodeRef& document, const char* symbol, NodeRef path) {
  return ColumnElement(make_node(NodeKind::index, symbol, Precedence::other, {document, std::move(path)}, document->type));
}

NodeRef remade(const Node& node, const char* symbol) {
  auto* const copy = new Node(node);
  copy->symbol = symbol;
  return NodeRef(copy);
}

}  // namespace

Operand::Operand(const Select& select) : node_(select.scalar_subquery().node()) {}

NodeRef Operand::node(const Type& type) const {
  if (node_) {
    const bool is_untyped = node_->kind == NodeKind::bind && node_->type.kind() == TypeKind::unknown;
    if (!is_untyped || type.kind() == TypeKind::unknown) {
      return node_;
    }
    auto* const typed = new detail::BindNode(static_cast<const detail::BindNode&>(*node_));
    typed->type = type;
    return NodeRef(typed);
  }
  if (value_.is_null()) {
    return null().node();
  }
  return NodeRef(new detail::BindNode(value_, type_beside(value_, type)));
}

namespace {

bool is_null(const Operand& operand) {
  return operand.value() != nullptr ? operand.value()->is_null() : operand.node()->kind == NodeKind::null_value;
}

}  // namespace

namespace detail {

namespace {

/// Of each comparison the one that says the same with its sides exchanged.
constexpr std::array<Operator, 6> mirrored = {Operator::eq, Operator::ne, Operator::gt, Operator::ge, Operator::lt, Operator::le};

}  // namespace

ColumnElement combine(Operator op, const Operand& left, const Operand& right) {
  const OperatorRow& row = operators[static_cast<std::size_t>(op)];
  const bool is_comparison = row.precedence == Precedence::comparison;
  if (is_comparison && op <= Operator::ne) {
    if (is_null(right)) {
      return compared(left.node(), op == Operator::eq ? "IS" : "IS NOT", right.node());
    }
    if (is_null(left)) {
      return combine(op, right, left);
    }
  }
  if (is_comparison && left.value() == nullptr && left.node()->kind == NodeKind::quantified) {
    return combine(mirrored[static_cast<std::size_t>(op)], right, left);
  }
  const auto type_of_side = [](const Operand& side) { return side.value() == nullptr ? side.node()->type : Type(); };
  const Type left_type = type_of_side(left);
  const NodeRef a = left.node(type_of_side(right));
  const NodeRef b = right.node(left_type.kind() == TypeKind::unknown ? a->type : left_type);
  if (is_comparison) {
    return compared(a, row.symbol, b);
  }
  if (op == Operator::add && (a->type.is_text() || b->type.is_text())) {
    return ColumnElement(make_binary("||", Precedence::other, a, b, Text()));
  }
  return ColumnElement(make_binary(row.symbol, row.precedence, a, b, type_of_result(a->type, b->type)));
}

ColumnElement join_conditions(bool is_and, const ColumnElement& left, const ColumnElement& right) {
  const char* const symbol = is_and ? "AND" : "OR";
  NodeList operands;
  for (const NodeRef& side : {left.node(), right.node()}) {
    // One flat list, whatever the order in which it was written.
    if (side->kind == NodeKind::junction && side->symbol == std::string_view(symbol)) {
      operands.insert(operands.end(), side->children.begin(), side->children.end());
    } else {
      operands.push_back(side);
    }
  }
  return ColumnElement(make_node(NodeKind::junction, symbol, is_and ? Precedence::conjunction : Precedence::disjunction,
                                 std::move(operands), Boolean()));
}

}  // namespace detail

ColumnElement operator!(const ColumnElement& condition) {
  const NodeRef& node = condition.node();
  if (node->kind == NodeKind::true_value || node->kind == NodeKind::false_value) {
    return node->kind == NodeKind::true_value ? false_() : true_();
  }
  if (node->kind == NodeKind::unary && node->symbol == std::string_view("NOT")) {
    return ColumnElement(node->child(0));
  }
  // What does not hold for one of them may hold for another.
  const bool is_of_many = std::ranges::any_of(
      node->children, [](const NodeRef& child) { return child && child->kind == NodeKind::quantified; });
  for (const auto& [symbol, contrary] : contraries) {
    // A custom operator has its symbol elsewhere.
    if (node->symbol == symbol && !is_of_many) {
      return ColumnElement(remade(*node, contrary));
    }
  }
  return ColumnElement(make_node(NodeKind::unary, "NOT", Precedence::negation, {node}, Boolean()));
}

ColumnElement operator-(const ColumnElement& operand) {
  return ColumnElement(make_node(NodeKind::unary, "-", Precedence::prefix, {operand.node()}, operand.type()));
}

ColumnElement ColumnElement::label(std::string name) const {
  return ColumnElement(make_node(NodeKind::label, std::move(name), {node_}, node_->type));
}
ColumnElement ColumnElement::cast(const Type& type) const { return greenway::cast(*this, type); }
ColumnElement ColumnElement::collate(std::string name) const {
  auto* const node = new Node(NodeKind::collate, std::move(name), {node_}, node_->type);
  node->precedence = Precedence::collation;
  return ColumnElement(NodeRef(node));
}

ColumnElement ColumnElement::asc() const { return suffixed(node_, "ASC"); }
ColumnElement ColumnElement::desc() const { return suffixed(node_, "DESC"); }
ColumnElement ColumnElement::nulls_first() const { return suffixed(node_, "NULLS FIRST"); }
ColumnElement ColumnElement::nulls_last() const { return suffixed(node_, "NULLS LAST"); }
ColumnElement ColumnElement::distinct() const { return ColumnElement(make_node(NodeKind::distinct, {}, {node_}, node_->type)); }

ColumnElement ColumnElement::is_(const Operand& other) const { return compared(node_, "IS", keyword_of(other, node_->type)); }
ColumnElement ColumnElement::is_not(const Operand& other) const {
  return compared(node_, "IS NOT", keyword_of(other, node_->type));
}
ColumnElement ColumnElement::is_distinct_from(const Operand& other) const {
  return compared(node_, "IS DISTINCT FROM", other.node(node_->type));
}
ColumnElement ColumnElement::is_not_distinct_from(const Operand& other) const {
  return compared(node_, "IS NOT DISTINCT FROM", other.node(node_->type));
}

ColumnElement ColumnElement::between(const Operand& low, const Operand& high, bool symmetric) const {
  return ColumnElement(make_node(NodeKind::between, symmetric ? "BETWEEN SYMMETRIC" : "BETWEEN", Precedence::comparison,
                                 {node_, low.node(node_->type), high.node(node_->type)}, Boolean()));
}
ColumnElement ColumnElement::not_between(const Operand& low, const Operand& high, bool symmetric) const {
  return !between(low, high, symmetric);
}

void ColumnElement::append(std::vector<Value>& list, Value value) { list.push_back(std::move(value)); }

ColumnElement ColumnElement::in_list(std::vector<Value> values, bool negated) const {
  NodeRef list(new detail::BindNode(Value(std::move(values)), node_->type));
  return ColumnElement(make_node(NodeKind::in_values, negated ? "NOT IN" : "IN", Precedence::comparison,
                                 {node_, std::move(list)}, Boolean()));
}
ColumnElement ColumnElement::in_rows(const std::vector<std::vector<Value>>& rows) const {
  const std::size_t width = node_->kind == NodeKind::tuple ? node_->children.size() : 0;
  std::vector<std::vector<Value>> columns(width);
  for (const std::vector<Value>& row : rows) {
    if (row.size() != width || width == 0) {
      throw ArgumentError("in_rows(): each row has to have as many values as the tuple_() it is compared with has elements");
    }
    for (std::size_t i = 0; i != width; ++i) {
      columns[i].push_back(row[i]);
    }
  }
  NodeList children{node_};
  for (std::size_t i = 0; i != width; ++i) {
    children.push_back(NodeRef(new detail::BindNode(Value(std::move(columns[i])), node_->child(i)->type)));
  }
  return ColumnElement(make_node(NodeKind::in_values, "IN", Precedence::comparison, std::move(children), Boolean()));
}

ColumnElement ColumnElement::in_(const Select& select) const { return compared(node_, "IN", select.scalar_subquery().node()); }
ColumnElement ColumnElement::not_in(const Select& select) const {
  return compared(node_, "NOT IN", select.scalar_subquery().node());
}

ColumnElement ColumnElement::like(const Operand& pattern, std::string_view escape) const {
  return liked(*this, "LIKE", pattern, escape);
}
ColumnElement ColumnElement::ilike(const Operand& pattern, std::string_view escape) const {
  return liked(*this, "ILIKE", pattern, escape);
}
ColumnElement ColumnElement::not_like(const Operand& pattern, std::string_view escape) const {
  return liked(*this, "NOT LIKE", pattern, escape);
}
ColumnElement ColumnElement::not_ilike(const Operand& pattern, std::string_view escape) const {
  return liked(*this, "NOT ILIKE", pattern, escape);
}

ColumnElement ColumnElement::startswith(const Operand& other, bool autoescape) const {
  return has_part(*this, other, {.has_before = false, .has_after = true, .ignores_case = false}, autoescape);
}
ColumnElement ColumnElement::endswith(const Operand& other, bool autoescape) const {
  return has_part(*this, other, {.has_before = true, .has_after = false, .ignores_case = false}, autoescape);
}
ColumnElement ColumnElement::contains(const Operand& other, bool autoescape) const {
  return has_part(*this, other, {.has_before = true, .has_after = true, .ignores_case = false}, autoescape);
}
ColumnElement ColumnElement::istartswith(const Operand& other, bool autoescape) const {
  return has_part(*this, other, {.has_before = false, .has_after = true, .ignores_case = true}, autoescape);
}
ColumnElement ColumnElement::iendswith(const Operand& other, bool autoescape) const {
  return has_part(*this, other, {.has_before = true, .has_after = false, .ignores_case = true}, autoescape);
}
ColumnElement ColumnElement::icontains(const Operand& other, bool autoescape) const {
  return has_part(*this, other, {.has_before = true, .has_after = true, .ignores_case = true}, autoescape);
}
ColumnElement ColumnElement::regexp_match(const Operand& pattern, std::string_view flags) const {
  if (!flags.empty() && flags != "i") {
    throw ArgumentError("regexp_match() knows the flag \"i\" alone: on PostgreSQL begin the pattern with (?" +
                        std::string(flags) + ")");
  }
  return compared(node_, flags.empty() ? "REGEXP" : "REGEXP i", pattern.node(Text()));
}
ColumnElement ColumnElement::regexp_replace(const Operand& pattern, const Operand& replacement, std::string_view flags) const {
  NodeList arguments{node_, pattern.node(Text()), replacement.node(Text())};
  if (!flags.empty()) {
    arguments.push_back(Operand(flags).node(Text()));
  }
  return ColumnElement(detail::make_function("regexp_replace", std::move(arguments), Text(), true));
}

ColumnElement ColumnElement::concat(const Operand& other) const {
  return ColumnElement(make_binary("||", Precedence::other, node_, other.node(node_->type), node_->type));
}
ColumnElement ColumnElement::op(std::string symbol, const Operand& other, const Type& type) const {
  auto* const node = new Node(NodeKind::binary, std::move(symbol), {node_, other.node()}, type);
  node->precedence = Precedence::list;
  return ColumnElement(NodeRef(node));
}
ColumnElement ColumnElement::operator[](const Operand& index) const {
  const TypeKind kind = node_->type.kind();
  if (kind == TypeKind::json || kind == TypeKind::jsonb) {
    return json_element(node_, "->", index.node(path_type()));
  }
  return ColumnElement(make_node(NodeKind::index, {}, {node_, index.node()},
                                 kind == TypeKind::array ? node_->type.item() : node_->type));
}
ColumnElement ColumnElement::path(std::initializer_list<Value> keys) const {
  return json_element(node_, "#>", NodeRef(new detail::BindNode(Value(std::vector<Value>(keys)), path_type())));
}
ColumnElement ColumnElement::as_string() const {
  const std::string_view symbol = node_->symbol;
  if (node_->kind != NodeKind::index || symbol.empty()) {
    throw ArgumentError("as_string() and the like are for an element of JSON: column[\"key\"].as_string()");
  }
  auto* const copy = new Node(*node_);
  copy->symbol = symbol.starts_with('#') ? "#>>" : "->>";
  copy->type = Text();
  return ColumnElement(NodeRef(copy));
}

ColumnElement ColumnElement::over(const std::vector<ColumnElement>& partition_by, const std::vector<ColumnElement>& order_by,
                                  FrameClause frame) const {
  return ColumnElement(make_node(NodeKind::over, frame.sql(),
                                 {node_, optional_list(partition_by), optional_list(order_by)}, node_->type));
}
ColumnElement ColumnElement::filter(const ColumnElement& condition) const {
  return ColumnElement(make_node(NodeKind::filter, {}, {node_, condition.node()}, node_->type));
}
ColumnElement ColumnElement::within_group(const std::vector<ColumnElement>& order_by) const {
  return ColumnElement(make_node(NodeKind::within_group, {}, NodeList{node_, element_list(order_by)}, node_->type));
}
ColumnElement ColumnElement::aggregate_order_by(const std::vector<ColumnElement>& order_by) const {
  return ColumnElement(make_node(NodeKind::ordered, {}, NodeList{node_, element_list(order_by)}, node_->type));
}

}  // namespace greenway
