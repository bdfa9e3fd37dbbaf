// SPDX-License-Identifier: BSL-1.0
#include "shapes.hpp"

namespace shapes {

using namespace greenway;

namespace {

struct Tables {
  MetaData metadata;
  Table person{"person", metadata, Column("name", String(40), primary_key), Column("age", Integer()),
               Column("Town", Text(), server_default("here"))};
  Table account{"account",
                metadata,
                Column("id", Integer(), primary_key),
                Column("owner", String(40), nullable(false), ForeignKey("person.name")),
                Column("cents", BigInteger(), server_default(literal_column("0"))),
                Column("opened", DateTime()),
                CheckConstraint("cents >= 0"),
                Index("ix_account_cents", {"cents"}, {.where = "cents > 0"})};
};

const Tables& tables() {
  static const auto* all = new Tables;
  return *all;
}

const Column& id() { return tables().account.c("id"); }
const Column& owner() { return tables().account.c("owner"); }
const Column& cents() { return tables().account.c("cents"); }
const Column& opened() { return tables().account.c("opened"); }
const Column& name() { return tables().person.c("name"); }
const Column& age() { return tables().person.c("age"); }

/// SELECT account.id FROM account WHERE condition.
Select ids_where(const ColumnElement& condition) { return select(id()).where(condition); }

Shape condition(std::string what, const ColumnElement& element, const std::string& postgresql, const std::string& sqlite = {}) {
  const std::string before = "SELECT account.id FROM account WHERE ";
  return {std::move(what), ids_where(element), before + postgresql,
          sqlite.empty() || sqlite.starts_with("!") ? sqlite : before + sqlite};
}

Shape value(std::string what, const ColumnElement& element, const std::string& postgresql, const std::string& sqlite = {}) {
  const auto text = [](const std::string& expression) { return "SELECT " + expression + " AS x FROM account"; };
  return {std::move(what), select(element.label("x")), text(postgresql),
          sqlite.empty() || sqlite.starts_with("!") ? sqlite : text(sqlite)};
}

}  // namespace

const MetaData& metadata() { return tables().metadata; }

std::vector<Shape> expressions() {
  return {
      condition("=", cents() == 5, "account.cents = $1"),
      condition("a value on the left", 5 == cents(), "$1 = account.cents"),
      condition("!=", cents() != 5, "account.cents != $1"),
      condition("<", cents() < 5, "account.cents < $1"),
      condition("<=", cents() <= 5, "account.cents <= $1"),
      condition(">", cents() > 5, "account.cents > $1"),
      condition(">= of two columns", cents() >= id(), "account.cents >= account.id"),
      condition("= NULL", owner() == nullptr, "account.owner IS NULL"),
      condition("!= NULL", owner() != std::nullopt, "account.owner IS NOT NULL"),
      condition("IS", owner().is_(nullptr), "account.owner IS NULL"),
      condition("= null()", owner() == null(), "account.owner IS NULL"),
      condition("null() on the left", null() != owner(), "account.owner IS NOT NULL"),
      condition("IS true", (id() == 1).is_(true), "(account.id = $1) IS true", "(account.id = ?1) IS 1"),
      condition("IS NOT false", (id() == 1).is_not(false), "(account.id = $1) IS NOT false", "(account.id = ?1) IS NOT 0"),
      condition("IS NOT", owner().is_not(nullptr), "account.owner IS NOT NULL"),
      condition("IS DISTINCT FROM", cents().is_distinct_from(5), "account.cents IS DISTINCT FROM $1",
                "account.cents IS NOT ?1"),
      condition("IS NOT DISTINCT FROM", cents().is_not_distinct_from(5), "account.cents IS NOT DISTINCT FROM $1",
                "account.cents IS ?1"),
      condition("AND is flat", (cents() > 1 && cents() < 9) && id() == 3,
                "account.cents > $1 AND account.cents < $2 AND account.id = $3"),
      condition("OR in AND", cents() > 1 && (id() == 1 || id() == 2),
                "account.cents > $1 AND (account.id = $2 OR account.id = $3)"),
      condition("AND in OR", (cents() > 1 && id() == 1) || id() == 2,
                "account.cents > $1 AND account.id = $2 OR account.id = $3"),
      condition("and_ of none", and_({}), "true", "1"),
      condition("or_ of none", or_({}), "false", "0"),
      condition("and_ of a list", and_({id() == 1, id() == 2}), "account.id = $1 AND account.id = $2"),
      condition("NOT of =", !(id() == 1), "account.id != $1"),
      condition("NOT of AND", !(id() == 1 && cents() == 2), "NOT (account.id = $1 AND account.cents = $2)"),
      condition("NOT of NOT", !!(id() == 1 && cents() == 2), "account.id = $1 AND account.cents = $2"),
      condition("BETWEEN", cents().between(1, 5), "account.cents BETWEEN $1 AND $2"),
      condition("NOT BETWEEN", cents().not_between(1, 5), "account.cents NOT BETWEEN $1 AND $2"),
      condition("IN a list", id().in_({1, 2, 3}), "account.id = ANY ($1)",
                "account.id IN (SELECT value FROM json_each(?1))"),
      condition("IN no list at all", id().in_(std::vector<int>()), "account.id = ANY ($1)",
                "account.id IN (SELECT value FROM json_each(?1))"),
      condition("NOT IN a list", owner().not_in(std::vector<std::string>{"a", "b\"{,\\"}), "account.owner <> ALL ($1)",
                "account.owner NOT IN (SELECT value FROM json_each(?1))"),
      condition("IN a select", owner().in_(select(name())), "account.owner IN (SELECT person.name FROM person)"),
      condition("NOT IN a select", owner().not_in(select(name())), "account.owner NOT IN (SELECT person.name FROM person)"),
      condition("a tuple IN a list", tuple_({id(), owner()}).in_rows({{1, "a"}, {2, "b"}}),
                "(account.id, account.owner) IN (SELECT * FROM unnest(CAST($1 AS INTEGER[]), CAST($2 AS VARCHAR(40)[])))",
                "(account.id, account.owner) IN (SELECT e0.value, e1.value FROM json_each(?1) AS e0 JOIN json_each(?2) AS e1 "
                "ON e1.key = e0.key)"),
      condition("= of tuples", tuple_({id(), cents()}) == tuple_({literal(1), literal(2)}),
                "(account.id, account.cents) = ($1, $2)"),
      condition("LIKE", owner().like("a%"), "account.owner LIKE $1"),
      condition("LIKE with an escape", owner().like("a/%", "/"), "account.owner LIKE $1 ESCAPE $2"),
      condition("NOT LIKE", owner().not_like("a%"), "account.owner NOT LIKE $1"),
      condition("ILIKE", owner().ilike("a%"), "account.owner ILIKE $1", "lower(account.owner) LIKE lower(?1)"),
      condition("NOT ILIKE", owner().not_ilike("a%"), "account.owner NOT ILIKE $1", "lower(account.owner) NOT LIKE lower(?1)"),
      condition("startswith", owner().startswith("a"), "account.owner LIKE $1 || '%'"),
      condition("endswith", owner().endswith("a"), "account.owner LIKE '%' || $1"),
      condition("contains", owner().contains("a"), "account.owner LIKE '%' || $1 || '%'"),
      condition("contains with autoescape", owner().contains("50%", true), "account.owner LIKE '%' || $1 || '%' ESCAPE $2"),
      condition("icontains", owner().icontains("A"), "lower(account.owner) LIKE '%' || lower($1) || '%'"),
      condition("istartswith", owner().istartswith("A"), "lower(account.owner) LIKE lower($1) || '%'"),
      condition("EXISTS leaves the outer table out", exists(select(name()).where(name() == owner())),
                "EXISTS (SELECT person.name FROM person WHERE person.name = account.owner)"),
      condition("NOT EXISTS", !exists(select(name()).where(name() == owner())),
                "NOT EXISTS (SELECT person.name FROM person WHERE person.name = account.owner)"),
      condition("a custom operator", cents().op("&", 1) == 1, "account.cents & $1 = $2"),
      condition("a named parameter twice", id() == bindparam("n", Integer()) || cents() == bindparam("n", Integer()),
                "account.id = $1 OR account.cents = $1"),
      value("+", cents() + 1, "account.cents + $1"),
      value("precedence of * over +", (cents() + 1) * 2, "(account.cents + $1) * $2"),
      value("- is not associative", cents() - (id() - 1), "account.cents - (account.id - $1)"),
      value("- goes on to the left", cents() - id() - 1, "account.cents - account.id - $1"),
      value("+ of numbers is not associative, nor is *", cents() + (id() + cents() * (id() * 2)),
            "account.cents + (account.id + account.cents * (account.id * $1))"),
      value("|| of texts goes on", owner() + (owner() + "x"), "account.owner || account.owner || $1"),
      value("|| of other things does not", cents() + (id() + owner()), "account.cents || (account.id || account.owner)"),
      value("arithmetic in ||", owner() + (cents() + 1) * 2, "account.owner || (account.cents + $1) * $2",
            "account.owner || ((account.cents + ?1) * ?2)"),
      value("arithmetic before ||", -cents() + id() + owner(), "-account.cents + account.id || account.owner",
            "(-account.cents + account.id) || account.owner"),
      value("/ and %", cents() / 2 % 3, "account.cents / $1 % $2"),
      value("unary minus", -(cents() + 1), "-(account.cents + $1)"),
      value("+ of texts", owner() + "x", "account.owner || $1"),
      value("concat", owner().concat(owner()), "account.owner || account.owner"),
      value("CAST", cast(cents(), Text()), "CAST(account.cents AS TEXT)"),
      value("CASE", case_({{cents() > 5, "rich"}, {cents() > 1, "well"}}, Operand("poor")),
            "CASE WHEN account.cents > $2 THEN $3 WHEN account.cents > $4 THEN $5 ELSE $1 END"),
      value("CASE of a value", case_(id(), {{1, "one"}}), "CASE account.id WHEN $1 THEN $2 END"),
      value("coalesce", func::coalesce(cents(), 0), "coalesce(account.cents, $1)"),
      value("any function", func("abs", cents()), "abs(account.cents)"),
      value("count of distinct", func::count(distinct(owner())), "count(DISTINCT account.owner)"),
      value("count with a filter", func::count().filter(cents() > 5), "count(*) FILTER (WHERE account.cents > $1)"),
      value("a window", func::row_number().over({owner()}, {cents().desc()}),
            "row_number() OVER (PARTITION BY account.owner ORDER BY account.cents DESC)"),
      value("a window with a frame", func::sum(cents()).over({}, {id()}, "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW"),
            "sum(account.cents) OVER (ORDER BY account.id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)"),
      value("string_agg", func::string_agg(owner(), literal_column("','")), "string_agg(account.owner, ',')",
            "group_concat(account.owner, ',')"),
      {"now, from nowhere", select(func::now().label("x")), "SELECT now() AS x", "SELECT CURRENT_TIMESTAMP AS x"},
      value("EXTRACT", extract("year", opened()), "EXTRACT(year FROM account.opened)",
            "CAST(STRFTIME('%Y', account.opened) AS INTEGER)"),
      value("type_coerce says nothing", type_coerce(cents(), Integer()), "account.cents"),
      value("a scalar subquery", cents() + select(func::count(name())).where(name() == owner()).scalar_subquery(),
            "account.cents + (SELECT count(person.name) AS count_1 FROM person WHERE person.name = account.owner)"),
  };
}

std::vector<Shape> selects() {
  const auto totals = select(owner(), func::sum(cents()).label("total")).group_by(owner());
  const auto sub = totals.subquery("totals");
  const auto cte = totals.cte("totals");
  const auto other = tables().account.alias("other");
  const auto unnamed = tables().account.alias();
  const auto start = select(literal(1, Integer()).label("n")).cte("counter", true);
  const auto counter = start.union_all(select((start.c("n") + 1).label("n")).where(start.c("n") < 10));
  return {
      {"a table", select(tables().account),
       "SELECT account.id, account.owner, account.cents, account.opened FROM account"},
      {"a quoted name", select(tables().person), "SELECT person.name, person.age, person.\"Town\" FROM person"},
      {"two tables", select(id(), name()).where(owner() == name()),
       "SELECT account.id, person.name FROM account, person WHERE account.owner = person.name"},
      {"where twice", select(id()).where(cents() > 1).where(cents() < 5),
       "SELECT account.id FROM account WHERE account.cents > $1 AND account.cents < $2"},
      {"join on the foreign key", select(id(), age()).join(tables().person),
       "SELECT account.id, person.age FROM account JOIN person ON person.name = account.owner"},
      {"outerjoin", select(id(), age()).outerjoin(tables().person),
       "SELECT account.id, person.age FROM account LEFT OUTER JOIN person ON person.name = account.owner"},
      {"full join", select(id(), age()).join(tables().person, owner() == name(), false, true),
       "SELECT account.id, person.age FROM account FULL OUTER JOIN person ON account.owner = person.name"},
      {"select_from a join", select(id()).select_from(tables().person.join(tables().account)),
       "SELECT account.id FROM person JOIN account ON person.name = account.owner"},
      {"an alias", select(other.c("id"), id()).where(other.c("id") > id()),
       "SELECT other.id, account.id AS id_1 FROM account AS other, account WHERE other.id > account.id"},
      {"an alias without a name", select(unnamed.c("id")), "SELECT account_1.id FROM account AS account_1"},
      {"GROUP BY and HAVING", totals.having(func::sum(cents()) > 5),
       "SELECT account.owner, sum(account.cents) AS total FROM account GROUP BY account.owner HAVING sum(account.cents) > $1"},
      {"ORDER BY", select(id()).order_by(cents().desc().nulls_last(), id()),
       "SELECT account.id FROM account ORDER BY account.cents DESC NULLS LAST, account.id"},
      {"LIMIT and OFFSET", select(id()).order_by(id()).limit(5).offset(2),
       "SELECT account.id FROM account ORDER BY account.id LIMIT $1 OFFSET $2"},
      {"OFFSET alone", select(id()).offset(2), "SELECT account.id FROM account OFFSET $1",
       "SELECT account.id FROM account LIMIT -1 OFFSET ?1"},
      {"FETCH", select(id()).order_by(id()).fetch(5), "SELECT account.id FROM account ORDER BY account.id FETCH FIRST ($1) ROWS ONLY",
       "SELECT account.id FROM account ORDER BY account.id LIMIT ?1"},
      {"FETCH WITH TIES", select(id()).order_by(id()).fetch(5, true),
       "SELECT account.id FROM account ORDER BY account.id FETCH FIRST ($1) ROWS WITH TIES", "!SQLite has no FETCH … WITH TIES"},
      {"DISTINCT", select(owner()).distinct(), "SELECT DISTINCT account.owner FROM account"},
      {"DISTINCT ON", select(owner(), id()).distinct_on(owner()).order_by(owner(), id()),
       "SELECT DISTINCT ON (account.owner) account.owner, account.id FROM account ORDER BY account.owner, account.id",
       "!SQLite has no SELECT DISTINCT ON"},
      {"FOR UPDATE", select(id()).with_for_update(), "SELECT account.id FROM account FOR UPDATE",
       "SELECT account.id FROM account"},
      {"FOR UPDATE SKIP LOCKED", select(id()).with_for_update({.skip_locked = true, .of = {tables().account}}),
       "SELECT account.id FROM account FOR UPDATE OF account SKIP LOCKED", "SELECT account.id FROM account"},
      {"FOR SHARE NOWAIT", select(id()).with_for_update({.read = true, .nowait = true}),
       "SELECT account.id FROM account FOR SHARE NOWAIT", "SELECT account.id FROM account"},
      {"a subquery", select(sub.c("owner")).where(sub.c("total") > 5),
       "SELECT totals.owner FROM (SELECT account.owner, sum(account.cents) AS total FROM account GROUP BY account.owner) AS "
       "totals WHERE totals.total > $1"},
      {"a CTE", select(cte.c("owner")).where(cte.c("total") > 5),
       "WITH totals AS (SELECT account.owner, sum(account.cents) AS total FROM account GROUP BY account.owner) SELECT "
       "totals.owner FROM totals WHERE totals.total > $1"},
      {"a recursive CTE", select(counter.c("n")),
       "WITH RECURSIVE counter(n) AS (SELECT $1 AS n UNION ALL SELECT counter.n + $2 AS n FROM counter WHERE counter.n < $3) "
       "SELECT counter.n FROM counter"},
      {"UNION ALL", union_all(select(id()).where(id() == 1), select(id()).where(id() == 2)).order_by(id()),
       "SELECT account.id FROM account WHERE account.id = $1 UNION ALL SELECT account.id FROM account WHERE account.id = $2 "
       "ORDER BY id"},
      {"EXCEPT of a limited select", except_(select(id()), select(id()).order_by(id()).limit(1)),
       "SELECT account.id FROM account EXCEPT (SELECT account.id FROM account ORDER BY account.id LIMIT $1)",
       "SELECT account.id FROM account EXCEPT SELECT * FROM (SELECT account.id FROM account ORDER BY account.id LIMIT ?1)"},
      {"LATERAL",
       select(name(), select(id()).where(owner() == name()).limit(1).lateral("newest").c("id")),
       "SELECT person.name, newest.id FROM person, LATERAL (SELECT account.id FROM account WHERE account.owner = person.name "
       "LIMIT $1) AS newest",
       "!SQLite has no LATERAL"},
      {"a label is ordered by its name", select(func::count(id()).label("n"), owner()).group_by(owner()),
       "SELECT count(account.id) AS n, account.owner FROM account GROUP BY account.owner"},
  };
}

std::vector<Shape> changes() {
  const auto one = insert(tables().person).values("name", "x", "age", 5);
  const auto kept = insert(tables().person).values("name", "x", "age", 6);
  return {
      {"INSERT", one, "INSERT INTO person (name, age) VALUES ($1, $2)"},
      {"INSERT of an expression", insert(tables().person).values("name", func::lower("X"), "age", nullptr),
       "INSERT INTO person (name, age) VALUES (lower($1), NULL)"},
      {"INSERT of several rows",
       insert(tables().person).values(std::vector<Parameters>{params("name", "a", "age", 1), params("name", "b", "age", 2)}),
       "INSERT INTO person (name, age) VALUES ($1, $2), ($3, $4)"},
      {"INSERT FROM SELECT", insert(tables().person).from_select({"name"}, select(owner() + "x").where(id() == 1)),
       "INSERT INTO person (name) SELECT account.owner || $1 AS anon_1 FROM account WHERE account.id = $2"},
      {"RETURNING", one.returning(name(), age()),
       "INSERT INTO person (name, age) VALUES ($1, $2) RETURNING person.name, person.age",
       "INSERT INTO person (name, age) VALUES (?1, ?2) RETURNING name, age"},
      {"ON CONFLICT DO NOTHING", one.on_conflict_do_nothing(),
       "INSERT INTO person (name, age) VALUES ($1, $2) ON CONFLICT DO NOTHING"},
      {"ON CONFLICT DO UPDATE",
       kept.on_conflict_do_update({.index_elements = {"name"}}, {{"age", kept.excluded("age") + age()}}, age() > 3),
       "INSERT INTO person (name, age) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET age = excluded.age + person.age WHERE "
       "person.age > $3"},
      {"UPDATE", update(tables().account).where(id() == 1).values("cents", cents() + 5),
       "UPDATE account SET cents = account.cents + $1 WHERE account.id = $2"},
      {"UPDATE FROM", update(tables().account).where(owner() == name() && age() > 3).values("cents", 0),
       "UPDATE account SET cents = $1 FROM person WHERE account.owner = person.name AND person.age > $2"},
      {"UPDATE RETURNING", update(tables().account).values("cents", 1).returning(id()),
       "UPDATE account SET cents = $1 RETURNING account.id", "UPDATE account SET cents = ?1 RETURNING id"},
      {"DELETE", delete_(tables().account).where(cents() == 0), "DELETE FROM account WHERE account.cents = $1"},
      {"DELETE USING", delete_(tables().account).where(owner() == name() && age() > 3),
       "DELETE FROM account USING person WHERE account.owner = person.name AND person.age > $1", "!SQLite's DELETE names one table"},
      {"DELETE of what a subquery says", delete_(tables().account).where(owner().in_(select(name()).where(age() > 3))),
       "DELETE FROM account WHERE account.owner IN (SELECT person.name FROM person WHERE person.age > $1)"},
      {"DELETE in a CTE",
       [] {
         const auto gone = delete_(tables().account).where(cents() == 0).returning(id()).cte("gone");
         return Statement(select(func::count(gone.c("id")).label("n")));
       }(),
       "WITH gone AS (DELETE FROM account WHERE account.cents = $1 RETURNING account.id) SELECT count(gone.id) AS n FROM gone",
       "!SQLite changes no data in a common table expression"},
  };
}

}  // namespace shapes
