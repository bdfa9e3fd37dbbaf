// SPDX-License-Identifier: BSL-1.0
#include "expression_tree.hpp"

#include <array>
#include <limits>
#include <sstream>

#include <greenway/sql/func.hpp>

namespace trees {

namespace {

constexpr std::array<const char*, static_cast<std::size_t>(Op::widen) + 1> names = {
    "column", "parameter", "null", "truth", "==", "!=", "<", "<=", ">", ">=", "and_", "or_", "not_", "is_null", "is_not_null",
    "is_", "is_not", "is_distinct_from", "is_not_distinct_from", "between", "not_between", "in_", "not_in", "in_rows", "like",
    "not_like", "ilike", "not_ilike", "startswith", "endswith", "contains", "istartswith", "iendswith", "icontains", "+", "-",
    "*", "/", "%", "negate", "abs", "length", "concat", "lower", "upper", "case_when", "case_value", "coalesce", "nullif",
    "cast", "widen"};

std::vector<gw::Value> list_of(const Tree& tree) {
  std::vector<gw::Value> list;
  for (const Datum& each : tree.list) {
    list.push_back(value_of(each, tree.operands.front().kind));
  }
  return list;
}

/// One tree in the making.
class Building {
 public:
  Building(const Tree& tree, const gw::Table& table) : tree_(tree), table_(table) {}

  gw::ColumnElement expression() const {
    switch (tree_.op) {
      case Op::column: return table_.c(columns()[tree_.column].name);
      case Op::parameter: return gw::literal(value_of(tree_.datum, tree_.kind), type_of(tree_.kind));
      case Op::null: return gw::cast(nullptr, type_of(tree_.kind));
      case Op::truth: return std::get<bool>(tree_.datum) ? gw::true_() : gw::false_();
      case Op::widen: return element(0);
      case Op::cast: return converted();
      case Op::case_when:
      case Op::case_value: return of_case();
      case Op::coalesce:
        return tree_.operands.size() == 2 ? gw::func::coalesce(operand(0), operand(1))
                                          : gw::func::coalesce(operand(0), operand(1), operand(2));
      case Op::nullif: return gw::type_coerce(gw::func("nullif", operand(0), operand(1)), type_of(tree_.kind));
      default: return tree_.kind == Kind::boolean ? condition() : value();
    }
  }

  /// A raw parameter is the value itself, as users write it.
  gw::Operand as_operand() const {
    if (tree_.op == Op::widen) {
      return operand(0);
    }
    return is_raw() ? gw::Operand(value_of(tree_.datum, tree_.kind)) : gw::Operand(expression());
  }

 private:
  Building of(std::size_t i) const { return Building(tree_.operands[i], table_); }
  gw::ColumnElement element(std::size_t i) const { return of(i).expression(); }
  gw::Operand operand(std::size_t i) const { return of(i).as_operand(); }
  bool is_raw() const { return tree_.op == Op::parameter && tree_.is_raw; }

  template <class Operator>
  gw::ColumnElement joined(Operator join) const {
    return of(0).is_raw() && !of(1).is_raw() ? join(operand(0), element(1)) : join(element(0), operand(1));
  }

  gw::ColumnElement condition() const {
    switch (tree_.op) {
      case Op::and_:
      case Op::or_: return junction();
      case Op::not_: return !element(0);
      case Op::is_null: return tree_.is_raw ? element(0) == nullptr : element(0).is_(nullptr);
      case Op::is_not_null: return tree_.is_raw ? element(0) != gw::null() : element(0).is_not(nullptr);
      case Op::is_: return element(0).is_(truth());
      case Op::is_not: return element(0).is_not(truth());
      case Op::in_: return element(0).in_(list_of(tree_));
      case Op::not_in: return element(0).not_in(list_of(tree_));
      case Op::in_rows: return in_rows();
      case Op::between: return element(0).between(operand(1), operand(2));
      case Op::not_between: return element(0).not_between(operand(1), operand(2));
      case Op::is_distinct_from: return element(0).is_distinct_from(operand(1));
      case Op::is_not_distinct_from: return element(0).is_not_distinct_from(operand(1));
      case Op::eq: return joined([](const auto& a, const auto& b) { return a == b; });
      case Op::ne: return joined([](const auto& a, const auto& b) { return a != b; });
      case Op::lt: return joined([](const auto& a, const auto& b) { return a < b; });
      case Op::le: return joined([](const auto& a, const auto& b) { return a <= b; });
      case Op::gt: return joined([](const auto& a, const auto& b) { return a > b; });
      case Op::ge: return joined([](const auto& a, const auto& b) { return a >= b; });
      default: return text_match();
    }
  }

  gw::Operand truth() const {
    const bool is_true = std::get<bool>(tree_.datum);
    return tree_.is_raw ? gw::Operand(is_true) : gw::Operand(is_true ? gw::true_() : gw::false_());
  }

  gw::ColumnElement junction() const {
    std::vector<gw::ColumnElement> conditions;
    for (std::size_t i = 0; i != tree_.operands.size(); ++i) {
      conditions.push_back(element(i));
    }
    const bool is_and = tree_.op == Op::and_;
    if (conditions.size() == 2) {
      return is_and ? conditions[0] && conditions[1] : conditions[0] || conditions[1];
    }
    return is_and ? gw::and_(conditions) : gw::or_(conditions);
  }

  gw::ColumnElement in_rows() const {
    std::vector<std::vector<gw::Value>> rows;
    for (std::size_t i = 0; i != tree_.list.size(); i += 2) {
      rows.push_back({value_of(tree_.list[i], tree_.operands[0].kind), value_of(tree_.list[i + 1], tree_.operands[1].kind)});
    }
    return gw::tuple_({element(0), element(1)}).in_rows(rows);
  }

  gw::ColumnElement text_match() const {
    const gw::ColumnElement text = element(0);
    const gw::Operand other = operand(1);
    switch (tree_.op) {
      case Op::like: return text.like(other, tree_.escape);
      case Op::not_like: return text.not_like(other, tree_.escape);
      case Op::ilike: return text.ilike(other, tree_.escape);
      case Op::not_ilike: return text.not_ilike(other, tree_.escape);
      case Op::startswith: return text.startswith(other, tree_.autoescapes);
      case Op::endswith: return text.endswith(other, tree_.autoescapes);
      case Op::contains: return text.contains(other, tree_.autoescapes);
      case Op::istartswith: return text.istartswith(other, tree_.autoescapes);
      case Op::iendswith: return text.iendswith(other, tree_.autoescapes);
      default: return text.icontains(other, tree_.autoescapes);
    }
  }

  gw::ColumnElement value() const {
    switch (tree_.op) {
      case Op::add: return joined([](const auto& a, const auto& b) { return a + b; });
      case Op::subtract: return joined([](const auto& a, const auto& b) { return a - b; });
      case Op::multiply: return joined([](const auto& a, const auto& b) { return a * b; });
      case Op::divide: return joined([](const auto& a, const auto& b) { return a / b; });
      case Op::modulo: return joined([](const auto& a, const auto& b) { return a % b; });
      case Op::negate: return -element(0);
      case Op::concat: return element(0).concat(operand(1));
      case Op::abs: return gw::func::abs(operand(0));
      case Op::length: return gw::func::length(operand(0));
      case Op::lower: return gw::func::lower(operand(0));
      default: return gw::func::upper(operand(0));
    }
  }

  gw::ColumnElement converted() const {
    // PostgreSQL knows no other way from a truth value to a number.
    return tree_.operands.front().kind == Kind::boolean ? gw::cast(gw::cast(operand(0), gw::Integer()), gw::BigInteger())
                                                        : gw::cast(operand(0), type_of(tree_.kind));
  }

  gw::ColumnElement of_case() const {
    const std::size_t last = tree_.operands.size() - 1;
    std::vector<gw::When> whens;
    for (std::size_t i = tree_.op == Op::case_value ? 1 : 0; i != last; i += 2) {
      whens.emplace_back(operand(i), operand(i + 1));
    }
    return tree_.op == Op::case_value ? gw::case_(operand(0), whens, operand(last)) : gw::case_(whens, operand(last));
  }

  const Tree& tree_;
  const gw::Table& table_;
};

}  // namespace

const std::vector<Column>& columns() {
  static const std::vector<Column> all = {{"i", Kind::integer}, {"j", Kind::integer}, {"big", Kind::integer},
                                          {"p", Kind::boolean}, {"q", Kind::boolean}, {"s", Kind::text},
                                          {"t", Kind::text},    {"x", Kind::real},    {"y", Kind::real},
                                          {"n", Kind::numeric}, {"m", Kind::numeric}};
  return all;
}

const std::vector<Row>& rows() {
  constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t smallest = std::numeric_limits<std::int64_t>::min();
  const auto integer = [](std::int64_t value) { return Datum(value); };
  const Datum null;
  static const std::vector<Row> all = {
      {integer(0), integer(1), integer(largest), true, false, "", "a", 0.0, 1.5, 0.0, 2.25},
      {integer(1), integer(-1), integer(smallest), false, true, "A", "b%", -0.25, 1e10, 10.5, -0.25},
      {integer(7), integer(2), integer(4'294'967'296), true, true, "ab", "aB", 3.0, -2.5, 4.0, 4.0},
      {integer(-10), integer(3), integer(-1), false, false, "a_c", "abc", 2.5, 0.1, -7.5, 3.0},
      {integer(100), null, integer(2'147'483'648), null, true, "10%", "é", null, 3.0, 0.5, null},
      {null, integer(5), null, true, null, null, "Éa", 1e-3, null, null, 1.0},
      {integer(2), integer(2), integer(2), false, null, "日本", "日", 2.0, 2.0, 2.0, 2.0},
      {integer(-3), integer(0), integer(10), null, null, "it's", null, -1.5, 0.5, -1.5, 0.5},
      {null, null, null, null, null, null, null, null, null, null, null},
      {integer(5), integer(-7), integer(0), true, false, "a\\b", "a/b", 1e100, -1e-100, 1234.75, 0.0},
  };
  return all;
}

gw::Type type_of(Kind kind) {
  switch (kind) {
    case Kind::boolean: return gw::Boolean();
    case Kind::integer: return gw::BigInteger();
    case Kind::real: return gw::Double();
    case Kind::numeric: return gw::Numeric();
    case Kind::text: break;
  }
  return gw::Text();
}

gw::Value value_of(const Datum& datum, Kind kind) {
  if (kind == Kind::numeric && !is_null(datum)) {
    return gw::Decimal::of_double(std::get<double>(datum));
  }
  return std::visit(
      [](const auto& value) -> gw::Value {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::monostate>) {
          return nullptr;
        } else {
          return value;
        }
      },
      datum);
}

gw::ColumnElement build(const Tree& tree, const gw::Table& table) { return Building(tree, table).expression(); }

std::string print(const Datum& datum) {
  std::ostringstream out;
  out.precision(17);
  std::visit(
      [&](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::monostate>) {
          out << "NULL";
        } else if constexpr (std::is_same_v<T, std::string>) {
          out << '\'' << value << '\'';
        } else {
          out << std::boolalpha << value;
        }
      },
      datum);
  return out.str();
}

std::string print(const Tree& tree) {
  if (tree.op == Op::column) {
    return columns()[tree.column].name;
  }
  if (tree.op == Op::parameter || tree.op == Op::truth) {
    return print(tree.datum);
  }
  std::string text = names[static_cast<std::size_t>(tree.op)] + std::string("(");
  const auto add = [&](const std::string& part) { text += (text.ends_with('(') ? "" : ", ") + part; };
  for (const Tree& operand : tree.operands) {
    add(print(operand));
  }
  if (tree.op == Op::is_ || tree.op == Op::is_not) {
    add(print(tree.datum));
  }
  for (const Datum& each : tree.list) {
    add(print(each));
  }
  add(tree.autoescapes ? "autoescape" : tree.escape.empty() ? "" : "escape " + tree.escape);
  return text.ends_with(", ") ? text.substr(0, text.size() - 2) + ")" : text + ")";
}

}  // namespace trees
