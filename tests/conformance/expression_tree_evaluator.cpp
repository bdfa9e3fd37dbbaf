// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "expression_tree.hpp"

namespace trees {

namespace {

using Dialect = gw::Dialect::Kind;
using Truth = std::optional<bool>;

constexpr std::size_t longest_text = 200;
constexpr double largest_exact_integer = 9007199254740992;  // 2^53
constexpr std::int64_t smallest = std::numeric_limits<std::int64_t>::min();

Truth truth(const Datum& datum) { return is_null(datum) ? Truth() : Truth(std::get<bool>(datum)); }
Datum datum(Truth truth) { return truth ? Datum(*truth) : Datum(); }

Truth not_(Truth a) { return a ? Truth(!*a) : a; }
Truth and_(Truth a, Truth b) { return a == false || b == false ? Truth(false) : a && b ? Truth(true) : Truth(); }
Truth or_(Truth a, Truth b) { return not_(and_(not_(a), not_(b))); }

/// Of two values of one kind.
template <class Compare>
Truth compare(const Datum& a, const Datum& b, Compare holds) {
  if (is_null(a) || is_null(b)) {
    return {};
  }
  return holds(a, b);
}

Truth equal(const Datum& a, const Datum& b) { return compare(a, b, std::equal_to<>()); }
Truth at_most(const Datum& a, const Datum& b) { return compare(a, b, std::less_equal<>()); }

/// What an exact decimal and a double both hold, with so few digits that they do even where they are printed with 15.
double exact(double number) {
  if (std::abs(number) > 1e9 || number * 16 != std::floor(number * 16)) {
    throw Undefined();
  }
  return number;
}

double checked(double number, Kind kind) {
  if (!std::isfinite(number)) {
    throw Undefined();
  }
  return kind == Kind::numeric ? exact(number) : number;
}

std::int64_t calculate(Op op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  bool overflows = false;
  switch (op) {
    case Op::add: overflows = __builtin_add_overflow(a, b, &result); break;
    case Op::subtract: overflows = __builtin_sub_overflow(a, b, &result); break;
    case Op::multiply: overflows = __builtin_mul_overflow(a, b, &result); break;
    default:
      overflows = b == 0 || (a == smallest && b == -1);
      result = overflows ? 0 : op == Op::divide ? a / b : a % b;
      break;
  }
  return overflows ? throw Undefined() : result;
}

double calculate(Op op, double a, double b, Kind kind) {
  if (op == Op::add || op == Op::subtract) {
    return checked(op == Op::add ? a + b : a - b, kind);
  }
  const double result = op == Op::multiply ? a * b : a / b;
  const bool is_zero = a == 0 || (op == Op::multiply && b == 0);
  return is_zero || std::isnormal(result) ? checked(result, kind) : throw Undefined();
}

std::string text_of(const Datum& datum) {
  const auto* const number = std::get_if<std::int64_t>(&datum);
  return number != nullptr ? std::to_string(*number) : std::get<std::string>(datum);
}

/// The characters of UTF-8, each in its bytes.
std::vector<std::string_view> characters(std::string_view text) {
  std::vector<std::string_view> all;
  for (std::size_t i = 0, next = 0; i != text.size(); i = next) {
    next = i + 1;
    while (next != text.size() && (static_cast<unsigned char>(text[next]) & 0xC0U) == 0x80U) {
      ++next;
    }
    all.push_back(text.substr(i, next - i));
  }
  return all;
}

/// Of the letters that occur here.
std::string with_case(std::string_view text, bool is_lower, bool only_ascii) {
  std::string result;
  for (const std::string_view character : characters(text)) {
    const char c = character.front();
    if (character.size() == 1) {
      const bool changes = is_lower ? c >= 'A' && c <= 'Z' : c >= 'a' && c <= 'z';
      result += changes ? static_cast<char>(c ^ 0x20) : c;
    } else if (!only_ascii && (character == "é" || character == "É")) {
      result += is_lower ? "é" : "É";
    } else {
      result += character;
    }
  }
  return result;
}

using Characters = std::vector<std::string_view>;

bool matches(const Characters& text, std::size_t i, const Characters& pattern, std::size_t j, std::string_view escape) {
  if (j == pattern.size()) {
    return i == text.size();
  }
  if (pattern[j] == escape) {
    return i != text.size() && text[i] == pattern[j + 1] && matches(text, i + 1, pattern, j + 2, escape);
  }
  if (pattern[j] == "%") {
    return matches(text, i, pattern, j + 1, escape) || (i != text.size() && matches(text, i + 1, pattern, j, escape));
  }
  return i != text.size() && (pattern[j] == "_" || text[i] == pattern[j]) && matches(text, i + 1, pattern, j + 1, escape);
}

/// A pattern that ends with its escape character is an error to PostgreSQL where it reads so far.
bool like(std::string text, std::string pattern, std::string_view escape, Dialect dialect) {
  if (dialect == Dialect::sqlite) {
    text = with_case(text, true, true);
    pattern = with_case(pattern, true, true);
  } else if (escape.empty()) {
    escape = "\\";
  }
  const Characters signs = characters(pattern);
  const auto last = std::find_if_not(signs.rbegin(), signs.rend(), [&](std::string_view sign) { return sign == escape; });
  if ((last - signs.rbegin()) % 2 == 1) {
    throw Undefined();
  }
  return matches(characters(text), 0, signs, 0, escape);
}

/// One tree in one row.
class Evaluation {
 public:
  Evaluation(const Tree& tree, const Row& row, Dialect dialect) : tree_(tree), row_(row), dialect_(dialect) {}

  Datum value() const {
    switch (tree_.op) {
      case Op::column: return row_[tree_.column];
      case Op::parameter:
      case Op::truth: return tree_.datum;
      case Op::null: return {};
      case Op::case_when:
      case Op::case_value: return of_case();
      case Op::coalesce: return first_known();
      case Op::nullif: return equal(operand(0), operand(1)) == true ? Datum() : operand(0);
      case Op::cast:
      case Op::widen: return converted();
      default: return tree_.kind == Kind::boolean ? datum(condition()) : of_known();
    }
  }

 private:
  Datum operand(std::size_t i) const { return Evaluation(tree_.operands[i], row_, dialect_).value(); }

  Datum of_case() const {
    const std::size_t first = tree_.op == Op::case_value ? 1 : 0;
    Datum result = operand(tree_.operands.size() - 1);
    for (std::size_t i = tree_.operands.size() - 1; i > first; i -= 2) {
      // All are worked out, so that what is not defined is found wherever it stands.
      const Datum then = operand(i - 1);
      const Truth holds = first == 1 ? equal(operand(0), operand(i - 2)) : truth(operand(i - 2));
      result = holds == true ? then : result;
    }
    return result;
  }

  Datum first_known() const {
    Datum result;
    for (std::size_t i = tree_.operands.size(); i != 0; --i) {
      Datum each = operand(i - 1);
      result = is_null(each) ? result : each;
    }
    return result;
  }

  Datum converted() const {
    const Datum from = operand(0);
    if (is_null(from)) {
      return {};
    }
    if (tree_.kind == Kind::text) {
      return text_of(from);
    }
    if (tree_.kind != Kind::integer) {
      const auto* const integer = std::get_if<std::int64_t>(&from);
      const double number = integer == nullptr ? std::get<double>(from) : static_cast<double>(*integer);
      return std::abs(number) > largest_exact_integer ? throw Undefined() : checked(number, tree_.kind);
    }
    if (const auto* number = std::get_if<double>(&from)) {
      return rounded(*number);
    }
    if (const auto* condition = std::get_if<bool>(&from)) {
      return std::int64_t{*condition};
    }
    if (const auto* text = std::get_if<std::string>(&from)) {
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
      return error != std::errc() || end != text->data() + text->size() ? throw Undefined() : number;
    }
    return from;
  }

  std::int64_t rounded(double number) const {
    if (std::abs(number) > 4e18) {
      throw Undefined();
    }
    return static_cast<std::int64_t>(dialect_ == Dialect::sqlite                       ? std::trunc(number)
                                     : tree_.operands.front().kind == Kind::numeric ? std::round(number)
                                                                                     : std::nearbyint(number));
  }

  Truth condition() const {
    if (tree_.op == Op::and_ || tree_.op == Op::or_) {
      Truth result = tree_.op == Op::and_;
      for (std::size_t i = 0; i != tree_.operands.size(); ++i) {
        result = tree_.op == Op::and_ ? and_(result, truth(operand(i))) : or_(result, truth(operand(i)));
      }
      return result;
    }
    const Datum a = operand(0);
    switch (tree_.op) {
      case Op::not_: return not_(truth(a));
      case Op::is_null: return is_null(a);
      case Op::is_not_null: return !is_null(a);
      case Op::is_: return a == tree_.datum;
      case Op::is_not: return a != tree_.datum;
      case Op::in_: return is_in(a);
      case Op::not_in: return not_(is_in(a));
      default: return of_two(a, operand(1));
    }
  }

  Truth of_two(const Datum& a, const Datum& b) const {
    switch (tree_.op) {
      case Op::eq: return equal(a, b);
      case Op::ne: return not_(equal(a, b));
      case Op::lt: return not_(at_most(b, a));
      case Op::le: return at_most(a, b);
      case Op::gt: return not_(at_most(a, b));
      case Op::ge: return at_most(b, a);
      case Op::is_distinct_from: return a != b;
      case Op::is_not_distinct_from: return a == b;
      case Op::between: return is_between(a, b);
      case Op::not_between: return not_(is_between(a, b));
      case Op::in_rows: return is_in_rows(a, b);
      default: return is_null(a) || is_null(b) ? Truth() : matches_text(std::get<std::string>(a), std::get<std::string>(b));
    }
  }

  Truth is_between(const Datum& a, const Datum& low) const { return and_(at_most(low, a), at_most(a, operand(2))); }

  Truth is_in(const Datum& a) const {
    Truth result = false;
    for (const Datum& each : tree_.list) {
      result = or_(result, equal(a, each));
    }
    return result;
  }

  Truth is_in_rows(const Datum& a, const Datum& b) const {
    Truth result = false;
    for (std::size_t i = 0; i != tree_.list.size(); i += 2) {
      result = or_(result, and_(equal(a, tree_.list[i]), equal(b, tree_.list[i + 1])));
    }
    return result;
  }

  bool matches_text(std::string text, std::string pattern) const {
    std::string escape = tree_.escape;
    if (tree_.autoescapes) {
      escape = "/";
      std::string escaped;
      for (const char c : pattern) {
        escaped.append(c == '/' || c == '%' || c == '_' ? "/" : "").append(1, c);
      }
      pattern = escaped;
    }
    const Op op = tree_.op;
    const bool ignores_case = op == Op::ilike || op == Op::not_ilike || op >= Op::istartswith;
    if (ignores_case) {
      text = with_case(text, true, dialect_ == Dialect::sqlite);
      pattern = with_case(pattern, true, dialect_ == Dialect::sqlite);
    }
    if (op == Op::endswith || op == Op::contains || op == Op::iendswith || op == Op::icontains) {
      pattern.insert(0, "%");
    }
    if (op == Op::startswith || op == Op::contains || op == Op::istartswith || op == Op::icontains) {
      pattern += '%';
    }
    return like(text, pattern, escape, dialect_) == (op != Op::not_like && op != Op::not_ilike);
  }

  /// Numbers and texts made of operands that are not NULL.
  Datum of_known() const {
    const Datum a = operand(0);
    const Datum b = tree_.operands.size() > 1 ? operand(1) : Datum();
    if (is_null(a) || (tree_.operands.size() > 1 && is_null(b))) {
      return {};
    }
    if (tree_.kind == Kind::text) {
      return of_text(a, b);
    }
    if (tree_.op == Op::length) {
      return static_cast<std::int64_t>(characters(std::get<std::string>(a)).size());
    }
    if (const auto* left = std::get_if<std::int64_t>(&a)) {
      const bool is_kept = tree_.op == Op::abs && *left >= 0;
      return tree_.operands.size() > 1 ? calculate(tree_.op, *left, std::get<std::int64_t>(b))
                                       : is_kept ? *left : calculate(Op::subtract, 0, *left);
    }
    const double left = std::get<double>(a);
    return tree_.operands.size() > 1 ? calculate(tree_.op, left, std::get<double>(b), tree_.kind)
                                     : tree_.op == Op::abs ? std::abs(left) : -left;
  }

  std::string of_text(const Datum& a, const Datum& b) const {
    if (tree_.op == Op::lower || tree_.op == Op::upper) {
      return with_case(std::get<std::string>(a), tree_.op == Op::lower, dialect_ == Dialect::sqlite);
    }
    std::string both = text_of(a) + text_of(b);
    return both.size() > longest_text ? throw Undefined() : both;
  }

  const Tree& tree_;
  const Row& row_;
  Dialect dialect_;
};

}  // namespace

Datum evaluate(const Tree& tree, const Row& row, Dialect dialect) { return Evaluation(tree, row, dialect).value(); }

}  // namespace trees
