// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cctype>
#include <memory>

#include <greenway/sql/compiler.hpp>
#include <greenway/sql/text.hpp>

#include "catalog.hpp"
#include "sqlite_table_text.hpp"

namespace greenway::detail {

namespace {

std::string capitals_of(std::string_view text) {
  std::string capitals;
  std::ranges::transform(text, std::back_inserter(capitals),
                         [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  return capitals;
}

/// SQLite's manual, "PRAGMA functions" and "The Schema Table".
class SqliteCatalog final : public Catalog {
 public:
  SqliteCatalog(Connection& connection, std::string_view schema)
      : connection_(connection), schema_(schema.empty() ? "main" : schema),
        master_(connection.dialect().quote(schema_) + ".sqlite_master") {}

  std::string default_schema_name() override { return "main"; }
  std::vector<std::string> schema_names() override {
    return names(text("SELECT name FROM pragma_database_list WHERE name != 'temp' ORDER BY name"));
  }
  std::vector<std::string> table_names() override { return names_of("table"); }
  std::vector<std::string> view_names() override { return names_of("view"); }

  bool has_table(std::string_view name) override {
    // A schema that is not attached would be an error.
    return connection_.scalar<std::int64_t>(text("SELECT count(*) FROM pragma_database_list WHERE name = :schema")
                                                .bind("schema", schema_)) != 0 &&
           connection_.scalar<std::int64_t>(text("SELECT count(*) FROM pragma_table_xinfo(:name, :schema)")
                                                .bind("name", std::string(name))
                                                .bind("schema", schema_)) != 0;
  }

  std::vector<ReflectedColumn> columns(std::string_view table) override {
    const SqliteTableText written = text_of(table);
    std::vector<ReflectedColumn> columns;
    for (const Row& row : of_table("SELECT name, type, \"notnull\", dflt_value, hidden FROM pragma_table_xinfo"
                                   "(:name, :schema) WHERE hidden != 1 ORDER BY cid",
                                   table)) {
      ReflectedColumn column{.name = row.get<std::string>(0), .type = {}, .type_name = row.get<std::string>(1)};
      column.type = type_of(column.type_name);
      column.nullable = row.get<std::int64_t>(2) == 0;
      column.server_default = row.get<std::optional<std::string>>(3);
      // 2: virtual, 3: stored.
      if (const auto hidden = row.get<std::int64_t>(4); hidden > 1) {
        const auto found = written.computed.find(column.name);
        column.computed.emplace(found == written.computed.end() ? std::string() : found->second, hidden == 3);
      }
      columns.push_back(std::move(column));
    }
    return columns;
  }

  ReflectedPrimaryKey primary_key(std::string_view table) override {
    ReflectedPrimaryKey key{.name = text_of(table).primary_key_name};
    for (const Row& row : of_table("SELECT name FROM pragma_table_xinfo(:name, :schema) WHERE pk > 0 ORDER BY pk", table)) {
      key.columns.push_back(row.get<std::string>(0));
    }
    return key;
  }

  std::vector<ReflectedForeignKey> foreign_keys(std::string_view table) override {
    std::vector<ReflectedForeignKey> keys;
    // The last one that was defined has number 0.
    for (const Row& row : of_table("SELECT seq, \"table\", \"from\", \"to\", on_update, on_delete "
                                   "FROM pragma_foreign_key_list(:name, :schema) ORDER BY id DESC, seq",
                                   table)) {
      if (row.get<std::int64_t>(0) == 0) {
        keys.push_back({.referred_table = row.get<std::string>(1),
                        .options = {.ondelete = action(row.get<std::string>(5)), .onupdate = action(row.get<std::string>(4))}});
      }
      keys.back().columns.push_back(row.get<std::string>(2));
      if (const auto referred = row.get<std::optional<std::string>>(3)) {
        keys.back().referred_columns.push_back(*referred);
      }
    }
    const SqliteTableText written = text_of(table);
    for (std::size_t i = 0; i != keys.size(); ++i) {
      if (keys[i].referred_columns.empty()) {
        keys[i].referred_columns = primary_key(keys[i].referred_table).columns;
      }
      if (i < written.foreign_keys.size()) {
        keys[i].name = written.foreign_keys[i].name;
        keys[i].options.deferrable = written.foreign_keys[i].deferrable;
        keys[i].options.initially_deferred = written.foreign_keys[i].initially_deferred;
      }
    }
    return keys;
  }

  std::vector<ReflectedUniqueConstraint> uniques(std::string_view table) override {
    std::vector<ReflectedUniqueConstraint> constraints;
    for (const SqliteTableText::Key& key : text_of(table).uniques) {
      constraints.push_back({.name = key.name, .columns = key.columns});
    }
    return constraints;
  }

  std::vector<ReflectedCheckConstraint> checks(std::string_view table) override {
    std::vector<ReflectedCheckConstraint> constraints;
    for (const SqliteTableText::Check& check : text_of(table).checks) {
      constraints.push_back({.name = check.name, .sqltext = check.sql});
    }
    return constraints;
  }

  std::vector<ReflectedIndex> indexes(std::string_view table) override {
    std::vector<ReflectedIndex> indexes;
    // Origin c: by CREATE INDEX.
    for (const Row& row : of_table("SELECT name, \"unique\", partial FROM pragma_index_list(:name, :schema) "
                                   "WHERE origin = 'c' ORDER BY name",
                                   table)) {
      ReflectedIndex index{.name = row.get<std::string>(0), .unique = row.get<std::int64_t>(1) != 0};
      for (const Row& part : of_table("SELECT coalesce(name, '<expression>') FROM pragma_index_info(:name, :schema) "
                                      "ORDER BY seqno",
                                      index.name)) {
        index.columns.push_back(part.get<std::string>(0));
      }
      if (row.get<std::int64_t>(2) != 0) {
        index.where = condition_of(index.name);
      }
      indexes.push_back(std::move(index));
    }
    return indexes;
  }

  std::string comment(std::string_view) override { return {}; }

 private:
  std::vector<std::string> names(const TextClause& statement) {
    return connection_.execute(statement).scalars<std::string>().all();
  }
  std::vector<std::string> names_of(std::string_view type) {
    return names(text("SELECT name FROM " + master_ +
                      " WHERE type = :type AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name")
                     .bind("type", std::string(type)));
  }
  std::vector<Row> of_table(const char* sql, std::string_view name) {
    return connection_.execute(text(sql).bind("name", std::string(name)).bind("schema", schema_)).all();
  }
  std::string sql_of(std::string_view name) {
    return connection_
        .scalar<std::optional<std::string>>(
            text("SELECT sql FROM " + master_ + " WHERE lower(name) = lower(:name)").bind("name", std::string(name)))
        .value_or("");
  }
  SqliteTableText text_of(std::string_view table) {
    const std::string sql = sql_of(table);
    return SqliteTableText(sql.starts_with("CREATE VIEW") ? std::string_view() : std::string_view(sql));
  }
  /// What stands behind the columns of a partial index.
  std::string condition_of(std::string_view index) {
    const std::string sql = sql_of(index);
    const std::string capitals = capitals_of(sql);
    const std::size_t where = capitals.find("WHERE", capitals.find(')'));
    return where == std::string::npos ? std::string() : sql.substr(sql.find_first_not_of(" \n\t", where + 5));
  }
  static std::string action(std::string said) { return said == "NO ACTION" ? std::string() : std::move(said); }
  /// SQLite's manual, "Determination Of Column Affinity", for names that are no type's.
  static Type type_of(std::string_view declared) {
    if (Type type = type_named(declared); type.kind() != TypeKind::unknown) {
      return type;
    }
    const std::string capitals = capitals_of(declared);
    const auto has = [&](const char* part) { return capitals.find(part) != std::string::npos; };
    return has("INT")                                   ? Type(Integer())
           : has("CHAR") || has("CLOB") || has("TEXT")  ? Type(Text())
           : has("REAL") || has("FLOA") || has("DOUB")  ? Type(Double())
                                                        : Type();
  }

  Connection& connection_;
  const std::string schema_;
  const std::string master_;
};

}  // namespace

std::unique_ptr<Catalog> sqlite_catalog(Connection& connection, std::string_view schema) {
  return std::make_unique<SqliteCatalog>(connection, schema);
}

}  // namespace greenway::detail
