// SPDX-License-Identifier: BSL-1.0
#include "shape_tables.hpp"

namespace shapes {

namespace {

Select totals() { return select(owner(), func::sum(cents()).label("total")).group_by(owner()); }

const std::string totals_sql = "SELECT account.owner, sum(account.cents) AS total FROM account GROUP BY account.owner";

}  // namespace

std::vector<Shape> subqueries() {
  const Table& account = tables().account;
  const Table& person = tables().person;
  const auto sub = totals().subquery("totals");
  const auto unnamed = totals().subquery();
  const auto of_person = select(func::count(id())).where(owner() == name());
  const auto other = account.alias("other");
  const auto newest = select(id()).where(owner() == name()).order_by(id().desc()).limit(1).lateral("newest");
  return {
      {"a subquery", select(sub.c("owner")).where(sub.c("total") > 5),
       "SELECT totals.owner FROM (" + totals_sql + ") AS totals WHERE totals.total > $1"},
      {"a subquery without a name", select(unnamed), "SELECT anon_1.owner, anon_1.total FROM (" + totals_sql + ") AS anon_1"},
      {"an alias of a subquery", select(sub.alias("again").c("total")),
       "SELECT again.total FROM (" + totals_sql + ") AS again"},
      {"an alias of an alias", select(other.alias("again").c("id"), other.c("id")),
       "SELECT again.id, other.id AS id_1 FROM account AS again, account AS other"},
      {"a join with a subquery", select(id()).join(sub, sub.c("owner") == owner()),
       "SELECT account.id FROM account JOIN (" + totals_sql + ") AS totals ON totals.owner = account.owner"},
      {"a subquery of a subquery", select(select(sub.c("total")).subquery("inside")),
       "SELECT inside.total FROM (SELECT totals.total FROM (" + totals_sql + ") AS totals) AS inside"},
      {"a subquery names what has no name", select(select(id(), id(), cents() + 1, func::count().over()).subquery("s")),
       "SELECT s.id, s.id_1, s.anon_1, s.anon_2 FROM (SELECT account.id, account.id AS id_1, account.cents + $1 AS anon_1, "
       "count(*) "
       "OVER () AS anon_2 FROM account) AS s"},
      value("a scalar subquery", cents() + select(func::count(name())).where(name() == owner()).scalar_subquery(),
            "account.cents + (SELECT count(person.name) AS count_1 FROM person WHERE person.name = account.owner)"),
      {"a scalar subquery with a label", select(name(), of_person.label("n")).order_by("n"),
       "SELECT person.name, (SELECT count(account.id) AS count_1 FROM account WHERE account.owner = person.name) AS n FROM "
       "person "
       "ORDER BY n"},
      condition("a select as a value", cents() > select(func::avg(age())),
                "account.cents > (SELECT avg(person.age) AS avg_1 FROM person)"),
      condition(
          "a subquery two levels down",
          exists(select(name()).where(name() == owner() && exists(select(other.c("id")).where(other.c("owner") == name())))),
          "EXISTS (SELECT person.name FROM person WHERE person.name = account.owner AND EXISTS (SELECT other.id FROM account "
          "AS other WHERE other.owner = person.name))"),
      condition("a select of what is outside keeps its FROM", cents() == select(func::max(cents())),
                "account.cents = (SELECT max(account.cents) AS max_1 FROM account)"),
      condition("correlate says what is left out", exists(select(name()).where(name() == owner()).correlate({account})),
                "EXISTS (SELECT person.name FROM person WHERE person.name = account.owner)"),
      condition("correlate to nothing", exists(select(name()).where(name() == owner()).correlate({})),
                "EXISTS (SELECT person.name FROM person, account WHERE person.name = account.owner)"),
      condition("correlate_except", exists(select(name()).where(name() == owner()).correlate_except({person})),
                "EXISTS (SELECT person.name FROM person WHERE person.name = account.owner)"),
      {"what stands in FROM is not correlated", select(select(id()).where(cents() > 1).subquery("s").c("id")).where(id() == 1),
       "SELECT s.id FROM (SELECT account.id FROM account WHERE account.cents > $1) AS s, account WHERE account.id = $2"},
      {"LATERAL", select(name(), newest.c("id")),
       "SELECT person.name, newest.id FROM person, LATERAL (SELECT account.id FROM account WHERE account.owner = person.name "
       "ORDER "
       "BY account.id DESC LIMIT $1) AS newest",
       "!SQLite has no LATERAL"},
      {"an outer join with LATERAL", select(name()).outerjoin(newest, true_()),
       "SELECT person.name FROM person LEFT OUTER JOIN LATERAL (SELECT account.id FROM account WHERE account.owner = "
       "person.name "
       "ORDER BY account.id DESC LIMIT $1) AS newest ON true",
       "!SQLite has no LATERAL"},
  };
}

std::vector<Shape> ctes() {
  const Table& note = tables().note;
  const auto cte = totals().cte("totals");
  const auto rich = select(cte.c("owner")).where(cte.c("total") > 5).cte("rich");
  const auto start = select(literal(1, Integer()).label("n")).cte("counter", true);
  const auto counter = start.union_all(select((start.c("n") + 1).label("n")).where(start.c("n") < 10));
  const auto roots = select(note.c("id"), note.c("parent")).where(note.c("parent") == nullptr).cte("tree");
  const auto tree = roots.union_(select(note.c("id"), note.c("parent")).where(note.c("parent") == roots.c("id")));
  const auto again = cte.alias("again");
  const std::string gone_sql = "WITH gone AS (DELETE FROM account WHERE account.cents = $1 RETURNING account.id) ";
  const std::string refused = "!SQLite changes no data in a common table expression";
  const auto gone = delete_(tables().account).where(cents() == 0).returning(id()).cte("gone");
  const auto made = insert(tables().person).values("name", "cte").returning(name()).cte("made");
  const auto set = update(tables().person).values("age", 1).returning(name()).cte("changed");
  return {
      {"a CTE", select(cte.c("owner")).where(cte.c("total") > 5),
       "WITH totals AS (" + totals_sql + ") SELECT totals.owner FROM totals WHERE totals.total > $1"},
      {"a CTE without a name", select(totals().cte()),
       "WITH anon_1 AS (" + totals_sql + ") SELECT anon_1.owner, anon_1.total FROM anon_1"},
      {"a CTE of a CTE", select(rich),
       "WITH totals AS (" + totals_sql +
           "), rich AS (SELECT totals.owner FROM totals WHERE "
           "totals.total > $1) SELECT rich.owner FROM rich"},
      {"a CTE twice", select(cte.c("owner")).join(again, again.c("total") == cte.c("total")),
       "WITH totals AS (" + totals_sql +
           ") SELECT totals.owner FROM totals JOIN totals AS again ON again.total = totals.total"},
      {"a CTE in a subquery", ids_where(owner().in_(select(cte.c("owner")))),
       "WITH totals AS (" + totals_sql +
           ") SELECT account.id FROM account WHERE account.owner IN (SELECT totals.owner FROM totals)"},
      {"a recursive CTE", select(counter.c("n")),
       "WITH RECURSIVE counter(n) AS (SELECT $1 AS n UNION ALL SELECT counter.n + $2 AS n FROM counter WHERE counter.n < $3) "
       "SELECT counter.n FROM counter"},
      {"a recursive CTE of a tree", select(tree.c("id")).order_by(tree.c("parent")),
       "WITH RECURSIVE tree(id, parent) AS (SELECT note.id, note.parent FROM note WHERE note.parent IS NULL UNION SELECT "
       "note.id, "
       "note.parent FROM note, tree WHERE note.parent = tree.id) SELECT tree.id FROM tree ORDER BY tree.parent"},
      {"a CTE nobody asks", select(id()).add_cte(cte), "WITH totals AS (" + totals_sql + ") SELECT account.id FROM account"},
      {"DELETE in a CTE", select(func::count(gone.c("id")).label("n")), gone_sql + "SELECT count(gone.id) AS n FROM gone",
       refused},
      {"DELETE in a CTE nobody asks", select(age()).add_cte(gone), gone_sql + "SELECT person.age FROM person", refused},
      {"INSERT in a CTE", select(made.c("name")),
       "WITH made AS (INSERT INTO person (name) VALUES ($1) RETURNING person.name) SELECT made.name FROM made", refused},
      {"UPDATE in a CTE", select(func::count(set.c("name"))),
       "WITH changed AS (UPDATE person SET age = $1 RETURNING person.name) SELECT count(changed.name) AS count_1 FROM changed",
       refused},
      {"DELETE of what a CTE says", delete_(tables().account).where(owner().in_(select(rich.c("owner")))),
       "WITH totals AS (" + totals_sql +
           "), rich AS (SELECT totals.owner FROM totals WHERE totals.total > $1) DELETE FROM account "
           "WHERE account.owner IN (SELECT rich.owner FROM rich)"},
      {"INSERT of what a CTE says",
       insert(tables().person).from_select({"name"}, select(rich.c("owner") + "!").where(rich.c("owner") > "x")),
       "WITH totals AS (" + totals_sql +
           "), rich AS (SELECT totals.owner FROM totals WHERE totals.total > $1) INSERT INTO person "
           "(name) SELECT rich.owner || $2 AS anon_1 FROM rich WHERE rich.owner > $3"},
      {"UPDATE beside a DELETE", update(tables().person).values("age", 2).add_cte(gone),
       gone_sql + "UPDATE person SET age = $2", refused},
  };
}

std::vector<Shape> compounds() {
  const auto some = [](int n) { return select(id()).where(id() == n); };
  const auto limited = select(id()).order_by(id().desc()).limit(1);
  const std::string all = "SELECT account.id FROM account";
  const ColumnElement lowered = func::lower(owner()).label("x");
  return {
      {"UNION", union_(some(1), some(2)), all + " WHERE account.id = $1 UNION " + all + " WHERE account.id = $2"},
      {"UNION ALL of three", union_all(some(1), some(2), select(age())),
       all + " WHERE account.id = $1 UNION ALL " + all + " WHERE account.id = $2 UNION ALL SELECT person.age FROM person"},
      {"INTERSECT", some(1).intersect(select(age())), all + " WHERE account.id = $1 INTERSECT SELECT person.age FROM person"},
      {"EXCEPT", except_(select(id()), some(1)), all + " EXCEPT " + all + " WHERE account.id = $1"},
      {"INTERSECT ALL", intersect_all(select(id()), some(1)), all + " INTERSECT ALL " + all + " WHERE account.id = $1",
       "!SQLite has no INTERSECT ALL"},
      {"EXCEPT ALL", except_all(select(id()), some(1)), all + " EXCEPT ALL " + all + " WHERE account.id = $1",
       "!SQLite has no EXCEPT ALL"},
      {"UNION in an order", union_(some(1), some(2)).order_by(id().desc()).limit(1).offset(1),
       all + " WHERE account.id = $1 UNION " + all + " WHERE account.id = $2 ORDER BY id DESC LIMIT $3 OFFSET $4"},
      {"UNION ordered by a label", union_(select(lowered), select(name())).order_by(lowered, desc("x")),
       "SELECT lower(account.owner) AS x FROM account UNION SELECT person.name FROM person ORDER BY x, x DESC"},
      {"EXCEPT of a limited select", except_(select(id()), limited),
       all + " EXCEPT (" + all + " ORDER BY account.id DESC LIMIT $1)",
       all + " EXCEPT SELECT * FROM (" + all + " ORDER BY account.id DESC LIMIT ?1)"},
      {"UNION of a union", limited.union_all(union_(some(1), some(2))).order_by("id"),
       "(" + all + " ORDER BY account.id DESC LIMIT $1) UNION ALL (" + all + " WHERE account.id = $2 UNION " + all +
           " WHERE account.id = $3) ORDER BY id",
       "SELECT * FROM (" + all + " ORDER BY account.id DESC LIMIT ?1) UNION ALL SELECT * FROM (" + all +
           " WHERE account.id = ?2 UNION " + all + " WHERE account.id = ?3) ORDER BY id"},
      {"a subquery of a union", select(union_(some(1), select(age())).subquery("both").c("id")),
       "SELECT \"both\".id FROM (" + all + " WHERE account.id = $1 UNION SELECT person.age FROM person) AS \"both\""},
      condition("IN a union", id().in_(some(1).union_(select(age()))),
                "account.id IN (SELECT account.id FROM account WHERE account.id = $1 UNION SELECT person.age FROM person)"),
      {"a CTE of a union", select(some(1).union_all(some(2)).cte("two")),
       "WITH two AS (" + all + " WHERE account.id = $1 UNION ALL " + all + " WHERE account.id = $2) SELECT two.id FROM two"},
  };
}

std::vector<Shape> row_sources() {
  const Table& note = tables().note;
  const Table& account = tables().account;
  const auto entry = func("json_each", doc()).table_valued("key", column("value", JSON())).alias("entry");
  const FromClause renamed = static_cast<const FromClause&>(entry).alias("other");
  const func series("generate_series", 1, 3);
  const auto derived = series.table_valued(column("n", Integer())).alias("s").render_derived();
  const auto record = func("json_to_recordset", literal(JSONText{"[]"}, JSON()))
                          .table_valued(column("a", Integer()), column("b", Text()))
                          .alias("r")
                          .render_derived(true);
  const auto v = values({column("id", Integer()), column("name", String(9))}, "v").data({{1, "a"}, {2, nullptr}});
  return {
      {"a function in FROM", select(note.c("id"), entry.c("key")),
       "SELECT note.id, entry.key FROM note, json_each(note.doc) AS entry"},
      {"a join with a function", select(note.c("id")).outerjoin(entry, true_()),
       "SELECT note.id FROM note LEFT OUTER JOIN json_each(note.doc) AS entry ON true",
       "SELECT note.id FROM note LEFT OUTER JOIN json_each(note.doc) AS entry ON 1"},
      {"a function in FROM without a name", select(func("json_each", "{}").table_valued("key").c("key")),
       "SELECT anon_1.key FROM json_each($1) AS anon_1"},
      {"LATERAL of a function", select(note.c("id"), entry.lateral().c("key")),
       "SELECT note.id, entry.key FROM note, LATERAL json_each(note.doc) AS entry",
       "SELECT note.id, entry.key FROM note, json_each(note.doc) AS entry"},
      {"a function whose columns are named", select(derived.c("n")), "SELECT s.n FROM generate_series($1, $2) AS s (n)",
       "!SQLite has no names for the columns of a function"},
      {"a function whose columns have types", select(record),
       "SELECT r.a, r.b FROM json_to_recordset(CAST($1 AS JSON)) AS r (a INTEGER, b TEXT)",
       "!SQLite has no names for the columns of a function"},
      {"WITH ORDINALITY", select(derived.with_ordinality("i")),
       "SELECT s.n, s.i FROM generate_series($1, $2) WITH ORDINALITY AS s (n, i)",
       "!SQLite has no names for the columns of a function"},
      {"a function of one column", select(func("json_each", "{}").column_valued("item")),
       "SELECT item FROM json_each($1) AS item", "SELECT item.value AS item FROM json_each(?1) AS item"},
      {"a function of one column, of a table",
       select(note.c("id")).join(note.alias("n"), true_()).where(func("json_each", doc()).column_valued("item") != nullptr),
       "SELECT note.id FROM note JOIN note AS n ON true, json_each(note.doc) AS item WHERE item IS NOT NULL",
       "SELECT note.id FROM note JOIN note AS n ON 1, json_each(note.doc) AS item WHERE item.value IS NOT NULL"},
      {"an alias of a function", select(renamed.c("key")).select_from(note.join(renamed, true_())),
       "SELECT other.key FROM note JOIN json_each(note.doc) AS other ON true",
       "SELECT other.key FROM note JOIN json_each(note.doc) AS other ON 1"},
      {"an alias of VALUES", select(v.alias("w").c("name")),
       "SELECT w.name FROM (VALUES (CAST($1 AS INTEGER), CAST($2 AS VARCHAR(9))), ($3, NULL)) AS w (id, name)",
       "SELECT w.name FROM (SELECT column1 AS id, column2 AS name FROM (VALUES (?1, ?2), (?3, NULL))) AS w"},
      {"VALUES", select(v),
       "SELECT v.id, v.name FROM (VALUES (CAST($1 AS INTEGER), CAST($2 AS VARCHAR(9))), ($3, NULL)) AS v (id, name)",
       "SELECT v.id, v.name FROM (SELECT column1 AS id, column2 AS name FROM (VALUES (?1, ?2), (?3, NULL))) AS v"},
      {"a join with VALUES", select(account.c("id"), v.c("name")).join(v, v.c("id") == id()),
       "SELECT account.id, v.name FROM account JOIN (VALUES (CAST($1 AS INTEGER), CAST($2 AS VARCHAR(9))), ($3, NULL)) AS v "
       "(id, "
       "name) ON v.id = account.id",
       "SELECT account.id, v.name FROM account JOIN (SELECT column1 AS id, column2 AS name FROM (VALUES (?1, ?2), (?3, "
       "NULL))) AS v "
       "ON v.id = account.id"},
      {"UPDATE FROM VALUES", update(account).where(v.c("id") == id()).values("cents", v.c("id") * 100),
       "UPDATE account SET cents = v.id * $4 FROM (VALUES (CAST($1 AS INTEGER), CAST($2 AS VARCHAR(9))), ($3, NULL)) AS v "
       "(id, name) "
       "WHERE v.id = account.id",
       "UPDATE account SET cents = v.id * ?4 FROM (SELECT column1 AS id, column2 AS name FROM (VALUES (?1, ?2), (?3, NULL))) "
       "AS v "
       "WHERE v.id = account.id"},
  };
}

}  // namespace shapes
