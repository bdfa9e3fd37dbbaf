// SPDX-License-Identifier: BSL-1.0
#include "shape_tables.hpp"

namespace shapes {

// Each pair of neighbours in SQLAlchemy's table of precedences, both ways round. Where SQLAlchemy leaves parentheses out
// that one of the databases needs, they are here: around the sides of || on SQLite, and of operators that are not known.
std::vector<Shape> precedences() {
  const ColumnElement a = id();
  const ColumnElement b = cents();
  const ColumnElement c = func::length(owner());
  const ColumnElement t = owner();
  return {
      value("* of +", (a + 1) * b, "(account.id + $1) * account.cents"),
      value("+ of *", a + b * 2, "account.id + account.cents * $1"),
      value("+ of + on the right", a + (b + c), "account.id + (account.cents + length(account.owner))"),
      value("- of - on the left", a - b - 1, "account.id - account.cents - $1"),
      value("- of - on the right", a - (b - 1), "account.id - (account.cents - $1)"),
      value("- of + on the right", a - (b + 1), "account.id - (account.cents + $1)"),
      value("+ of - on the right", a + (b - 1), "account.id + (account.cents - $1)"),
      value("* of * on the right", a * (b * c), "account.id * (account.cents * length(account.owner))"),
      value("/ of * on the left", a * b / 2, "account.id * account.cents / $1"),
      value("/ of * on the right", a / (literal(2) * c), "account.id / ($1 * length(account.owner))",
            "account.id / (?1 * length(account.owner))"),
      value("* of / on the right", a * (b / 2), "account.id * (account.cents / $1)"),
      value("% of /", a / 2 % 3, "account.id / $1 % $2"),
      value("minus of +", -(a + 1), "-(account.id + $1)"),
      value("minus of minus", -(-a), "-(-account.id)"),
      value("- of a minus", a - -b, "account.id - -account.cents"),
      value("* of a minus", -a * b, "-account.id * account.cents"),
      value("|| of ||", t + "x" + t, "account.owner || $1 || account.owner"),
      value("|| of || on the right", t + (literal("x", Text()) + t), "account.owner || $1 || account.owner"),
      value("|| of other things is not associative", b + (a + t), "account.cents || (account.id || account.owner)"),
      value("|| of + is set off", t + (b + 1) * 2, "account.owner || (account.cents + $1) * $2",
            "account.owner || ((account.cents + ?1) * ?2)"),
      value("|| of + on the left is set off", -b + a + t, "-account.cents + account.id || account.owner",
            "(-account.cents + account.id) || account.owner"),
      value("+ of || is set off", type_coerce(t.concat("1"), Integer()).cast(Text()).concat(-a),
            "CAST(account.owner || $1 AS TEXT) || -account.id"),
      value("= as a value", (a + 1 == b) == true, "(account.id + $1 = account.cents) = $2"),
      condition("= of =", (a == b) == (b == c), "(account.id = account.cents) = (account.cents = length(account.owner))"),
      condition("= of <", (a < b) == true_(), "(account.id < account.cents) = true", "(account.id < account.cents) = 1"),
      condition("IS of =", (a == b).is_(nullptr), "(account.id = account.cents) IS NULL"),
      condition("= of IS", (t == nullptr) == false_(), "(account.owner IS NULL) = false", "(account.owner IS NULL) = 0"),
      condition("= of LIKE", t.like("a%") == true_(), "(account.owner LIKE $1) = true", "(account.owner LIKE ?1) = 1"),
      condition("LIKE of ||", (t + "x").like("a%"), "account.owner || $1 LIKE $2"),
      condition("= of BETWEEN", a.between(1, 2) == true_(), "(account.id BETWEEN $1 AND $2) = true",
                "(account.id BETWEEN ?1 AND ?2) = 1"),
      condition("BETWEEN of sums", (a + 1).between(b - 1, b + 1),
                "account.id + $1 BETWEEN account.cents - $2 AND account.cents + $3"),
      condition("BETWEEN of conditions", (a == 1).between(b == 1, b == 2),
                "(account.id = $1) BETWEEN (account.cents = $2) AND (account.cents = $3)"),
      condition("IN of a condition", (a == b).in_(select(age() == 1)),
                "(account.id = account.cents) IN (SELECT person.age = $1 AS anon_1 FROM person)"),
      condition("AND of OR", a == 1 && (b == 1 || b == 2), "account.id = $1 AND (account.cents = $2 OR account.cents = $3)"),
      condition("OR of AND", (a == 1 && b == 1) || b == 2, "account.id = $1 AND account.cents = $2 OR account.cents = $3"),
      condition("OR of AND of OR", a == 1 || (b == 1 && (b == 2 || c == 3)),
                "account.id = $1 OR account.cents = $2 AND (account.cents = $3 OR length(account.owner) = $4)"),
      condition("NOT of OR in AND", !(a == 1 || b == 1) && c == 2,
                "NOT (account.id = $1 OR account.cents = $2) AND length(account.owner) = $3"),
      condition("= of AND", (a == 1 && b == 1) == true_(), "(account.id = $1 AND account.cents = $2) = true",
                "(account.id = ?1 AND account.cents = ?2) = 1"),
      condition("= of NOT", not_(a == 1 && b == 1) == false_(), "(NOT (account.id = $1 AND account.cents = $2)) = false",
                "(NOT (account.id = ?1 AND account.cents = ?2)) = 0"),
      condition("= of EXISTS", exists(select(age())) == true_(), "(EXISTS (SELECT person.age FROM person)) = true",
                "(EXISTS (SELECT person.age FROM person)) = 1"),
      condition("IS of a sum", (a + b) == nullptr, "account.id + account.cents IS NULL"),
      value("|| of a collation", t.collate("C").concat("x"), "account.owner COLLATE \"C\" || $1",
            "account.owner COLLATE C || ?1"),
      value("a collation of ||", (t + "x").collate("C"), "(account.owner || $1) COLLATE \"C\"",
            "(account.owner || ?1) COLLATE C"),
      value("a custom operator of +", (a + 1).op("&", b), "(account.id + $1) & account.cents"),
      value("+ of a custom operator", a.op("&", b) + 1, "(account.id & account.cents) + $1"),
      value("a custom operator of itself", a.op("|", b).op("|", 1), "(account.id | account.cents) | $1"),
      value("a custom operator of a minus", a.op("&", -b), "account.id & -account.cents"),
      condition("AND of a custom operator", a.bool_op("<", b) && b == 1,
                "(account.id < account.cents) AND account.cents = $1"),
      condition("NOT of a custom operator", !a.bool_op("<", b), "NOT (account.id < account.cents)"),
      value("a label is what it labels", (a + 1).label("n") * 2, "(account.id + $1) * $2"),
      value("type_coerce is what it coerces", type_coerce(a + 1, BigInteger()) * 2, "(account.id + $1) * $2"),
      value("a cast needs no more", (a + 1).cast(BigInteger()) * 2, "CAST(account.id + $1 AS BIGINT) * $2"),
      value("CASE needs no more", case_({{a == 1, 1}}, Operand(2)) + 1, "CASE WHEN account.id = $2 THEN $3 ELSE $1 END + $4"),
      value("a select needs no more", -select(age()).limit(1).scalar_subquery(), "-(SELECT person.age FROM person LIMIT $1)"),
      note_condition("= of an element of JSON", doc()["a"].as_string() + "x" == "y", "note.doc ->> $1 || $2 = $3",
                     "(note.doc ->> ?1) || ?2 = ?3"),
  };
}

}  // namespace shapes
