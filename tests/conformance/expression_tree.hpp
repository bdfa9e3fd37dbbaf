// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include <greenway/sql/compiler.hpp>
#include <greenway/sql/expression.hpp>
#include <greenway/sql/schema.hpp>

/// Expressions of SQL that a test makes up, works out by itself, and has the database work out.
namespace trees {

namespace gw = greenway;

enum class Kind : std::uint8_t { boolean, integer, real, numeric, text };

/// A value or NULL. A numeric is a double here: each that occurs is a multiple of 1/16 that both hold exactly.
using Datum = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

inline bool is_null(const Datum& datum) { return datum.index() == 0; }

enum class Op : std::uint8_t {
  // Leaves
  column, parameter, null, truth,
  // Conditions
  eq, ne, lt, le, gt, ge, and_, or_, not_, is_null, is_not_null, is_, is_not, is_distinct_from, is_not_distinct_from, between,
  not_between, in_, not_in, in_rows, like, not_like, ilike, not_ilike, startswith, endswith, contains, istartswith, iendswith,
  icontains,
  // Values
  add, subtract, multiply, divide, modulo, negate, abs, length, concat, lower, upper, case_when, case_value, coalesce, nullif,
  cast, widen,
};

struct Tree {
  Op op;
  Kind kind;
  std::vector<Tree> operands = {};  // case_when: condition, result, …, else; case_value: value, when, result, …, else
  Datum datum = {};                 // parameter, truth, is_, is_not
  std::size_t column = 0;           // of columns()
  std::vector<Datum> list = {};     // in_; in_rows row by row
  std::string escape = {};          // LIKE's
  bool is_raw = false;              // a parameter: the C++ value itself is the operand
  bool autoescapes = false;
};

struct Column {
  const char* name;
  Kind kind;
};
const std::vector<Column>& columns();

/// What the table holds, edges of each type and NULLs; a datum for each column.
using Row = std::vector<Datum>;
const std::vector<Row>& rows();

gw::Type type_of(Kind kind);
gw::Value value_of(const Datum& datum, Kind kind);

/// Thrown by evaluate(): there is no value on which databases agree, as of 1/0 or beyond the range.
struct Undefined {};

/// What the tree is worth in that row, in exact arithmetic. Where the databases differ by nature, as that one has it:
///
/// |                             | PostgreSQL                  | SQLite                 |
/// |-----------------------------|-----------------------------|------------------------|
/// | LIKE                        | case counts                 | that of ASCII does not |
/// | LIKE without ESCAPE         | a backslash escapes         | nothing does           |
/// | lower, upper, ILIKE         | of all letters              | of ASCII               |
/// | cast of real to integer     | nearest, ties to even       | cut off                |
/// | cast of numeric to integer  | nearest, ties away from 0   | cut off                |
Datum evaluate(const Tree& tree, const Row& row, gw::Dialect::Kind dialect);

/// The same by Greenway's own operators and functions.
gw::ColumnElement build(const Tree& tree, const gw::Table& table);

/// `add(column(a), 5)`: what to look for when the two differ.
std::string print(const Tree& tree);
std::string print(const Datum& datum);

/// Makes up trees, always the same ones for a seed, each defined in all rows on both databases.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}
  /// No leaf.
  Tree next();

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }
  bool one_in(std::size_t count) { return below(count) == 0; }
  template <class T>
  const T& one_of(const std::vector<T>& list) {
    return list[below(list.size())];
  }
  Kind any_kind() { return static_cast<Kind>(below(5)); }

  Tree make(Kind kind, int depth);
  Tree attempt(Kind kind, int depth);
  Tree leaf(Kind kind);
  Tree parameter(Kind kind);
  Datum datum(Kind kind);
  Tree of_any_kind(Kind kind, int depth);
  Tree condition(int depth);
  Tree comparison(int depth);
  Tree membership(int depth);
  Tree row_membership(int depth);
  Tree text_match(int depth);
  Tree number(Kind kind, int depth);
  Tree arithmetic(Kind kind, int depth);
  Tree conversion(Kind kind, int depth);
  Tree text(int depth);
  Tree node(Op op, Kind kind, std::vector<Tree> operands) {
    return Tree{.op = op, .kind = kind, .operands = std::move(operands)};
  }

  std::mt19937_64 random_;
};

}  // namespace trees
