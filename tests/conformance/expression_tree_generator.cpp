// SPDX-License-Identifier: BSL-1.0
#include <limits>
#include <utility>

#include "expression_tree.hpp"

namespace trees {

namespace {

constexpr int deepest = 5;
constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t smallest = std::numeric_limits<std::int64_t>::min();

/// Whether PostgreSQL has it in 32 bits.
bool is_narrow(const Tree& tree) {
  switch (tree.op) {
    case Op::length: return true;
    case Op::column:
    case Op::parameter:
    case Op::null:
    case Op::cast: return false;
    case Op::case_when:
    case Op::case_value: return is_narrow(tree.operands.back());
    default: return is_narrow(tree.operands.front());
  }
}

bool is_defined(const Tree& tree) try {
  for (const Row& row : rows()) {
    for (const auto dialect : {gw::Dialect::Kind::postgresql, gw::Dialect::Kind::sqlite}) {
      static_cast<void>(evaluate(tree, row, dialect));
    }
  }
  return true;
} catch (const Undefined&) {
  return false;
}

}  // namespace

Tree Generator::next() {
  for (;;) {
    Tree tree = make(any_kind(), deepest);
    if (!tree.operands.empty()) {
      return tree;
    }
  }
}

Tree Generator::make(Kind kind, int depth) {
  if (depth == 0 || one_in(8)) {
    return leaf(kind);
  }
  // Where numbers grow too large, others are tried.
  for (int attempts = 0; attempts != 4; ++attempts) {
    Tree tree = attempt(kind, depth - 1);
    if (is_defined(tree)) {
      return tree;
    }
  }
  return leaf(kind);
}

Tree Generator::attempt(Kind kind, int depth) {
  switch (below(12)) {
    case 0: {
      Tree tree = node(Op::case_when, kind, {});
      for (std::size_t i = 0, count = 1 + below(2); i != count; ++i) {
        tree.operands.push_back(make(Kind::boolean, depth));
        tree.operands.push_back(make(kind, depth));
      }
      tree.operands.push_back(make(kind, depth));
      return tree;
    }
    case 1: {
      const Kind compared = any_kind();
      return node(Op::case_value, kind,
                  {make(compared, depth), make(compared, depth), make(kind, depth), make(compared, depth), make(kind, depth),
                   make(kind, depth)});
    }
    case 2:
      return one_in(2) ? node(Op::coalesce, kind, {make(kind, depth), make(kind, depth)})
                       : node(Op::coalesce, kind, {make(kind, depth), make(kind, depth), make(kind, depth)});
    case 3: return node(Op::nullif, kind, {make(kind, depth), make(kind, depth)});
    default: break;
  }
  switch (kind) {
    case Kind::boolean: return condition(depth);
    case Kind::text: return text(depth);
    default: return number(kind, depth);
  }
}

Tree Generator::leaf(Kind kind) {
  const std::size_t choice = below(20);
  if (choice == 0) {
    return node(Op::null, kind, {});
  }
  if (choice < 8) {
    return parameter(kind);
  }
  if (choice == 8 && kind == Kind::boolean) {
    return Tree{.op = Op::truth, .kind = kind, .datum = one_in(2)};
  }
  for (;;) {
    const std::size_t i = below(columns().size());
    if (columns()[i].kind == kind) {
      return Tree{.op = Op::column, .kind = kind, .column = i};
    }
  }
}

Tree Generator::parameter(Kind kind) {
  return Tree{.op = Op::parameter, .kind = kind, .datum = datum(kind), .is_raw = one_in(2)};
}

Datum Generator::datum(Kind kind) {
  static const std::vector<std::int64_t> integers = {0, 1, -1, 2, 3, 7, -10, 100, 4'294'967'296, largest, smallest};
  static const std::vector<std::string> texts = {
      "",   "a",    "A",    "ab",    "aB", "b%", "_",    "%",   "a_c", "a/b", "10%",
      "!x", "a\\b", "it's", "\"q\"", "é",  "Éa", "日本", " a ", "0",   "-7",  "abcabc"};
  switch (kind) {
    case Kind::boolean: return one_in(2);
    case Kind::integer: return one_of(integers);
    case Kind::text: return one_of(texts);
    case Kind::real:
    case Kind::numeric: break;
  }
  return (static_cast<double>(below(161)) - 80) / 4;
}

/// An integer may stand for another number in arithmetic and comparisons: the database converts it.
Tree Generator::of_any_kind(Kind kind, int depth) {
  if ((kind == Kind::real || kind == Kind::numeric) && one_in(4)) {
    return node(Op::widen, kind, {make(Kind::integer, depth)});
  }
  return make(kind, depth);
}

Tree Generator::condition(int depth) {
  switch (below(8)) {
    case 0: return node(Op::not_, Kind::boolean, {make(Kind::boolean, depth)});
    case 1:
    case 2: {
      Tree tree = node(one_in(2) ? Op::and_ : Op::or_, Kind::boolean, {});
      for (std::size_t i = 0, count = one_in(20) ? 0 : 1 + below(3); i <= count && count != 0; ++i) {
        tree.operands.push_back(make(Kind::boolean, depth));
      }
      return tree;
    }
    case 3: {
      const auto op = static_cast<Op>(static_cast<std::size_t>(Op::is_null) + below(4));
      const bool is_truth = op == Op::is_ || op == Op::is_not;
      Tree tree = node(op, Kind::boolean, {make(is_truth ? Kind::boolean : any_kind(), depth)});
      if (tree.operands.front().op == Op::parameter && tree.operands.front().kind == Kind::text) {
        return comparison(depth);  // a text says its type to PostgreSQL by what it meets
      }
      tree.datum = one_in(2);
      tree.is_raw = one_in(2);
      return tree;
    }
    case 4: return text_match(depth);
    case 5: return one_in(4) ? row_membership(depth) : membership(depth);
    default: return comparison(depth);
  }
}

Tree Generator::comparison(int depth) {
  static const std::vector<Op> ops = {Op::eq, Op::ne, Op::lt, Op::le, Op::gt, Op::ge, Op::is_distinct_from,
                                      Op::is_not_distinct_from, Op::between, Op::not_between};
  const Kind kind = any_kind();
  const Op op = one_of(ops);
  if (op == Op::between || op == Op::not_between) {
    return node(op, Kind::boolean, {make(kind, depth), of_any_kind(kind, depth), of_any_kind(kind, depth)});
  }
  return one_in(2) ? node(op, Kind::boolean, {make(kind, depth), of_any_kind(kind, depth)})
                   : node(op, Kind::boolean, {of_any_kind(kind, depth), make(kind, depth)});
}

Tree Generator::membership(int depth) {
  const Kind kind = any_kind();
  Tree tree = node(one_in(2) ? Op::in_ : Op::not_in, Kind::boolean, {make(kind, depth)});
  for (std::size_t i = 0, count = below(5); i != count; ++i) {
    tree.list.push_back(one_in(6) ? Datum() : datum(kind));
  }
  if (kind == Kind::integer && is_narrow(tree.operands.front())) {
    // The list has the type of what is looked for in it.
    for (Datum& each : tree.list) {
      each = is_null(each) ? each : Datum(static_cast<std::int64_t>(below(5)));
    }
  }
  return tree;
}

Tree Generator::row_membership(int depth) {
  const Kind first = one_in(2) ? Kind::boolean : Kind::real;
  Tree tree = node(Op::in_rows, Kind::boolean, {make(first, depth), make(Kind::text, depth)});
  for (std::size_t i = 0, count = below(4); i != count; ++i) {
    tree.list.push_back(one_in(6) ? Datum() : datum(first));
    tree.list.push_back(one_in(6) ? Datum() : datum(Kind::text));
  }
  return tree;
}

Tree Generator::text_match(int depth) {
  static const std::vector<std::string> patterns = {"%",   "_",  "a%",   "%b",  "%a%",  "_b%", "A_",  "!%%",
                                                    "a!_c", "!!x", "%!%", "é%", "__", "",    "日_", "1_%"};
  const auto op = static_cast<Op>(static_cast<std::size_t>(Op::like) + below(10));
  Tree tree = node(op, Kind::boolean, {make(Kind::text, depth)});
  if (op >= Op::startswith) {
    tree.autoescapes = one_in(2);
    tree.operands.push_back(tree.autoescapes ? parameter(Kind::text) : make(Kind::text, depth));
    tree.operands.back().is_raw = tree.operands.back().is_raw || tree.autoescapes;
    return tree;
  }
  Tree pattern{.op = Op::parameter, .kind = Kind::text, .datum = one_of(patterns), .is_raw = one_in(2)};
  tree.operands.push_back(one_in(3) ? make(Kind::text, depth) : std::move(pattern));
  tree.escape.append(below(2), '!');
  return tree;
}

Tree Generator::number(Kind kind, int depth) {
  switch (below(6)) {
    case 0: return node(Op::negate, kind, {make(kind, depth)});
    case 1: return node(Op::abs, kind, {make(kind, depth)});
    case 2: return conversion(kind, depth);
    default: return arithmetic(kind, depth);
  }
}

Tree Generator::arithmetic(Kind kind, int depth) {
  // A quotient of exact numbers is not always one, and has another scale on each database.
  const std::size_t count = kind == Kind::integer ? 5 : kind == Kind::real ? 4 : 3;
  const auto op = static_cast<Op>(static_cast<std::size_t>(Op::add) + below(count));
  Tree left = make(kind, depth);
  Tree right = of_any_kind(kind, depth);
  const bool divides = op == Op::divide || op == Op::modulo;
  if (divides && one_in(2)) {
    Tree zero{.op = Op::parameter, .kind = kind, .is_raw = true};
    zero.datum = kind == Kind::integer ? Datum(std::int64_t{0}) : Datum(0.0);
    right = node(Op::nullif, kind, {make(kind, depth), std::move(zero)});
  }
  if (!divides && one_in(2)) {
    std::swap(left, right);
  }
  Tree tree = node(op, kind, {std::move(left), std::move(right)});
  if (kind == Kind::integer && is_narrow(tree.operands[0]) && is_narrow(tree.operands[1])) {
    tree.operands[0] = node(Op::cast, kind, {std::move(tree.operands[0])});
  }
  return tree;
}

Tree Generator::conversion(Kind kind, int depth) {
  switch (kind) {
    case Kind::real: return node(Op::cast, kind, {make(one_in(2) ? Kind::integer : Kind::numeric, depth)});
    case Kind::numeric: return node(Op::cast, kind, {make(Kind::integer, depth)});
    default: break;
  }
  switch (below(4)) {
    case 0: return node(Op::cast, kind, {make(one_in(2) ? Kind::real : Kind::numeric, depth)});
    case 1: return node(Op::cast, kind, {make(Kind::boolean, depth)});
    case 2: return node(Op::cast, kind, {node(Op::cast, Kind::text, {make(Kind::integer, depth)})});
    default: return node(Op::length, kind, {make(Kind::text, depth)});
  }
}

Tree Generator::text(int depth) {
  switch (below(6)) {
    case 0: return node(Op::lower, Kind::text, {make(Kind::text, depth)});
    case 1: return node(Op::upper, Kind::text, {make(Kind::text, depth)});
    case 2: return node(Op::cast, Kind::text, {make(Kind::integer, depth)});
    case 3: return node(Op::concat, Kind::text, {make(Kind::text, depth), make(Kind::text, depth)});
    default: {
      Tree left = make(Kind::text, depth);
      Tree right = make(one_in(2) ? Kind::integer : Kind::text, depth);
      // It says that + is ||, which a value alone does not.
      left.is_raw = left.is_raw && right.kind == Kind::text;
      return one_in(2) ? node(Op::add, Kind::text, {std::move(left), std::move(right)})
                       : node(Op::add, Kind::text, {std::move(right), std::move(left)});
    }
  }
}

}  // namespace trees
