// SPDX-License-Identifier: BSL-1.0
#include <string>

#include <greenway/db/schema_changes.hpp>
#include <greenway/sql/dml.hpp>
#include <greenway/sql/select.hpp>

#include "ways.hpp"

namespace conformance {

namespace {

gw::ExecutionOptions tenant_in(const std::string& schema) {
  gw::ExecutionOptions options;
  options.schema_translate_map.emplace();
  options.schema_translate_map->emplace("tenant", schema);
  return options;
}

}  // namespace

TEST_CASE("tables are in the schemas that the options of a connection say, or those of a statement") {
  everywhere([](const Engine& engine) {
    gw::MetaData metadata;
    const gw::Table owner("owner", metadata, gw::Column("id", gw::Integer(), gw::primary_key), gw::schema("tenant"));
    const gw::Table pet("pet", metadata, gw::Column("id", gw::Integer(), gw::primary_key), gw::Column("name", gw::Text()),
                        gw::Column("owner_id", gw::Integer(), gw::ForeignKey("tenant.owner.id")), gw::schema("tenant"));
    Connection connection = engine.connect();
    const bool is_sqlite = engine.name() == "sqlite";
    const std::string home =
        is_sqlite ? "main" : connection.scalar<std::string>(gw::text("SELECT CAST(current_schema() AS text)"));
    const gw::ExecutionOptions at_home = tenant_in(home);
    const gw::ExecutionOptions away = tenant_in(is_sqlite ? "temp" : "pg_temp");
    const auto create_all = [&] { run_sync(connection, [&](gw::Connection& sync) { metadata.create_all(sync); }); };
    if (!is_sqlite) {  // whose foreign keys name no schema
      connection.execution_options(at_home);
      create_all();
      create_all();  // they are there
    } else {
      connection.execute(gw::text("CREATE TABLE pet (id integer PRIMARY KEY, name text, owner_id integer)"));
    }
    const gw::Insert of_this_name = gw::insert(pet).values("name", gw::bindparam("name"));
    const gw::Select names = gw::select(pet.c("name")).where(pet.c("owner_id").is_(gw::null()));
    connection.execution_options(at_home);
    connection.execute(of_this_name, gw::params("name", "at home"));
    CHECK(connection.scalar<std::string>(gw::text("SELECT name FROM pet")) == "at home");

    connection.execution_options(away);
    connection.execute(gw::text(is_sqlite ? "CREATE TEMPORARY TABLE pet (id integer PRIMARY KEY, name text, owner_id integer)"
                                          : "CREATE TEMPORARY TABLE pet (id serial PRIMARY KEY, name text, owner_id integer)"));
    CHECK(connection.execute(of_this_name, gw::params("name", "away")).inserted_primary_key() == std::vector<gw::Value>{1});
    CHECK(connection.scalar<std::string>(names) == "away");
    CHECK(connection.execute(names, gw::Parameters(), at_home).scalar<std::string>() == "at home");
    CHECK(connection.scalar<std::string>(names) == "away");  // from the cache, each in its own place
    CHECK(connection.execute(names, gw::Parameters(), at_home).scalar<std::string>() == "at home");
  });
}

}  // namespace conformance
