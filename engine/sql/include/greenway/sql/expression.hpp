// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/sql/expression.hpp
/// @brief SQL expressions, written with C++ operators.
///
/// Layer: sql. Source: SQLAlchemy's `ColumnElement` and its operators, whose names these are. What no operator makes is in
/// greenway/sql/constructors.hpp.
///
/// ```cpp
/// account.c("cents") > 100 && account.c("owner").startswith("a")     // account.cents > $1 AND account.owner LIKE $2 || '%'
/// ```

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <greenway/sql/detail/node.hpp>
#include <greenway/sql/type.hpp>
#include <greenway/sql/value.hpp>
#include <greenway/sql/window_frame.hpp>

namespace greenway {

class Operand;
class Select;

namespace detail {

/// The column of a member of a mapped class: greenway/orm/entity_select.hpp.
template <class C, class M>
NodeRef node_of_member(M C::*member);

/// What in_() takes a list from. Not `std::ranges::input_range`, lest all that includes this include <ranges>.
template <class R>
concept ValueRange = !std::convertible_to<const R&, std::string_view> && requires(const R& values) {
  std::begin(values) != std::end(values);
  Value(*std::begin(values));
};

}  // namespace detail

/// An expression: a column, a value, or what operators and functions make of them. Cheap to copy; never changes.
///
/// Values that are given where an expression is expected become parameters, never part of the SQL text; `nullptr` and
/// `std::nullopt` are NULL, which `==` and `!=` compare with IS and IS NOT. Parentheses are set where precedence needs them.
///
/// @par Threads
/// May be read, copied and combined by several threads at once.
class ColumnElement {
 public:
  /// @param node  What it consists of.
  explicit ColumnElement(detail::NodeRef node) noexcept : node_(std::move(node)) {}

  /// @return What it consists of.
  [[nodiscard]] const detail::NodeRef& node() const noexcept { return node_; }
  /// @return The type of its value, as far as it is known.
  [[nodiscard]] const Type& type() const noexcept { return node_->type; }

  /// @param name  Under which a result has the column.
  /// @return `… AS name`.
  [[nodiscard]] ColumnElement label(std::string name) const;
  /// @param type  Any.
  /// @return `CAST(… AS type)`.
  [[nodiscard]] ColumnElement cast(const Type& type) const;
  /// @param name  A collation.
  /// @return `… COLLATE "name"`.
  [[nodiscard]] ColumnElement collate(std::string name) const;

  /// @return `… ASC`.
  [[nodiscard]] ColumnElement asc() const;
  /// @return `… DESC`.
  [[nodiscard]] ColumnElement desc() const;
  /// @return `… NULLS FIRST`.
  [[nodiscard]] ColumnElement nulls_first() const;
  /// @return `… NULLS LAST`.
  [[nodiscard]] ColumnElement nulls_last() const;
  /// @return `DISTINCT …`, for the argument of an aggregate.
  [[nodiscard]] ColumnElement distinct() const;

  /// @param other  NULL, true, false, or an expression.
  /// @return `… IS other`.
  [[nodiscard]] ColumnElement is_(const Operand& other) const;
  /// @param other  As is_().
  /// @return `… IS NOT other`.
  [[nodiscard]] ColumnElement is_not(const Operand& other) const;
  /// @param other  Any.
  /// @return `… IS DISTINCT FROM other`.
  [[nodiscard]] ColumnElement is_distinct_from(const Operand& other) const;
  /// @param other  Any.
  /// @return `… IS NOT DISTINCT FROM other`.
  [[nodiscard]] ColumnElement is_not_distinct_from(const Operand& other) const;

  /// @param low        Any.
  /// @param high       Any.
  /// @param symmetric  Whether the two may come in either order; PostgreSQL only.
  /// @return `… BETWEEN low AND high`.
  [[nodiscard]] ColumnElement between(const Operand& low, const Operand& high, bool symmetric = false) const;
  /// @param low        As between().
  /// @param high       As between().
  /// @param symmetric  As between().
  /// @return `… NOT BETWEEN low AND high`.
  [[nodiscard]] ColumnElement not_between(const Operand& low, const Operand& high, bool symmetric = false) const;

  /// Whether the value is one of a list, which travels as one parameter: its length changes neither the SQL text nor what
  /// is cached for it, and it may be empty.
  /// @param values  A range of values of one kind.
  /// @return `… = ANY(list)`, or the dialect's equivalent.
  template <detail::ValueRange R>
  [[nodiscard]] ColumnElement in_(const R& values) const {
    return in_list(list_of(values), false);
  }
  /// As above.
  /// @param values  Values of one kind.
  /// @return As above.
  [[nodiscard]] ColumnElement in_(std::initializer_list<Value> values) const { return in_list(values, false); }
  /// @param select  Of one column.
  /// @return `… IN (select)`.
  [[nodiscard]] ColumnElement in_(const Select& select) const;
  /// Of a tuple_(): whether it is one of a list, which travels as one parameter for each element.
  /// @param rows  Each as many values as the tuple has elements.
  /// @return `(a, b) IN (…)`.
  /// @throws ArgumentError  This is no tuple, or a row has another width.
  [[nodiscard]] ColumnElement in_rows(const std::vector<std::vector<Value>>& rows) const;
  /// The contrary of in_().
  /// @param values  As in_().
  /// @return `… <> ALL(list)`, or the dialect's equivalent.
  template <detail::ValueRange R>
  [[nodiscard]] ColumnElement not_in(const R& values) const {
    return in_list(list_of(values), true);
  }
  /// As above.
  /// @param values  As in_().
  /// @return As above.
  [[nodiscard]] ColumnElement not_in(std::initializer_list<Value> values) const { return in_list(values, true); }
  /// @param select  Of one column.
  /// @return `… NOT IN (select)`.
  [[nodiscard]] ColumnElement not_in(const Select& select) const;

  /// @param pattern  With `%` and `_`.
  /// @param escape   The character before which those stand for themselves; empty for none.
  /// @return `… LIKE pattern`.
  [[nodiscard]] ColumnElement like(const Operand& pattern, std::string_view escape = {}) const;
  /// As like(), whatever the case.
  /// @param pattern  As like().
  /// @param escape   As like().
  /// @return `… ILIKE pattern`, or the dialect's equivalent.
  [[nodiscard]] ColumnElement ilike(const Operand& pattern, std::string_view escape = {}) const;
  /// @param pattern  As like().
  /// @param escape   As like().
  /// @return `… NOT LIKE pattern`.
  [[nodiscard]] ColumnElement not_like(const Operand& pattern, std::string_view escape = {}) const;
  /// @param pattern  As like().
  /// @param escape   As like().
  /// @return `… NOT ILIKE pattern`, or the dialect's equivalent.
  [[nodiscard]] ColumnElement not_ilike(const Operand& pattern, std::string_view escape = {}) const;

  /// @param other       The beginning.
  /// @param autoescape  Whether `%` and `_` in it stand for themselves; it has to be a value then.
  /// @return `… LIKE other || '%'`.
  [[nodiscard]] ColumnElement startswith(const Operand& other, bool autoescape = false) const;
  /// @param other       The end.
  /// @param autoescape  As startswith().
  /// @return `… LIKE '%' || other`.
  [[nodiscard]] ColumnElement endswith(const Operand& other, bool autoescape = false) const;
  /// @param other       A part.
  /// @param autoescape  As startswith().
  /// @return `… LIKE '%' || other || '%'`.
  [[nodiscard]] ColumnElement contains(const Operand& other, bool autoescape = false) const;
  /// As startswith(), whatever the case.
  /// @param other       As there.
  /// @param autoescape  As there.
  /// @return `lower(…) LIKE lower(other) || '%'`.
  [[nodiscard]] ColumnElement istartswith(const Operand& other, bool autoescape = false) const;
  /// As endswith(), whatever the case.
  /// @param other       As there.
  /// @param autoescape  As there.
  /// @return `lower(…) LIKE '%' || lower(other)`.
  [[nodiscard]] ColumnElement iendswith(const Operand& other, bool autoescape = false) const;
  /// As contains(), whatever the case.
  /// @param other       As there.
  /// @param autoescape  As there.
  /// @return `lower(…) LIKE '%' || lower(other) || '%'`.
  [[nodiscard]] ColumnElement icontains(const Operand& other, bool autoescape = false) const;
  /// @param pattern  A regular expression of the database's; on SQLite an extended one of POSIX.
  /// @param flags    "i" for whatever the case, which SQLite has not; PostgreSQL reads others from the pattern: `(?n)…`.
  /// @return `… ~ pattern` (PostgreSQL), `… REGEXP pattern`.
  /// @throws ArgumentError  There are other flags.
  [[nodiscard]] ColumnElement regexp_match(const Operand& pattern, std::string_view flags = {}) const;
  /// PostgreSQL only.
  /// @param pattern      As regexp_match().
  /// @param replacement  Of its first match, with `\\1` and the like for what the parentheses matched.
  /// @param flags        As PostgreSQL's: "g" for all matches, "i" for whatever the case.
  /// @return `regexp_replace(…, pattern, replacement, flags)`.
  [[nodiscard]] ColumnElement regexp_replace(const Operand& pattern, const Operand& replacement,
                                             std::string_view flags = {}) const;

  /// @param other  Any.
  /// @return `… || other`.
  [[nodiscard]] ColumnElement concat(const Operand& other) const;
  /// Its sides, and the whole where it is part of something, stand in parentheses: how tightly it binds is not known.
  /// @param symbol  An operator of the database's; it becomes part of the SQL text.
  /// @param other   Its right side.
  /// @param type    Of its value.
  /// @return `… symbol other`.
  [[nodiscard]] ColumnElement op(std::string symbol, const Operand& other, const Type& type = {}) const;
  /// As op(), of a truth value.
  /// @param symbol  As op().
  /// @param other   As op().
  /// @return As op().
  [[nodiscard]] ColumnElement bool_op(std::string symbol, const Operand& other) const {
    return op(std::move(symbol), other, Boolean());
  }
  /// @param index  Of an array, from 1; of JSON a key, or an index from 0.
  /// @return `…[index]`, `… -> index`; of JSON again JSON, whose value as_string() and the like give.
  [[nodiscard]] ColumnElement operator[](const Operand& index) const;
  /// Of JSON: an element of an element.
  /// @param keys  Keys and indexes, from the outside in.
  /// @return `… #> keys`, or the dialect's equivalent.
  [[nodiscard]] ColumnElement path(std::initializer_list<Value> keys) const;
  /// Of JSON: the text of an element.
  /// @param index  As operator[].
  /// @return `… ->> index`.
  [[nodiscard]] ColumnElement astext(const Operand& index) const { return (*this)[index].as_string(); }
  /// Of an element of JSON, by operator[] or path(): its value, without quotes; JSON's null is NULL.
  /// @return `… ->> index`.
  /// @throws ArgumentError  It is no element of JSON.
  [[nodiscard]] ColumnElement as_string() const;
  /// As as_string(), an integer.
  /// @return `CAST(… ->> index AS INTEGER)`.
  /// @throws ArgumentError  As as_string().
  [[nodiscard]] ColumnElement as_integer() const { return as_string().cast(Integer()); }
  /// As as_string(), a double.
  /// @return `CAST(… ->> index AS DOUBLE PRECISION)`.
  /// @throws ArgumentError  As as_string().
  [[nodiscard]] ColumnElement as_float() const { return as_string().cast(Double()); }
  /// As as_string(), a decimal.
  /// @param precision  Digits in all.
  /// @param scale      Digits behind the point.
  /// @return `CAST(… ->> index AS NUMERIC(precision, scale))`.
  /// @throws ArgumentError  As as_string().
  [[nodiscard]] ColumnElement as_numeric(int precision, int scale) const {
    return as_string().cast(Numeric(precision, scale));
  }
  /// As as_string(), a truth value.
  /// @return `CAST(… ->> index AS BOOLEAN)`.
  /// @throws ArgumentError  As as_string().
  [[nodiscard]] ColumnElement as_boolean() const { return as_string().cast(Boolean()); }

  /// Of an aggregate or a window function: its window.
  /// @param partition_by  Any.
  /// @param order_by      Any.
  /// @param frame         See there.
  /// @return `… OVER (PARTITION BY … ORDER BY … frame)`.
  [[nodiscard]] ColumnElement over(const std::vector<ColumnElement>& partition_by = {},
                                   const std::vector<ColumnElement>& order_by = {}, FrameClause frame = {}) const;
  /// Of an aggregate: the rows that count.
  /// @param condition  Any.
  /// @return `… FILTER (WHERE condition)`.
  [[nodiscard]] ColumnElement filter(const ColumnElement& condition) const;
  /// Of an ordered-set aggregate: its order.
  /// @param order_by  Any.
  /// @return `… WITHIN GROUP (ORDER BY …)`.
  [[nodiscard]] ColumnElement within_group(const std::vector<ColumnElement>& order_by) const;
  /// Of an aggregate: the order in which it sees its rows.
  /// @param order_by  Any.
  /// @return `name(… ORDER BY …)`.
  [[nodiscard]] ColumnElement aggregate_order_by(const std::vector<ColumnElement>& order_by) const;

 protected:
  /// None, for a derived class to set.
  ColumnElement() noexcept = default;

  detail::NodeRef node_;  ///< See node().

 private:
  [[nodiscard]] ColumnElement in_list(std::vector<Value> values, bool negated) const;
  static void append(std::vector<Value>& list, Value value);
  template <class R>
  static std::vector<Value> list_of(const R& values) {
    std::vector<Value> list;
    for (const auto& value : values) {
      append(list, Value(value));
    }
    return list;
  }
};

/// An expression whose value is read as a `T` where a row is typed.
template <class T>
class ColumnElementOf : public ColumnElement {
 public:
  /// What is read.
  using value_type = T;
  /// @param element  Whose value that is.
  explicit ColumnElementOf(const ColumnElement& element) : ColumnElement(element) {}
  /// @param name  As ColumnElement::label.
  /// @return As there, of this type.
  [[nodiscard]] ColumnElementOf label(std::string name) const { return ColumnElementOf(ColumnElement::label(std::move(name))); }
};

/// @tparam T       What a row has for it.
/// @param element  Any.
/// @return The same, of that type.
template <class T>
[[nodiscard]] ColumnElementOf<T> typed(const ColumnElement& element) {
  return ColumnElementOf<T>(element);
}

/// What may stand on either side of an operator: an expression, a value, a select of one value.
class Operand {
 public:
  /// @param element  An expression.
  Operand(const ColumnElement& element) : node_(element.node()) {}
  /// @param value  What a Value can be made of.
  template <class T>
    requires(std::constructible_from<Value, const T&> && !std::derived_from<T, ColumnElement>)
  Operand(const T& value) : value_(value) {}
  /// @param select  Of one column, and at most one row: `(SELECT …)`.
  Operand(const Select& select);
  /// @param member  Of a mapped class: its column.
  template <class C, class M>
  Operand(M C::*member) : node_(detail::node_of_member(member)) {}

  /// @param type  Of the other side, which a value takes on, and a bindparam() that has no type.
  /// @return The expression; NULL for a null value.
  [[nodiscard]] detail::NodeRef node(const Type& type = {}) const;
  /// @return The value, if it is one.
  [[nodiscard]] const Value* value() const noexcept { return node_ ? nullptr : &value_; }

 private:
  Value value_;           // where there is no node
  detail::NodeRef node_;  // or none
};

namespace detail {

template <class T>
concept Element = std::derived_from<T, ColumnElement>;
template <class A, class B>
concept Operands = (Element<A> && std::convertible_to<const B&, Operand>) ||
                   (Element<B> && std::convertible_to<const A&, Operand>);

/// The operators that C++ has as well.
enum class Operator : std::uint8_t { eq, ne, lt, le, gt, ge, add, subtract, multiply, divide, modulo };

ColumnElement combine(Operator op, const Operand& left, const Operand& right);
ColumnElement join_conditions(bool is_and, const ColumnElement& left, const ColumnElement& right);

}  // namespace detail

/// @param a  Left side.
/// @param b  Right side; NULL compares with IS.
/// @return `a = b`.
template <class A, class B>
  requires detail::Operands<A, B>
ColumnElement operator==(const A& a, const B& b) {
  return detail::combine(detail::Operator::eq, a, b);
}
/// @param a  Left side.
/// @param b  Right side; NULL compares with IS NOT.
/// @return `a != b`.
template <class A, class B>
  requires detail::Operands<A, B>
ColumnElement operator!=(const A& a, const B& b) {
  return detail::combine(detail::Operator::ne, a, b);
}
/// @param a  Left side.
/// @param b  Right side.
/// @return `a < b`.
template <class A, class B>
  requires detail::Operands<A, B>
ColumnElement operator<(const A& a, const B& b) {
  return detail::combine(detail::Operator::lt, a, b);
}
/// @param a  Left side.
/// @param b  Right side.
/// @return `a <= b`.
template <class A, class B>
  requires detail::Operands<A, B>
ColumnElement operator<=(const A& a, const B& b) {
  return detail::combine(detail::Operator::le, a, b);
}
/// @param a  Left side.
/// @param b  Right side.
/// @return `a > b`.
template <class A, class B>
  requires detail::Operands<A, B>
ColumnElement operator>(const A& a, const B& b) {
  return detail::combine(detail::Operator::gt, a, b);
}
/// @param a  Left side.
/// @param b  Right side.
/// @return `a >= b`.
template <class A, class B>
  requires detail::Operands<A, B>
ColumnElement operator>=(const A& a, const B& b) {
  return detail::combine(detail::Operator::ge, a, b);
}
/// @param a  Left side.
/// @param b  Right side.
/// @return `a + b`; of texts `a || b`.
template <class A, class B>
  requires detail::Operands<A, B>
ColumnElement operator+(const A& a, const B& b) {
  return detail::combine(detail::Operator::add, a, b);
}
/// @param a  Left side.
/// @param b  Right side.
/// @return `a - b`.
template <class A, class B>
  requires detail::Operands<A, B>
ColumnElement operator-(const A& a, const B& b) {
  return detail::combine(detail::Operator::subtract, a, b);
}
/// @param a  Left side.
/// @param b  Right side.
/// @return `a * b`.
template <class A, class B>
  requires detail::Operands<A, B>
ColumnElement operator*(const A& a, const B& b) {
  return detail::combine(detail::Operator::multiply, a, b);
}
/// @param a  Left side.
/// @param b  Right side.
/// @return `a / b`, with the database's own meaning for integers.
template <class A, class B>
  requires detail::Operands<A, B>
ColumnElement operator/(const A& a, const B& b) {
  return detail::combine(detail::Operator::divide, a, b);
}
/// @param a  Left side.
/// @param b  Right side.
/// @return `a % b`.
template <class A, class B>
  requires detail::Operands<A, B>
ColumnElement operator%(const A& a, const B& b) {
  return detail::combine(detail::Operator::modulo, a, b);
}

/// @param a  A condition.
/// @param b  A condition.
/// @return `a AND b`.
inline ColumnElement operator&&(const ColumnElement& a, const ColumnElement& b) {
  return detail::join_conditions(true, a, b);
}
/// @param a  A condition.
/// @param b  A condition.
/// @return `a OR b`.
inline ColumnElement operator||(const ColumnElement& a, const ColumnElement& b) {
  return detail::join_conditions(false, a, b);
}
/// @param condition  Any.
/// @return `NOT condition`, or the operator's contrary where it has one.
ColumnElement operator!(const ColumnElement& condition);
/// @param operand  A number.
/// @return `-operand`.
ColumnElement operator-(const ColumnElement& operand);

}  // namespace greenway
