// SPDX-License-Identifier: BSL-1.0
#include "shape_tables.hpp"

namespace shapes {

std::vector<Shape> selects() {
  const Table& account = tables().account;
  const Table& person = tables().person;
  const Table& note = tables().note;
  const auto totals = select(owner(), func::sum(cents()).label("total")).group_by(owner());
  const auto other = account.alias("other");
  const auto unnamed = account.alias();
  const auto parent = note.alias("parent");
  const ColumnElement sum = func::sum(cents()).label("total");
  return {
      {"a table", select(account), "SELECT account.id, account.owner, account.cents, account.opened FROM account"},
      {"a quoted name", select(person), "SELECT person.name, person.age, person.\"Town\" FROM person"},
      {"two tables", select(id(), name()).where(owner() == name()),
       "SELECT account.id, person.name FROM account, person WHERE account.owner = person.name"},
      {"columns chosen at run time", select(std::vector<ColumnElement>{id(), cents() + 1}),
       "SELECT account.id, account.cents + $1 AS anon_1 FROM account"},
      {"a column twice", select(id(), id()), "SELECT account.id, account.id AS id_1 FROM account"},
      {"labels", select(id().label("n"), (id() + 1).label("Next")),
       "SELECT account.id AS n, account.id + $1 AS \"Next\" FROM account"},
      {"a value from nowhere", select(literal(1).label("n")), "SELECT $1 AS n"},
      {"where twice", select(id()).where(cents() > 1).where(cents() < 5),
       "SELECT account.id FROM account WHERE account.cents > $1 AND account.cents < $2"},
      {"where a table is that nothing is selected from", select(id()).where(age() > 3),
       "SELECT account.id FROM account, person WHERE person.age > $1"},
      {"select_from", select(func::count()).select_from(account), "SELECT count(*) AS count_1 FROM account"},
      {"select_from what the columns name too", select(id()).select_from(account), "SELECT account.id FROM account"},
      {"join on the foreign key", select(id(), age()).join(person),
       "SELECT account.id, person.age FROM account JOIN person ON person.name = account.owner"},
      {"join of a function's table", select(func::max(cents())).join(person),
       "SELECT max(account.cents) AS max_1 FROM account JOIN person ON person.name = account.owner"},
      {"join on a condition", select(id()).join(person, owner() == name() && age() > 3),
       "SELECT account.id FROM account JOIN person ON account.owner = person.name AND person.age > $1"},
      {"outerjoin", select(id(), age()).outerjoin(person),
       "SELECT account.id, person.age FROM account LEFT OUTER JOIN person ON person.name = account.owner"},
      {"join isouter", select(name()).join(account, {}, true),
       "SELECT person.name FROM person LEFT OUTER JOIN account ON person.name = account.owner"},
      {"full join", select(id(), age()).join(person, owner() == name(), false, true),
       "SELECT account.id, person.age FROM account FULL OUTER JOIN person ON account.owner = person.name"},
      {"join_from", select(age(), id()).join_from(account, person),
       "SELECT person.age, account.id FROM account JOIN person ON person.name = account.owner"},
      {"select_from a join", select(id()).select_from(person.join(account)),
       "SELECT account.id FROM person JOIN account ON person.name = account.owner"},
      {"a join of a join", select(id()).join(person).join(other, other.c("id") == id()),
       "SELECT account.id FROM account JOIN person ON person.name = account.owner JOIN account AS other ON other.id = "
       "account.id"},
      {"a join on the right", select(id()).select_from(account.outerjoin(person.join(other), owner() == name())),
       "SELECT account.id FROM account LEFT OUTER JOIN (person JOIN account AS other ON person.name = other.owner) ON "
       "account.owner = person.name"},
      {"a join with itself",
       select(note.c("id"), parent.c("id")).select_from(note.join(parent, note.c("parent") == parent.c("id"))),
       "SELECT note.id, parent.id AS id_1 FROM note JOIN note AS parent ON note.parent = parent.id"},
      {"an alias", select(other.c("id"), id()).where(other.c("id") > id()),
       "SELECT other.id, account.id AS id_1 FROM account AS other, account WHERE other.id > account.id"},
      {"an alias without a name", select(unnamed.c("id")), "SELECT account_1.id FROM account AS account_1"},
      {"two aliases without a name", select(unnamed.c("id")).join(account.alias(), true_()),
       "SELECT account_1.id FROM account AS account_1 JOIN account AS account_2 ON true",
       "SELECT account_1.id FROM account AS account_1 JOIN account AS account_2 ON 1"},
      {"GROUP BY and HAVING", totals.having(func::sum(cents()) > 5),
       "SELECT account.owner, sum(account.cents) AS total FROM account GROUP BY account.owner HAVING sum(account.cents) > $1"},
      {"HAVING twice", totals.having(sum > 5).having(func::count() > 1),
       "SELECT account.owner, sum(account.cents) AS total FROM account GROUP BY account.owner HAVING sum(account.cents) > $1 "
       "AND "
       "count(*) > $2"},
      {"GROUP BY a label, in full", select((cents() % 2).label("cents"), func::count().label("n")).group_by("cents"),
       "SELECT account.cents % $1 AS cents, count(*) AS n FROM account GROUP BY account.cents % $1"},
      {"GROUP BY two expressions", select(func::count()).select_from(account).group_by(owner(), func::lower(owner())),
       "SELECT count(*) AS count_1 FROM account GROUP BY account.owner, lower(account.owner)"},
      {"ORDER BY", select(id()).order_by(cents().desc().nulls_last(), id()),
       "SELECT account.id FROM account ORDER BY account.cents DESC NULLS LAST, account.id"},
      {"ORDER BY NULLS FIRST", select(id()).order_by(nulls_first(asc(cents()))),
       "SELECT account.id FROM account ORDER BY account.cents ASC NULLS FIRST"},
      {"ORDER BY twice", select(id()).order_by(cents()).order_by(id()),
       "SELECT account.id FROM account ORDER BY account.cents, account.id"},
      {"ORDER BY an expression", select(id()).order_by((cents() * -1).desc()),
       "SELECT account.id FROM account ORDER BY account.cents * $1 DESC"},
      {"ORDER BY a condition", select(id()).order_by((cents() > 1 && id() > 1).desc()),
       "SELECT account.id FROM account ORDER BY account.cents > $1 AND account.id > $2 DESC"},
      {"ORDER BY a label", select(owner(), sum).group_by(owner()).order_by(sum.desc()),
       "SELECT account.owner, sum(account.cents) AS total FROM account GROUP BY account.owner ORDER BY total DESC"},
      {"ORDER BY the name of a label", totals.order_by(nulls_last(desc("total")), "owner"),
       "SELECT account.owner, sum(account.cents) AS total FROM account GROUP BY account.owner ORDER BY total DESC NULLS LAST, "
       "account.owner"},
      {"ORDER BY what a label is part of", select(owner(), sum).group_by(owner()).order_by(sum + 1),
       "SELECT account.owner, sum(account.cents) AS total FROM account GROUP BY account.owner ORDER BY sum(account.cents) + "
       "$1"},
      {"ORDER BY a label of nothing selected", select(id()).order_by(cents().label("c")),
       "SELECT account.id FROM account ORDER BY account.cents"},
      {"LIMIT and OFFSET", select(id()).order_by(id()).limit(5).offset(2),
       "SELECT account.id FROM account ORDER BY account.id LIMIT $1 OFFSET $2"},
      Shape("LIMIT a named parameter", select(id()).limit(bindparam("most") + 1),
            "SELECT account.id FROM account LIMIT $1 + $2")
          .given(params("most", 1)),
      {"OFFSET alone", select(id()).offset(2), "SELECT account.id FROM account OFFSET $1",
       "SELECT account.id FROM account LIMIT -1 OFFSET ?1"},
      {"FETCH", select(id()).order_by(id()).fetch(5),
       "SELECT account.id FROM account ORDER BY account.id FETCH FIRST ($1) ROWS ONLY",
       "SELECT account.id FROM account ORDER BY account.id LIMIT ?1"},
      {"FETCH with OFFSET", select(id()).order_by(id()).offset(1).fetch(5),
       "SELECT account.id FROM account ORDER BY account.id OFFSET ($2) ROWS FETCH FIRST ($1) ROWS ONLY",
       "SELECT account.id FROM account ORDER BY account.id LIMIT ?1 OFFSET ?2"},
      {"FETCH WITH TIES", select(id()).order_by(id()).fetch(5, true),
       "SELECT account.id FROM account ORDER BY account.id FETCH FIRST ($1) ROWS WITH TIES",
       "!SQLite has no FETCH … WITH TIES"},
      {"LIMIT takes the place of FETCH", select(id()).fetch(5).limit(3), "SELECT account.id FROM account LIMIT $1"},
      {"DISTINCT", select(owner()).distinct(), "SELECT DISTINCT account.owner FROM account"},
      {"DISTINCT ON", select(owner(), id()).distinct_on(owner()).order_by(owner(), id()),
       "SELECT DISTINCT ON (account.owner) account.owner, account.id FROM account ORDER BY account.owner, account.id",
       "!SQLite has no SELECT DISTINCT ON"},
      {"DISTINCT ON two expressions", select(id()).distinct_on(func::lower(owner()), cents() % 2),
       "SELECT DISTINCT ON (lower(account.owner), account.cents % $1) account.id FROM account",
       "!SQLite has no SELECT DISTINCT ON"},
      {"with_only_columns", select(account).where(id() == 1).with_only_columns({cents()}),
       "SELECT account.cents FROM account WHERE account.id = $1"},
      {"add_columns", select(id()).add_columns({age(), cents()}),
       "SELECT account.id, person.age, account.cents FROM account, person"},
      {"prefix_with", select(owner()).prefix_with("ALL"), "SELECT ALL account.owner FROM account"},
  };
}

std::vector<Shape> locks() {
  const Table& account = tables().account;
  const auto locked = [](std::string what, const ForUpdate& how, const std::string& postgresql) {
    return Shape(std::move(what), select(id()).with_for_update(how), "SELECT account.id FROM account " + postgresql,
                 "SELECT account.id FROM account");
  };
  return {
      locked("FOR UPDATE", {}, "FOR UPDATE"),
      locked("FOR UPDATE SKIP LOCKED of a table", {.skip_locked = true, .of = {account}}, "FOR UPDATE OF account SKIP LOCKED"),
      locked("FOR SHARE NOWAIT", {.read = true, .nowait = true}, "FOR SHARE NOWAIT"),
      locked("FOR NO KEY UPDATE", {.key_share = true}, "FOR NO KEY UPDATE"),
      locked("FOR KEY SHARE", {.read = true, .key_share = true}, "FOR KEY SHARE"),
      {"FOR UPDATE of an alias and a table",
       [&] {
         const auto other = account.alias("other");
         return select(id())
             .join(other, other.c("id") == id())
             .order_by(id())
             .limit(1)
             .with_for_update({.of = {other, account}});
       }(),
       "SELECT account.id FROM account JOIN account AS other ON other.id = account.id ORDER BY account.id LIMIT $1 FOR UPDATE "
       "OF "
       "other, account",
       "SELECT account.id FROM account JOIN account AS other ON other.id = account.id ORDER BY account.id LIMIT ?1"},
  };
}

}  // namespace shapes
