// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <string>
#include <vector>

#include <greenway/db/inspector.hpp>
#include <greenway/db/schema_changes.hpp>
#include <greenway/sql/compiler.hpp>
#include <greenway/sql/ddl.hpp>
#include <greenway/sql/dml.hpp>
#include <greenway/sql/select.hpp>

#include "../db/database.hpp"

namespace gw = greenway;
using database::error_of;
using database::everywhere;

namespace {

using Names = std::vector<std::string>;

/// Two tables with one of each thing that a table may have.
struct Shop {
  gw::MetaData metadata;
  gw::Table customer{"customer",
                     metadata,
                     gw::Column("country", gw::String(2), gw::nullable(false)),
                     gw::Column("number", gw::Integer(), gw::nullable(false)),
                     gw::Column("Full Name", gw::Text(), gw::server_default("it's nobody")),
                     gw::PrimaryKeyConstraint({"number", "country"}, "pk_customer")};
  gw::Table orders{"orders",
                   metadata,
                   gw::Column("id", gw::Integer(), gw::primary_key),
                   gw::Column("country", gw::String(2)),
                   gw::Column("customer", gw::Integer()),
                   gw::Column("code", gw::String(8), gw::nullable(false)),
                   gw::Column("cents", gw::BigInteger(), gw::server_default(gw::literal_column("0"))),
                   gw::Column("price", gw::Numeric(10, 2)),
                   gw::Column("twice", gw::BigInteger(), gw::Computed("cents * 2")),
                   gw::Column("at", gw::DateTime()),
                   gw::Column("done", gw::Boolean()),
                   gw::ForeignKeyConstraint({"customer", "country"}, {"customer.number", "customer.country"},
                                            {.name = "fk_orders_customer", .ondelete = "CASCADE", .initially_deferred = true}),
                   gw::UniqueConstraint({"code", "country"}, "uq_orders_code"),
                   gw::CheckConstraint("cents >= 0", "ck_orders_cents"),
                   gw::Index("ix_orders_at", {"at"}),
                   gw::Index("ix_orders_code", {"code", "cents"}, {.unique = true, .where = "cents > 5"})};
};

template <class T>
Names names_of(const std::vector<T>& all) {
  Names names;
  std::ranges::transform(all, std::back_inserter(names), &T::name);
  return names;
}

}  // namespace

TEST_CASE("an inspector lists tables and views, and finds them by name") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    gw::Inspector inspector(connection);
    CHECK(inspector.get_table_names().empty());
    Shop().metadata.create_all(connection);
    connection.execute(gw::text("CREATE VIEW rich AS SELECT code FROM orders WHERE cents > 100"));
    CHECK(inspector.get_table_names() == Names{"customer", "orders"});
    CHECK(inspector.get_table_names(inspector.default_schema_name()) == Names{"customer", "orders"});
    CHECK(inspector.get_view_names() == Names{"rich"});
    CHECK(inspector.has_table("orders"));
    CHECK(inspector.has_table("rich"));
    CHECK_FALSE(inspector.has_table("nothing"));
    CHECK_FALSE(inspector.has_table("orders", "nowhere"));
    CHECK(inspector.has_index("orders", "ix_orders_at"));
    CHECK_FALSE(inspector.has_index("orders", "uq_orders_code"));
    CHECK_FALSE(inspector.has_index("nothing", "ix_orders_at"));
    const Names schemas = inspector.get_schema_names();
    CHECK(std::ranges::find(schemas, inspector.default_schema_name()) != schemas.end());
    CHECK(names_of(inspector.get_columns("rich")) == Names{"code"});
  });
}

TEST_CASE("an inspector tells columns with their types, defaults and expressions") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    Shop().metadata.create_all(connection);
    gw::Inspector inspector(connection);
    const auto columns = inspector.get_columns("orders");
    CHECK(names_of(columns) == Names{"id", "country", "customer", "code", "cents", "price", "twice", "at", "done"});
    CHECK(columns[0].type == gw::Integer());
    CHECK_FALSE(columns[0].nullable);
    CHECK(columns[1].type == gw::String(2));
    CHECK(columns[1].nullable);
    CHECK_FALSE(columns[3].nullable);
    CHECK(columns[4].type == gw::BigInteger());
    CHECK(columns[4].server_default.value() == "0");
    CHECK(columns[5].type == gw::Numeric(10, 2));
    REQUIRE(columns[6].computed);
    CHECK(columns[6].computed->sql.find("cents * ") != std::string::npos);
    CHECK(columns[6].computed->stored);
    CHECK_FALSE(columns[6].server_default);
    CHECK(columns[7].type == gw::DateTime());
    CHECK(columns[8].type == gw::Boolean());
    CHECK(inspector.get_columns("customer")[2].name == "Full Name");
    CHECK(inspector.get_columns("customer")[2].server_default.value().find("'it''s nobody'") == 0);
  });
}

TEST_CASE("an inspector tells keys, constraints and indexes with their names") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    Shop().metadata.create_all(connection);
    gw::Inspector inspector(connection);
    CHECK(inspector.get_pk_constraint("customer").name == "pk_customer");
    CHECK(inspector.get_pk_constraint("customer").columns == Names{"number", "country"});
    CHECK(inspector.get_pk_constraint("orders").columns == Names{"id"});
    const auto keys = inspector.get_foreign_keys("orders");
    REQUIRE(keys.size() == 1);
    CHECK(keys[0].name == "fk_orders_customer");
    CHECK(keys[0].columns == Names{"customer", "country"});
    CHECK(keys[0].referred_table == "customer");
    CHECK(keys[0].referred_schema.empty());
    CHECK(keys[0].referred_columns == Names{"number", "country"});
    CHECK(keys[0].options.ondelete == "CASCADE");
    CHECK(keys[0].options.onupdate.empty());
    CHECK(keys[0].options.deferrable);
    CHECK(keys[0].options.initially_deferred);
    const auto uniques = inspector.get_unique_constraints("orders");
    REQUIRE(uniques.size() == 1);
    CHECK(uniques[0].name == "uq_orders_code");
    CHECK(uniques[0].columns == Names{"code", "country"});
    const auto checks = inspector.get_check_constraints("orders");
    REQUIRE(checks.size() == 1);
    CHECK(checks[0].name == "ck_orders_cents");
    CHECK(checks[0].sqltext == "cents >= 0");
    const auto indexes = inspector.get_indexes("orders");
    CHECK(names_of(indexes) == Names{"ix_orders_at", "ix_orders_code"});
    CHECK(indexes[0].columns == Names{"at"});
    CHECK_FALSE(indexes[0].unique);
    CHECK(indexes[0].where.empty());
    CHECK(indexes[1].columns == Names{"code", "cents"});
    CHECK(indexes[1].unique);
    CHECK(indexes[1].where == "cents > 5");
  });
}

TEST_CASE("a table that is not there is named by what asks for it") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    gw::Inspector inspector(connection);
    gw::MetaData metadata;
    const std::string expected = "the database has no table or view 'nothing' in its default schema";
    CHECK(error_of<gw::NoSuchTableError>([&] { return inspector.get_columns("nothing"); }) == expected);
    CHECK(error_of<gw::NoSuchTableError>([&] { return inspector.get_pk_constraint("nothing"); }) == expected);
    CHECK(error_of<gw::NoSuchTableError>([&] { return inspector.get_foreign_keys("nothing"); }) == expected);
    CHECK(error_of<gw::NoSuchTableError>([&] { return inspector.get_unique_constraints("nothing"); }) == expected);
    CHECK(error_of<gw::NoSuchTableError>([&] { return inspector.get_check_constraints("nothing"); }) == expected);
    CHECK(error_of<gw::NoSuchTableError>([&] { return inspector.get_indexes("nothing"); }) == expected);
    CHECK(error_of<gw::NoSuchTableError>([&] { return inspector.get_table_comment("nothing"); }) == expected);
    CHECK(error_of<gw::NoSuchTableError>([&] { return inspector.reflect_table("nothing", metadata); }) == expected);
    CHECK(metadata.tables().empty());
  });
}

TEST_CASE("a table that is reflected brings those it refers to, and can be made again from its description") {
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    Shop().metadata.create_all(connection);
    gw::MetaData metadata;
    const gw::Table orders = gw::inspect(connection).reflect_table("orders", metadata);
    CHECK(metadata.tables().size() == 2);
    CHECK(orders.primary_key().size() == 1);
    connection.execute(gw::insert(metadata.find("customer")[0]).values("country", "ch", "number", 1));
    connection.execute(gw::insert(orders).values("country", "ch", "customer", 1, "code", "x", "cents", 7));
    CHECK(connection.scalar<std::int64_t>(gw::select(orders.c("twice"))) == 14);

    const gw::Dialect& dialect = connection.dialect();
    const auto described = [&] {
      gw::MetaData again;
      gw::inspect(connection).reflect(again);
      std::string sql;
      for (const gw::Table& table : again.sorted_tables()) {
        sql += gw::create_table_sql(table, dialect);
        for (const std::string& index : gw::create_index_sql(table, dialect)) {
          sql += index;
        }
      }
      return sql;
    };
    const std::string before = described();
    connection.commit();
    metadata.drop_all(connection);
    metadata.create_all(connection);
    CHECK(described() == before);
  });
}

TEST_CASE("comments, identities and enums are read back from PostgreSQL") {
  const database::Scratch scratch = database::Scratch::postgresql();
  const gw::Engine engine = gw::create_engine(scratch.url());
  gw::Connection connection = engine.connect();
  gw::MetaData metadata;
  const gw::Table painted("painted", metadata, gw::Column("id", gw::Integer(), gw::primary_key, gw::Identity{.always = true}),
                          gw::Column("colour", gw::Enum("colour", {"red", "green"}), gw::comment("of the paint")),
                          gw::Column("tags", gw::ARRAY(gw::Text())), gw::Column("when", gw::DateTime(true)),
                          gw::comment("what is painted"));
  metadata.create_all(connection);
  gw::Inspector inspector(connection);
  const auto columns = inspector.get_columns("painted");
  REQUIRE(columns.size() == 4);
  CHECK(columns[0].identity.value().always);
  CHECK(columns[1].type == gw::Enum("colour", {"red", "green"}));
  CHECK(columns[1].comment == "of the paint");
  CHECK(columns[2].type == gw::ARRAY(gw::Text()));
  CHECK(columns[3].type == gw::DateTime(true));
  CHECK(inspector.get_table_comment("painted") == "what is painted");
}

TEST_CASE("what only the text of a SQLite table tells is read from it, however it was written") {
  const gw::Engine engine = gw::create_engine("sqlite://");
  gw::Connection connection = engine.connect();
  connection.exec_driver_sql("CREATE TABLE parent (a int, b int, PRIMARY KEY (a, b))");
  connection.exec_driver_sql(
      "CREATE TABLE [odd ( name] (\"x,(\" int CONSTRAINT \"first, check\" CHECK (\"x,(\" > ')' || 1) UNIQUE, -- a comment, (\n"
      "  y int REFERENCES parent ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED, /* another ) */ z varchar(10) AS (y || ')'),\n"
      "  constraint k UNIQUE (y, z COLLATE nocase), CONSTRAINT f FOREIGN KEY (y, \"x,(\") REFERENCES parent, CHECK ( y>1 ))");
  gw::Inspector inspector(connection);
  const char* const table = "odd ( name";
  const auto checks = inspector.get_check_constraints(table);
  REQUIRE(checks.size() == 2);
  CHECK(checks[0].name == "first, check");
  CHECK(checks[0].sqltext == "\"x,(\" > ')' || 1");
  CHECK(checks[1].name.empty());
  CHECK(checks[1].sqltext == " y>1 ");
  const auto uniques = inspector.get_unique_constraints(table);
  REQUIRE(uniques.size() == 2);
  CHECK(uniques[0].columns == Names{"x,("});
  CHECK(uniques[1].name == "k");
  CHECK(uniques[1].columns == Names{"y", "z"});
  const auto keys = inspector.get_foreign_keys(table);
  REQUIRE(keys.size() == 2);
  CHECK(keys[0].name.empty());
  CHECK(keys[0].options.onupdate == "CASCADE");
  CHECK(keys[0].options.initially_deferred);
  CHECK(keys[1].name == "f");
  CHECK(keys[1].columns == Names{"y", "x,("});
  CHECK(keys[1].referred_columns == Names{"a", "b"});
  CHECK_FALSE(keys[1].options.deferrable);
  const auto columns = inspector.get_columns(table);
  REQUIRE(columns.size() == 3);
  CHECK(columns[2].computed.value().sql == "y || ')'");
  CHECK_FALSE(columns[2].computed.value().stored);
}
