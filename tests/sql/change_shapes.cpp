// SPDX-License-Identifier: BSL-1.0
#include "shape_tables.hpp"

namespace shapes {

std::vector<Shape> changes() {
  const Table& account = tables().account;
  const Table& person = tables().person;
  const auto one = insert(person).values("name", "x", "age", 5);
  const auto other = person.alias("other");
  const std::string inserted = "INSERT INTO person (name, age) VALUES ($1, $2)";
  const std::string inserted_on_sqlite = "INSERT INTO person (name, age) VALUES (?1, ?2)";
  return {
      {"INSERT", one, inserted},
      {"INSERT of defaults alone", insert(tables().note), "INSERT INTO note DEFAULT VALUES"},
      {"INSERT of an expression", insert(person).values("name", func::lower("X"), "age", nullptr),
       "INSERT INTO person (name, age) VALUES (lower($1), NULL)"},
      {"INSERT of a select", insert(person).values("name", "y", "age", select(func::max(id()))),
       "INSERT INTO person (name, age) VALUES ($1, (SELECT max(account.id) AS max_1 FROM account))"},
      {"INSERT of values named one by one", insert(person).values("name", "a").values("age", 1).values("name", "b"), inserted},
      {"INSERT into a quoted column", insert(person).values("name", "z", "Town", "here"),
       "INSERT INTO person (name, \"Town\") VALUES ($1, $2)"},
      Shape("INSERT of named parameters", insert(person).values("name", bindparam("who"), "age", bindparam("years") + 1),
            "INSERT INTO person (name, age) VALUES ($1, $2 + $3)")
          .given(params("who", "q", "years", 3)),
      {"INSERT of several rows",
       insert(person).values(std::vector<Parameters>{params("name", "a", "age", 1), params("name", "b", "age", nullptr)}),
       "INSERT INTO person (name, age) VALUES ($1, $2), ($3, NULL)"},
      {"INSERT FROM SELECT", insert(person).from_select({"name"}, select(owner() + "x").where(id() == 1)),
       "INSERT INTO person (name) SELECT account.owner || $1 AS anon_1 FROM account WHERE account.id = $2"},
      {"INSERT FROM a union", insert(person).from_select({"name"}, union_(select(owner() + "y"), select(name() + "z"))),
       "INSERT INTO person (name) SELECT account.owner || $1 AS anon_1 FROM account UNION SELECT person.name || $2 AS anon_1 "
       "FROM "
       "person"},
      {"RETURNING", one.returning(name(), age()), inserted + " RETURNING person.name, person.age",
       inserted_on_sqlite + " RETURNING name, age"},
      {"RETURNING a table", one.returning(person), inserted + " RETURNING person.name, person.age, person.\"Town\"",
       inserted_on_sqlite + " RETURNING name, age, \"Town\""},
      {"RETURNING an expression", one.returning((age() + 1).label("next"), func::upper(name())),
       inserted + " RETURNING person.age + $3 AS next, upper(person.name) AS upper_1",
       inserted_on_sqlite + " RETURNING age + ?3 AS next, upper(name) AS upper_1"},
      {"RETURNING of several rows",
       insert(person).values(std::vector<Parameters>{params("name", "a"), params("name", "b")}).returning(name()),
       "INSERT INTO person (name) VALUES ($1), ($2) RETURNING person.name",
       "INSERT INTO person (name) VALUES (?1), (?2) RETURNING name"},
      {"UPDATE", update(account).where(id() == 1).values("cents", cents() + 5),
       "UPDATE account SET cents = account.cents + $1 WHERE account.id = $2"},
      {"UPDATE of several columns",
       update(person).where(age() > 1).where(age() < 5).values("age", nullptr, "Town", func::lower(name())),
       "UPDATE person SET age = NULL, \"Town\" = lower(person.name) WHERE person.age > $1 AND person.age < $2"},
      {"UPDATE to a select", update(person).values("age", select(func::count(id())).where(owner() == name())),
       "UPDATE person SET age = (SELECT count(account.id) AS count_1 FROM account WHERE account.owner = person.name)"},
      {"UPDATE where there is a row", update(person).where(exists(select(id()).where(owner() == name()))).values("age", 1),
       "UPDATE person SET age = $1 WHERE EXISTS (SELECT account.id FROM account WHERE account.owner = person.name)"},
      {"UPDATE FROM", update(account).where(owner() == name() && age() > 3).values("cents", age()),
       "UPDATE account SET cents = person.age FROM person WHERE account.owner = person.name AND person.age > $1"},
      {"UPDATE FROM an alias of itself", update(person).where(other.c("name") == name()).values("age", other.c("age") + 1),
       "UPDATE person SET age = other.age + $1 FROM person AS other WHERE other.name = person.name"},
      {"UPDATE RETURNING", update(account).values("cents", 1).returning(id(), cents()),
       "UPDATE account SET cents = $1 RETURNING account.id, account.cents",
       "UPDATE account SET cents = ?1 RETURNING id, cents"},
      {"DELETE", delete_(account).where(cents() == 0), "DELETE FROM account WHERE account.cents = $1"},
      {"DELETE of all", delete_(tables().note), "DELETE FROM note"},
      {"DELETE RETURNING", delete_(account).where(cents() > 0).returning(id()),
       "DELETE FROM account WHERE account.cents > $1 RETURNING account.id",
       "DELETE FROM account WHERE account.cents > ?1 RETURNING id"},
      {"DELETE USING", delete_(account).where(owner() == name() && age() > 3),
       "DELETE FROM account USING person WHERE account.owner = person.name AND person.age > $1",
       "!SQLite's DELETE names one table"},
      {"DELETE of what a subquery says", delete_(account).where(owner().in_(select(name()).where(age() > 3))),
       "DELETE FROM account WHERE account.owner IN (SELECT person.name FROM person WHERE person.age > $1)"},
      {"DELETE of what nothing refers to", delete_(person).where(!exists(select(id()).where(owner() == name()))),
       "DELETE FROM person WHERE NOT EXISTS (SELECT account.id FROM account WHERE account.owner = person.name)"},
  };
}

std::vector<Shape> upserts() {
  const Table& note = tables().note;
  const auto one = insert(tables().person).values("name", "x", "age", 6);
  const std::string inserted = "INSERT INTO person (name, age) VALUES ($1, $2) ON CONFLICT ";
  const std::string inserted_on_sqlite = "INSERT INTO person (name, age) VALUES (?1, ?2) ON CONFLICT ";
  const ConflictTarget by_name{.index_elements = {"name"}};
  const Assignments newer = {{"age", one.excluded("age")}};
  const auto renamed = insert(tables().person).from_select({"name"}, select(owner()));
  return {
      {"ON CONFLICT DO NOTHING", one.on_conflict_do_nothing(), inserted + "DO NOTHING"},
      {"ON CONFLICT of a column DO NOTHING", one.on_conflict_do_nothing(by_name), inserted + "(name) DO NOTHING"},
      {"ON CONFLICT of a constraint", one.on_conflict_do_nothing({.constraint = "person_pkey"}),
       inserted + "ON CONSTRAINT person_pkey DO NOTHING", "!SQLite's ON CONFLICT names no constraint"},
      {"ON CONFLICT of a partial index",
       insert(note).values("id", 1).on_conflict_do_nothing({.index_elements = {"id"}, .index_where = note.c("id") > 0}),
       "INSERT INTO note (id) VALUES ($1) ON CONFLICT (id) WHERE id > $2 DO NOTHING"},
      {"ON CONFLICT DO UPDATE", one.on_conflict_do_update(by_name, newer),
       inserted + "(name) DO UPDATE SET age = excluded.age"},
      {"ON CONFLICT DO UPDATE of an expression",
       one.on_conflict_do_update(by_name, {{"age", one.excluded("age") + age()}, {"Town", "there"}}, age() > 3),
       inserted + "(name) DO UPDATE SET age = excluded.age + person.age, \"Town\" = $3 WHERE person.age > $4"},
      {"ON CONFLICT DO UPDATE where the new row says so",
       one.on_conflict_do_update(by_name, newer, age().is_distinct_from(one.excluded("age"))),
       inserted + "(name) DO UPDATE SET age = excluded.age WHERE person.age IS DISTINCT FROM excluded.age",
       inserted_on_sqlite + "(name) DO UPDATE SET age = excluded.age WHERE person.age IS NOT excluded.age"},
      {"ON CONFLICT DO UPDATE RETURNING", one.on_conflict_do_update(by_name, newer).returning(age()),
       inserted + "(name) DO UPDATE SET age = excluded.age RETURNING person.age",
       inserted_on_sqlite + "(name) DO UPDATE SET age = excluded.age RETURNING age"},
      {"ON CONFLICT of several rows",
       insert(tables().person)
           .values(std::vector<Parameters>{params("name", "a", "age", 1), params("name", "b", "age", 2)})
           .on_conflict_do_update(by_name, newer),
       "INSERT INTO person (name, age) VALUES ($1, $2), ($3, $4) ON CONFLICT (name) DO UPDATE SET age = excluded.age"},
      {"ON CONFLICT behind FROM", renamed.on_conflict_do_nothing(),
       "INSERT INTO person (name) SELECT account.owner FROM account ON CONFLICT DO NOTHING",
       "INSERT INTO person (name) SELECT account.owner FROM account WHERE true ON CONFLICT DO NOTHING"},
      {"ON CONFLICT behind GROUP BY",
       insert(tables().person).from_select({"name"}, select(owner()).group_by(owner())).on_conflict_do_nothing(),
       "INSERT INTO person (name) SELECT account.owner FROM account GROUP BY account.owner ON CONFLICT DO NOTHING"},
      {"ON CONFLICT behind a join",
       insert(tables().person).from_select({"name"}, select(owner()).join(tables().person)).on_conflict_do_nothing(by_name),
       "INSERT INTO person (name) SELECT account.owner FROM account JOIN person ON person.name = account.owner ON CONFLICT "
       "(name) DO "
       "NOTHING",
       "INSERT INTO person (name) SELECT account.owner FROM account JOIN person ON person.name = account.owner WHERE true ON "
       "CONFLICT (name) DO NOTHING"},
      {"ON CONFLICT behind a union",
       insert(tables().person)
           .from_select({"name"}, union_(select(owner()).where(id() == 1), select(name())))
           .on_conflict_do_nothing(),
       "INSERT INTO person (name) SELECT account.owner FROM account WHERE account.id = $1 UNION SELECT person.name FROM "
       "person ON "
       "CONFLICT DO NOTHING",
       "INSERT INTO person (name) SELECT account.owner FROM account WHERE account.id = ?1 UNION SELECT person.name FROM "
       "person WHERE "
       "true ON CONFLICT DO NOTHING"},
  };
}

}  // namespace shapes
