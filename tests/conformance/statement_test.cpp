// SPDX-License-Identifier: BSL-1.0
#include <string>
#include <vector>

#include <greenway/db/schema_changes.hpp>
#include <greenway/sql/ddl.hpp>

#include "../db/database.hpp"
#include "../sql/shapes.hpp"

namespace gw = greenway;
using database::everywhere;

namespace {

/// What is wrong with each statement that the database refuses.
std::string refused(gw::Connection& connection, bool is_sqlite) {
  std::string errors;
  for (const shapes::Shape& shape : shapes::all()) {
    if (is_sqlite && shape.sqlite.starts_with("!")) {
      continue;
    }
    try {
      auto savepoint = connection.begin_nested();
      connection.execute(shape.statement, shape.parameters);
    } catch (const gw::Error& error) {
      errors += shape.name + ": " + error.what() + "\n";
    }
  }
  return errors;
}

}  // namespace

TEST_CASE("each statement of the SQL layer is SQL to the database") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    shapes::metadata().create_all(connection);
    const bool is_sqlite = connection.dialect().kind() == gw::Dialect::Kind::sqlite;
    CHECK(refused(connection, is_sqlite) == "");
  });
}

TEST_CASE("each definition of the SQL layer is one to the database") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    const gw::Dialect& dialect = connection.dialect();
    const bool is_sqlite = dialect.kind() == gw::Dialect::Kind::sqlite;
    connection.exec_driver_sql("CREATE TABLE target (a INTEGER PRIMARY KEY, b INTEGER, c INTEGER, UNIQUE (b, c))");
    for (const shapes::Definition& definition : shapes::definitions()) {
      const std::string& compiled = is_sqlite && !definition.sqlite.empty() ? definition.sqlite : definition.postgresql;
      if (compiled.starts_with("!")) {
        continue;
      }
      std::string refused;
      try {
        auto savepoint = connection.begin_nested();
        connection.exec_driver_sql(gw::create_table_sql(definition.table, dialect));
        for (const std::string& sql : gw::create_index_sql(definition.table, dialect)) {
          connection.exec_driver_sql(sql);
        }
      } catch (const gw::Error& error) {
        refused = error.what();
      }
      CHECK(definition.name + ": " + refused == definition.name + ": ");
    }
  });
}

TEST_CASE("a regular expression is looked for anywhere in a text, and a wrong one is an error") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    const auto matches = [&](const char* text, const gw::Operand& pattern) {
      return connection.scalar<std::optional<std::int64_t>>(
          gw::select(gw::case_({{gw::literal(text, gw::Text()).regexp_match(pattern), 1}})));
    };
    CHECK(matches("greenway", "e+n") == 1);
    CHECK(matches("greenway", "^[a-n]+r") == 1);
    CHECK_FALSE(matches("greenway", "^e"));
    CHECK_FALSE(matches("greenway", nullptr));
    const std::string error = database::error_of<gw::DBAPIError>([&] { return matches("greenway", "(("); });
    CHECK_THAT(error, Catch::Matchers::Contains("REGEXP '(('") || Catch::Matchers::Contains("invalid regular expression"));
  });
}

TEST_CASE("tables are created, found and dropped in the order of their dependencies") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    shapes::metadata().create_all(connection);
    shapes::metadata().create_all(connection);
    connection.commit();
    CHECK(gw::has_table(connection, "account"));
    CHECK(gw::has_table(connection, "person"));
    shapes::metadata().drop_all(connection);
    shapes::metadata().drop_all(connection);
    connection.commit();
    CHECK_FALSE(gw::has_table(connection, "account"));
  });
}

TEST_CASE("a table is created and dropped by statements") {
  everywhere([](const gw::Engine& engine) {
    gw::MetaData metadata;
    const gw::Table t("t", metadata, gw::Column("id", gw::Integer(), gw::primary_key));
    const gw::Table u("u", metadata, gw::Column("name", gw::Text()));
    gw::Connection connection = engine.connect();
    for (int turn = 0; turn != 3; ++turn) {
      connection.execute(gw::CreateTable(t));
      connection.execute(gw::CreateTable(u));
      CHECK(gw::has_table(connection, "t"));
      CHECK(gw::has_table(connection, "u"));
      connection.execute(gw::DropTable(t));
      connection.execute(gw::DropTable(u));
      CHECK_FALSE(gw::has_table(connection, "t"));
      CHECK_FALSE(gw::has_table(connection, "u"));
    }
    CHECK(gw::DropTable(u).str() == "DROP TABLE u");
  });
}

TEST_CASE("many rows are inserted, updated and deleted by one statement with many sets of parameters") {
  everywhere([](const gw::Engine& engine) {
    gw::MetaData metadata;
    const gw::Table t("t", metadata, gw::Column("id", gw::Integer(), gw::primary_key), gw::Column("name", gw::String(20)),
                      gw::Column("size", gw::Integer(), gw::default_(7)));
    gw::Connection connection = engine.connect();
    metadata.create_all(connection);
    const gw::Result inserted =
        connection.execute(gw::insert(t), gw::rows(gw::params("name", "a"), gw::params("name", "b"), gw::params("name", nullptr)));
    CHECK(inserted.rowcount() == 3);
    CHECK_FALSE(inserted.returns_rows());
    CHECK(connection.execute(gw::insert(t), gw::params("name", "d", "size", 1)).rowcount() == 1);
    CHECK(connection.scalars<std::int64_t>(gw::select(t.c("size")).order_by(t.c("id"))).all() ==
          std::vector<std::int64_t>{7, 7, 7, 1});

    const auto renamed = gw::update(t).where(t.c("id") == gw::bindparam("which"));
    CHECK(connection.execute(renamed, gw::rows(gw::params("which", 1, "name", "x"), gw::params("which", 2, "name", "y"))).rowcount() == 2);
    CHECK(connection.scalar<std::string>(gw::select(t.c("name")).where(t.c("id") == 2)) == "y");
    const auto one = gw::delete_(t).where(t.c("id") == gw::bindparam("which"));
    CHECK(connection.execute(one, gw::rows({gw::params("which", 1), gw::params("which", 99)})).rowcount() == 1);

    CHECK(connection.execute(gw::insert(t), gw::rows(std::vector<gw::Parameters>())).rowcount() == 0);
    CHECK(connection.scalar<std::int64_t>(gw::select(gw::func::count()).select_from(t)) == 3);
    CHECK(database::error_of<gw::ArgumentError>([&] { return connection.execute(gw::insert(t), gw::params("colour", "red")); }) ==
          "table 't' has no column 'colour' to write a parameter to; it has: id, name, size");
    CHECK_THROWS_AS(connection.execute(gw::insert(t), gw::rows(gw::params("name", "e"), gw::params("size", 1))), gw::ArgumentError);
    CHECK_THROWS_AS(connection.execute(renamed.returning(t.c("id")), gw::rows(gw::params("which", 2, "name", "f"))),
                    gw::InvalidRequestError);
    CHECK(connection.scalar<std::int64_t>(gw::select(gw::func::count()).where(t.c("name") == "f").select_from(t)) == 0);
  });
}

TEST_CASE("rows are inserted, selected, updated and deleted through tables") {
  everywhere([](const gw::Engine& engine) {
    gw::MetaData metadata;
    const gw::Table t("t", metadata, gw::Column("id", gw::Integer(), gw::primary_key), gw::Column("name", gw::String(20)));
    gw::Connection connection = engine.connect();
    metadata.create_all(connection);
    const auto id = connection.scalar<std::int64_t>(gw::insert(t).values("name", "one").returning(t.c("id")));
    CHECK(id == 1);
    connection.execute(
        gw::insert(t).values(std::vector<gw::Parameters>{gw::params("name", "two"), gw::params("name", nullptr)}));
    CHECK(connection.scalar<std::int64_t>(gw::select(gw::func::count()).select_from(t)) == 3);

    const auto named = gw::select(t.c("id")).where(t.c("name") == gw::bindparam("name")).order_by(t.c("id"));
    CHECK(connection.scalar<std::int64_t>(named, gw::params("name", "two")) == 2);
    CHECK_THROWS_AS(connection.execute(named), gw::ArgumentError);
    CHECK_THROWS_AS(connection.execute(named, gw::params("name", "a", "other", 1)), gw::ArgumentError);

    const auto some = [&](const std::vector<int>& ids) {
      return connection.scalar<std::int64_t>(gw::select(gw::func::count()).select_from(t).where(t.c("id").in_(ids)));
    };
    CHECK(some({1, 3, 99}) == 2);
    CHECK(some({}) == 0);
    const auto names = [&](const std::vector<std::string>& wanted) {
      return connection.scalar<std::int64_t>(gw::select(gw::func::count()).select_from(t).where(t.c("name").in_(wanted)));
    };
    CHECK(names({"one", "a \"quoted\", {braced} and \\ escaped one"}) == 1);

    connection.execute(gw::update(t).where(t.c("name") == nullptr).values("name", t.c("id").cast(gw::Text()) + "rd"));
    CHECK(connection.scalar<std::string>(gw::select(t.c("name")).where(t.c("id") == 3)) == "3rd");
    const char* const collation = connection.dialect().kind() == gw::Dialect::Kind::sqlite ? "NOCASE" : "C";
    CHECK(connection.scalar<std::string>(gw::select(t.c("name")).order_by(t.c("name").collate(collation)).limit(1)) == "3rd");
    connection.execute(gw::delete_(t).where(t.c("id") > 1));
    CHECK(connection.scalar<std::int64_t>(gw::select(gw::func::count()).select_from(t)) == 1);
  });
}
