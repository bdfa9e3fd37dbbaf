// SPDX-License-Identifier: BSL-1.0
#include <memory>

#include <greenway/sql/text.hpp>

#include "catalog.hpp"

namespace greenway::detail {

namespace {

/// The columns of a constraint, in their order.
constexpr std::string_view own_columns =
    "ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY n (number, place) "
    "JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.number ORDER BY n.place)";

/// PostgreSQL's manual, chapter 53, "System Catalogs".
class PostgresqlCatalog final : public Catalog {
 public:
  PostgresqlCatalog(Connection& connection, std::string_view schema) : connection_(connection), schema_(schema) {}

  std::string default_schema_name() override {
    return connection_.scalar<std::string>(text("SELECT current_schema()::text"));
  }
  std::vector<std::string> schema_names() override {
    return connection_
        .execute(text("SELECT nspname::text FROM pg_catalog.pg_namespace "
                      "WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema' ORDER BY nspname"))
        .scalars<std::string>()
        .all();
  }
  std::vector<std::string> table_names() override { return names("('r', 'p', 'f')"); }
  std::vector<std::string> view_names() override { return names("('v')"); }
  bool has_table(std::string_view name) override { return id_of(name) != 0; }

  std::vector<ReflectedColumn> columns(std::string_view table) override {
    std::vector<ReflectedColumn> columns;
    for (const Row& row : of_table("SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, "
                                   "pg_catalog.pg_get_expr(d.adbin, d.adrelid), a.attidentity::text, a.attgenerated::text, "
                                   "pg_catalog.col_description(a.attrelid, a.attnum), t.typtype::text, t.typname::text, "
                                   "ARRAY(SELECT e.enumlabel::text FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid "
                                   "ORDER BY e.enumsortorder) "
                                   "FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid "
                                   "LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
                                   "WHERE a.attrelid = CAST(:id AS oid) AND a.attnum > 0 AND NOT a.attisdropped "
                                   "ORDER BY a.attnum",
                                   table)) {
      ReflectedColumn column{.name = row.get<std::string>(0), .type = {}, .type_name = row.get<std::string>(1)};
      column.type = row.get<std::string>(7) == "e"
                        ? Enum(row.get<std::string>(8), row.get<std::vector<std::string>>(9))
                        : type_named(column.type_name);
      column.nullable = !row.get<bool>(2);
      const auto identity = row.get<std::string>(4);
      const auto expression = row.get<std::optional<std::string>>(3);
      if (!row.get<std::string>(5).empty()) {
        column.computed.emplace(expression.value_or(""), true);
      } else {
        column.server_default = expression;
      }
      if (!identity.empty()) {
        column.identity.emplace(Identity{.always = identity == "a"});
      }
      column.comment = row.get<std::optional<std::string>>(6).value_or("");
      columns.push_back(std::move(column));
    }
    return columns;
  }

  ReflectedPrimaryKey primary_key(std::string_view table) override {
    ReflectedPrimaryKey key;
    for (const Row& row : constraints(table, "p", "k.conname::text, " + std::string(own_columns))) {
      key = {.name = row.get<std::string>(0), .columns = row.get<std::vector<std::string>>(1)};
    }
    return key;
  }

  std::vector<ReflectedForeignKey> foreign_keys(std::string_view table) override {
    std::vector<ReflectedForeignKey> keys;
    const std::string what =
        "k.conname::text, " + std::string(own_columns) +
        ", CASE WHEN r.relnamespace = c.relnamespace THEN '' ELSE n.nspname::text END, r.relname::text, "
        "ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY n (number, place) "
        "JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = n.number ORDER BY n.place), "
        "k.confdeltype::text, k.confupdtype::text, k.condeferrable, k.condeferred";
    for (const Row& row : constraints(table, "f", what)) {
      keys.push_back({.name = row.get<std::string>(0),
                      .columns = row.get<std::vector<std::string>>(1),
                      .referred_schema = row.get<std::string>(2),
                      .referred_table = row.get<std::string>(3),
                      .referred_columns = row.get<std::vector<std::string>>(4),
                      .options = {.ondelete = action(row.get<std::string>(5)),
                                  .onupdate = action(row.get<std::string>(6)),
                                  .deferrable = row.get<bool>(7),
                                  .initially_deferred = row.get<bool>(8)}});
    }
    return keys;
  }

  std::vector<ReflectedUniqueConstraint> uniques(std::string_view table) override {
    std::vector<ReflectedUniqueConstraint> all;
    for (const Row& row : constraints(table, "u", "k.conname::text, " + std::string(own_columns))) {
      all.push_back({.name = row.get<std::string>(0), .columns = row.get<std::vector<std::string>>(1)});
    }
    return all;
  }

  std::vector<ReflectedCheckConstraint> checks(std::string_view table) override {
    std::vector<ReflectedCheckConstraint> all;
    for (const Row& row : constraints(table, "c", "k.conname::text, pg_catalog.pg_get_expr(k.conbin, k.conrelid, true)")) {
      all.push_back({.name = row.get<std::string>(0), .sqltext = row.get<std::string>(1)});
    }
    return all;
  }

  std::vector<ReflectedIndex> indexes(std::string_view table) override {
    std::vector<ReflectedIndex> indexes;
    for (const Row& row : of_table("SELECT c.relname::text, i.indisunique, pg_catalog.pg_get_expr(i.indpred, i.indrelid, true), "
                                   "ARRAY(SELECT coalesce(a.attname::text, pg_catalog.pg_get_indexdef(i.indexrelid, n, true)) "
                                   "FROM generate_series(1, i.indnkeyatts::integer) n LEFT JOIN pg_catalog.pg_attribute a "
                                   "ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n - 1] AND a.attnum > 0 ORDER BY n) "
                                   "FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid "
                                   "WHERE i.indrelid = CAST(:id AS oid) AND NOT EXISTS "
                                   "(SELECT 1 FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid "
                                   "AND k.conrelid = i.indrelid) ORDER BY c.relname",
                                   table)) {
      indexes.push_back({.name = row.get<std::string>(0),
                         .columns = row.get<std::vector<std::string>>(3),
                         .unique = row.get<bool>(1),
                         .where = row.get<std::optional<std::string>>(2).value_or("")});
    }
    return indexes;
  }

  std::string comment(std::string_view table) override {
    return connection_
        .scalar<std::optional<std::string>>(
            text("SELECT pg_catalog.obj_description(CAST(:id AS oid), 'pg_class')").bind("id", id_of(table)))
        .value_or("");
  }

 private:
  /// Follows `WHERE`; needs :schema.
  [[nodiscard]] const char* is_here() const {
    return schema_.empty() ? "pg_catalog.pg_table_is_visible(c.oid) AND n.nspname <> 'pg_catalog' AND :schema = ''"
                           : "n.nspname = :schema";
  }

  std::vector<std::string> names(const char* kinds) {
    return connection_
        .execute(text(std::string("SELECT c.relname::text FROM pg_catalog.pg_class c "
                                  "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE ") +
                      is_here() + " AND n.nspname NOT LIKE 'pg\\_t%' AND c.relkind IN " + kinds + " ORDER BY c.relname")
                     .bind("schema", schema_))
        .scalars<std::string>()
        .all();
  }

  /// The number of a table or view; 0 if there is none.
  std::int64_t id_of(std::string_view name) {
    return connection_
        .scalar<std::optional<std::int64_t>>(
            text(std::string("SELECT CAST(max(c.oid::bigint) AS bigint) FROM pg_catalog.pg_class c "
                             "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE ") +
                 is_here() + " AND c.relname = :name AND c.relkind IN ('r', 'p', 'f', 'v', 'm')")
                .bind("schema", schema_)
                .bind("name", std::string(name)))
        .value_or(0);
  }

  std::vector<Row> of_table(const std::string& sql, std::string_view table) {
    return connection_.execute(text(sql).bind("id", id_of(table))).all();
  }

  /// `what` of a table's constraints of one type, `k`; `c` is the table, `r` the one that is referred to and `n` its schema.
  std::vector<Row> constraints(std::string_view table, const char* type, const std::string& what) {
    return of_table("SELECT " + what +
                        " FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid "
                        "LEFT JOIN pg_catalog.pg_class r ON r.oid = k.confrelid "
                        "LEFT JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace "
                        "WHERE k.conrelid = CAST(:id AS oid) AND k.contype = '" +
                        type + "' ORDER BY k.conname",
                    table);
  }

  static std::string action(std::string_view letter) {
    return letter == "c" ? "CASCADE" : letter == "n" ? "SET NULL" : letter == "d" ? "SET DEFAULT" : letter == "r" ? "RESTRICT" : "";
  }

  Connection& connection_;
  const std::string schema_;
};

}  // namespace

std::unique_ptr<Catalog> postgresql_catalog(Connection& connection, std::string_view schema) {
  return std::make_unique<PostgresqlCatalog>(connection, schema);
}

}  // namespace greenway::detail
