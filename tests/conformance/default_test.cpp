// SPDX-License-Identifier: BSL-1.0
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <greenway/db/schema_changes.hpp>
#include <greenway/sql/dml.hpp>
#include <greenway/sql/func.hpp>
#include <greenway/sql/schema.hpp>
#include <greenway/sql/select.hpp>

#include "../db/database.hpp"

namespace gw = greenway;
using database::everywhere;

namespace {

/// A table whose columns have defaults of each kind; `calls` counts those of the function.
struct Things {
  explicit Things(int& calls)
      : table("thing", metadata, gw::Column("id", gw::Integer(), gw::primary_key), gw::Column("name", gw::String(20)),
              gw::Column("kind", gw::String(20), gw::default_("plain"), gw::onupdate("changed")),
              gw::Column("number", gw::Integer(), gw::default_([&calls] { return gw::Value(++calls); }),
                         gw::onupdate([&calls] { return gw::Value(100 + ++calls); })),
              gw::Column("shout", gw::String(20), gw::default_(gw::func::upper("quiet")),
                         gw::onupdate(gw::func::lower("LOUD"))),
              gw::Column("price", gw::Numeric(10, 2), gw::default_(gw::Decimal("1.50")))) {}

  gw::MetaData metadata;
  gw::Table table;
};

/// "name kind number shout price" of each row.
std::vector<std::string> contents(gw::Connection& connection, const gw::Table& table) {
  std::vector<std::string> rows;
  for (const gw::Row& row : connection.execute(gw::select(table).order_by(table.c("id")))) {
    rows.push_back(row.get<std::optional<std::string>>("name").value_or("-") + ' ' +
                   row.get<std::optional<std::string>>("kind").value_or("-") + ' ' +
                   std::to_string(row.get<std::optional<int>>("number").value_or(-1)) + ' ' +
                   row.get<std::string>("shout") + ' ' + row.get<gw::Decimal>("price").rounded(2).str());
  }
  return rows;
}

using Rows = std::vector<std::string>;

}  // namespace

TEST_CASE("an INSERT puts defaults into the columns that it has no value for, a function's anew for each row") {
  everywhere([](const gw::Engine& engine) {
    int calls = 0;
    const Things things(calls);
    gw::Connection connection = engine.connect();
    things.metadata.create_all(connection);

    connection.execute(gw::insert(things.table).values("name", "one"));
    connection.execute(gw::insert(things.table).values("name", "two", "number", 77, "kind", nullptr));
    connection.execute(gw::insert(things.table));
    connection.execute(gw::insert(things.table)
                           .values(std::vector<gw::Parameters>{gw::params("name", "x"), gw::params("name", "y"),
                                                               gw::params("name", "z")}));
    const int id =
        connection.scalar<int>(gw::insert(things.table).values("name", "last").returning(things.table.c("number")));

    CHECK(id == 6);
    CHECK(contents(connection, things.table) ==
          Rows{"one plain 1 QUIET 1.50", "two - 77 QUIET 1.50", "- plain 2 QUIET 1.50", "x plain 3 QUIET 1.50",
               "y plain 4 QUIET 1.50", "z plain 5 QUIET 1.50", "last plain 6 QUIET 1.50"});
  });
}

TEST_CASE("an INSERT from a SELECT has the defaults as well, a function's once") {
  everywhere([](const gw::Engine& engine) {
    int calls = 0;
    const Things things(calls);
    gw::Connection connection = engine.connect();
    things.metadata.create_all(connection);
    const gw::Table& t = things.table;
    connection.execute(gw::insert(t).values(
        std::vector<gw::Parameters>{gw::params("name", "x", "number", 50), gw::params("name", "y", "number", 51)}));

    connection.execute(gw::insert(t).from_select({"name"}, gw::select(t.c("name")).order_by(t.c("id"))));

    CHECK(contents(connection, t) ==
          Rows{"x plain 50 QUIET 1.50", "y plain 51 QUIET 1.50", "x plain 1 QUIET 1.50", "y plain 1 QUIET 1.50"});
  });
}

TEST_CASE("an UPDATE puts onupdate into the columns that it does not set, anew each time") {
  everywhere([](const gw::Engine& engine) {
    int calls = 0;
    const Things things(calls);
    gw::Connection connection = engine.connect();
    things.metadata.create_all(connection);
    const gw::Table& t = things.table;
    connection.execute(gw::insert(t).values("name", "one"));
    const auto rename = gw::update(t).where(t.c("name") == "one").values("name", "one");

    connection.execute(rename);
    CHECK(contents(connection, t) == Rows{"one changed 102 loud 1.50"});
    connection.execute(rename);
    CHECK(contents(connection, t) == Rows{"one changed 103 loud 1.50"});
    connection.execute(rename.values("kind", "said", "number", 1));
    CHECK(contents(connection, t) == Rows{"one said 1 loud 1.50"});
    CHECK(calls == 3);
  });
}

TEST_CASE("a default may ask the database through the same connection") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    gw::MetaData metadata;
    const gw::Table t(
        "numbered", metadata, gw::Column("id", gw::Integer(), gw::primary_key),
        gw::Column("count", gw::Integer(), gw::default_([&connection] {
                     return gw::Value(connection.scalar<std::int64_t>(gw::text("SELECT count(*) FROM numbered")));
                   })));
    metadata.create_all(connection);
    connection.execute(gw::insert(t));
    connection.execute(gw::insert(t));
    CHECK(connection.scalar<int>(gw::select(t.c("count")).order_by(t.c("id").desc()).limit(1)) == 1);
  });
}
