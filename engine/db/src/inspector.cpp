// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/inspector.hpp>

#include <algorithm>
#include <memory>

#include <greenway/sql/compiler.hpp>

#include "catalog.hpp"

namespace greenway {

namespace {

using detail::Catalog;

std::unique_ptr<Catalog> catalog(Connection& connection, std::string_view schema) {
  return connection.dialect().kind() == Dialect::Kind::sqlite ? detail::sqlite_catalog(connection, schema)
                                                              : detail::postgresql_catalog(connection, schema);
}

/// Of a schema in which there is such a table.
std::unique_ptr<Catalog> catalog_with(Connection& connection, std::string_view table, std::string_view schema) {
  auto found = catalog(connection, schema);
  if (!found->has_table(table)) {
    throw NoSuchTableError("the database has no table or view '" + std::string(table) + "' in " +
                           (schema.empty() ? "its default schema" : "schema '" + std::string(schema) + "'"));
  }
  return found;
}

Column column_of(const ReflectedColumn& from, bool is_key) {
  std::optional<server_default> fallback;
  // A serial column's default names the sequence that is its own: it is made again with the column.
  const bool is_serial = is_key && from.server_default && from.server_default->starts_with("nextval(");
  if (from.server_default && !is_serial) {
    fallback.emplace(literal_column(*from.server_default));
  }
  const std::optional<comment> said = from.comment.empty() ? std::nullopt : std::optional(comment(from.comment));
  return Column(from.name, from.type, nullable(from.nullable), is_key ? std::optional(primary_key) : std::nullopt, fallback,
                from.identity, from.computed, said);
}

/// What a table consists of besides its columns, in the terms of a definition.
struct Parts {
  std::vector<ForeignKeyConstraint> foreign_keys;
  std::vector<UniqueConstraint> uniques;
  std::vector<CheckConstraint> checks;
  std::vector<Index> indexes;
};

Parts parts_of(Catalog& catalog, std::string_view table, const std::vector<ReflectedForeignKey>& keys,
               std::string_view schema) {
  Parts parts;
  for (const ReflectedForeignKey& key : keys) {
    std::vector<std::string> referred;
    const std::string where = key.referred_schema.empty() ? std::string(schema) : key.referred_schema;
    for (const std::string& column : key.referred_columns) {
      referred.push_back((where.empty() ? "" : where + ".") + key.referred_table + "." + column);
    }
    ForeignKeyOptions options = key.options;
    options.name = key.name;
    parts.foreign_keys.emplace_back(key.columns, std::move(referred), std::move(options));
  }
  for (const ReflectedUniqueConstraint& unique : catalog.uniques(table)) {
    parts.uniques.emplace_back(unique.columns, unique.name);
  }
  for (const ReflectedCheckConstraint& check : catalog.checks(table)) {
    parts.checks.emplace_back(check.sqltext, check.name);
  }
  for (const ReflectedIndex& index : catalog.indexes(table)) {
    parts.indexes.emplace_back(index.name, index.columns, IndexOptions{.unique = index.unique, .where = index.where});
  }
  return parts;
}

}  // namespace

std::string Inspector::default_schema_name() { return catalog(*connection_, {})->default_schema_name(); }

std::vector<std::string> Inspector::get_schema_names() { return catalog(*connection_, {})->schema_names(); }

std::vector<std::string> Inspector::get_table_names(std::string_view schema) {
  return catalog(*connection_, schema)->table_names();
}

std::vector<std::string> Inspector::get_view_names(std::string_view schema) {
  return catalog(*connection_, schema)->view_names();
}

bool Inspector::has_table(std::string_view name, std::string_view schema) {
  return catalog(*connection_, schema)->has_table(name);
}

bool Inspector::has_index(std::string_view table, std::string_view index, std::string_view schema) {
  const auto where = catalog(*connection_, schema);
  if (!where->has_table(table)) {
    return false;
  }
  return std::ranges::any_of(where->indexes(table), [&](const ReflectedIndex& one) { return one.name == index; });
}

std::vector<ReflectedColumn> Inspector::get_columns(std::string_view table, std::string_view schema) {
  return catalog_with(*connection_, table, schema)->columns(table);
}

ReflectedPrimaryKey Inspector::get_pk_constraint(std::string_view table, std::string_view schema) {
  return catalog_with(*connection_, table, schema)->primary_key(table);
}

std::vector<ReflectedForeignKey> Inspector::get_foreign_keys(std::string_view table, std::string_view schema) {
  return catalog_with(*connection_, table, schema)->foreign_keys(table);
}

std::vector<ReflectedUniqueConstraint> Inspector::get_unique_constraints(std::string_view table, std::string_view schema) {
  return catalog_with(*connection_, table, schema)->uniques(table);
}

std::vector<ReflectedCheckConstraint> Inspector::get_check_constraints(std::string_view table, std::string_view schema) {
  return catalog_with(*connection_, table, schema)->checks(table);
}

std::vector<ReflectedIndex> Inspector::get_indexes(std::string_view table, std::string_view schema) {
  return catalog_with(*connection_, table, schema)->indexes(table);
}

std::string Inspector::get_table_comment(std::string_view table, std::string_view schema) {
  return catalog_with(*connection_, table, schema)->comment(table);
}

Table Inspector::reflect_table(std::string_view name, MetaData& metadata, std::string_view schema) {
  const std::string key = (schema.empty() ? "" : std::string(schema) + ".") + std::string(name);
  if (const Table* const known = metadata.find(key)) {
    return *known;
  }
  const auto where = catalog_with(*connection_, name, schema);
  const ReflectedPrimaryKey primary = where->primary_key(name);
  std::vector<Column> columns;
  for (const ReflectedColumn& column : where->columns(name)) {
    columns.push_back(column_of(column, std::ranges::find(primary.columns, column.name) != primary.columns.end()));
  }
  std::optional<PrimaryKeyConstraint> ordered;
  if (!primary.columns.empty()) {
    ordered.emplace(primary.columns, primary.name);
  }
  const std::vector<ReflectedForeignKey> keys = where->foreign_keys(name);
  const Parts parts = parts_of(*where, name, keys, schema);
  const std::string said = where->comment(name);
  const Table table(std::string(name), metadata, columns, ordered, parts.foreign_keys, parts.uniques, parts.checks,
                    parts.indexes, greenway::schema(std::string(schema)), comment(said));
  for (const ReflectedForeignKey& foreign : keys) {
    reflect_table(foreign.referred_table, metadata, foreign.referred_schema.empty() ? schema : foreign.referred_schema);
  }
  return table;
}

void Inspector::reflect(MetaData& metadata, std::string_view schema) {
  for (const std::string& name : get_table_names(schema)) {
    reflect_table(name, metadata, schema);
  }
}

}  // namespace greenway
