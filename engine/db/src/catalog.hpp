// SPDX-License-Identifier: BSL-1.0
#pragma once

// The catalogues of each database, asked for what an Inspector tells.

#include <string>
#include <string_view>
#include <vector>

#include <greenway/db/inspector.hpp>

namespace greenway::detail {

/// One table, view or schema of one database. The functions of a table require that it is there.
class Catalog {
 public:
  virtual ~Catalog() = default;
  virtual std::string default_schema_name() = 0;
  virtual std::vector<std::string> schema_names() = 0;
  virtual std::vector<std::string> table_names() = 0;
  virtual std::vector<std::string> view_names() = 0;
  virtual bool has_table(std::string_view name) = 0;
  virtual std::vector<ReflectedColumn> columns(std::string_view table) = 0;
  virtual ReflectedPrimaryKey primary_key(std::string_view table) = 0;
  virtual std::vector<ReflectedForeignKey> foreign_keys(std::string_view table) = 0;
  virtual std::vector<ReflectedUniqueConstraint> uniques(std::string_view table) = 0;
  virtual std::vector<ReflectedCheckConstraint> checks(std::string_view table) = 0;
  virtual std::vector<ReflectedIndex> indexes(std::string_view table) = 0;
  virtual std::string comment(std::string_view table) = 0;
};

/// @param schema  Empty for the default.
std::unique_ptr<Catalog> postgresql_catalog(Connection& connection, std::string_view schema);
std::unique_ptr<Catalog> sqlite_catalog(Connection& connection, std::string_view schema);

/// @param name  As a database writes it, in any case: "character varying(40)", "NUMERIC(10, 2)", "integer[]".
/// @return The type; unknown where there is no counterpart.
Type type_named(std::string_view name);

}  // namespace greenway::detail
