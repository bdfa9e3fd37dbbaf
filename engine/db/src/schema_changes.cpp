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

std::vector<std::string> keys_of(std::vector<Table>::const_iterator first, std::vector<Table>::const_iterator last) {
  std::vector<std::string> keys;
  std::transform(first, last, std::back_inserter(keys), [](const Table& table) { return table.data().key(); });
  return keys;
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
  const std::vector<Table> tables = metadata.sorted_tables();
  std::vector<std::string> foreign_keys;  // of tables that refer to each other
  for (auto table = tables.begin(); table != tables.end(); ++table) {
    if (checkfirst && has_table(connection, table->name(), dialect.translated(table->data().schema))) {
      continue;
    }
    const std::vector<std::string> later = keys_of(table + 1, tables.end());
    connection.exec_driver_sql(create_table_sql(*table, dialect, later));
    for (const std::string& sql : create_index_sql(*table, dialect)) {
      connection.exec_driver_sql(sql);
    }
    std::ranges::move(add_foreign_key_sql(*table, dialect, later), std::back_inserter(foreign_keys));
  }
  for (const std::string& sql : foreign_keys) {
    connection.exec_driver_sql(sql);
  }
}

void drop_tables(Connection& connection, const MetaData& metadata, bool checkfirst) {
  const Dialect& dialect = connection.dialect();
  std::vector<Table> tables = metadata.sorted_tables();
  std::ranges::reverse(tables);
  if (checkfirst) {
    std::erase_if(tables, [&](const Table& table) {
      return !has_table(connection, table.name(), dialect.translated(table.data().schema));
    });
  }
  // Those that refer to each other can only go together.
  bool is_circle = false;
  std::string together;
  for (auto table = tables.cbegin(); table != tables.cend(); ++table) {
    is_circle |= !add_foreign_key_sql(*table, dialect, keys_of(tables.cbegin(), table)).empty();
    const std::string sql = drop_table_sql(*table, dialect);
    together += together.empty() ? sql : "," + sql.substr(std::string_view("DROP TABLE").size());
  }
  if (is_circle) {
    connection.exec_driver_sql(together);
    tables.clear();
  }
  for (const Table& table : tables) {
    connection.exec_driver_sql(drop_table_sql(table, dialect));
  }
  for (const auto& [name, sql] : create_type_sql(metadata, dialect)) {
    if (!checkfirst || has_type(connection, name)) {
      connection.exec_driver_sql("DROP TYPE " + dialect.quote(name));
    }
  }
}

}  // namespace greenway
