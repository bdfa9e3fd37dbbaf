// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/schema_changes.hpp>

#include <algorithm>

#include <greenway/sql/ddl.hpp>
#include <greenway/sql/text.hpp>

namespace greenway {

namespace {

bool has_type(Connection& connection, const std::string& name) {
  return connection
      .scalar<std::optional<std::int64_t>>(text("SELECT 1 FROM pg_catalog.pg_type t WHERE t.typname = :name "
                                                "AND pg_catalog.pg_type_is_visible(t.oid)")
                                               .bind("name", name))
      .has_value();
}

}  // namespace

bool has_table(Connection& connection, const std::string& name, const std::string& schema) {
  if (connection.dialect().kind() == Dialect::Kind::sqlite) {
    const std::string master = schema.empty() ? "sqlite_master" : connection.dialect().quote(schema) + ".sqlite_master";
    return connection
        .scalar<std::optional<std::int64_t>>(
            text("SELECT 1 FROM " + master + " WHERE type = 'table' AND name = :name").bind("name", name))
        .has_value();
  }
  const char* const where = schema.empty() ? "AND pg_catalog.pg_table_is_visible(c.oid) AND :schema = ''"
                                           : "AND n.nspname = :schema";
  return connection
      .scalar<std::optional<std::int64_t>>(
          text(std::string("SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
                           "WHERE c.relname = :name AND c.relkind IN ('r', 'p', 'f') ") +
               where)
              .bind("name", name)
              .bind("schema", schema))
      .has_value();
}

std::vector<std::string> table_names(Connection& connection, const std::string& schema) {
  if (connection.dialect().kind() == Dialect::Kind::sqlite) {
    const std::string master = schema.empty() ? "sqlite_master" : connection.dialect().quote(schema) + ".sqlite_master";
    return connection
        .scalars<std::string>(
            text("SELECT name FROM " + master + " WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1"))
        .all();
  }
  return connection
      .scalars<std::string>(text("SELECT CAST(c.relname AS text) FROM pg_catalog.pg_class c "
                                 "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') "
                                 "AND n.nspname = coalesce(nullif(:schema, ''), current_schema()) ORDER BY 1")
                                .bind("schema", schema))
      .all();
}

void create_tables(Connection& connection, const MetaData& metadata, bool checkfirst) {
  const Dialect& dialect = connection.dialect();
  for (const auto& [name, sql] : create_type_sql(metadata, dialect)) {
    if (!checkfirst || !has_type(connection, name)) {
      connection.exec_driver_sql(sql);
    }
  }
  for (const Table& table : metadata.sorted_tables()) {
    if (checkfirst && has_table(connection, table.name(), dialect.translated(table.data().schema))) {
      continue;
    }
    connection.exec_driver_sql(create_table_sql(table, dialect));
    for (const std::string& sql : create_index_sql(table, dialect)) {
      connection.exec_driver_sql(sql);
    }
  }
}

void drop_tables(Connection& connection, const MetaData& metadata, bool checkfirst) {
  const Dialect& dialect = connection.dialect();
  std::vector<Table> tables = metadata.sorted_tables();
  std::ranges::reverse(tables);
  for (const Table& table : tables) {
    if (!checkfirst || has_table(connection, table.name(), dialect.translated(table.data().schema))) {
      connection.exec_driver_sql(drop_table_sql(table, dialect));
    }
  }
  for (const auto& [name, sql] : create_type_sql(metadata, dialect)) {
    if (!checkfirst || has_type(connection, name)) {
      connection.exec_driver_sql("DROP TYPE " + dialect.quote(name));
    }
  }
}

}  // namespace greenway
