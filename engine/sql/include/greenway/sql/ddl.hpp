// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/sql/ddl.hpp
/// @brief CREATE and DROP, as SQL text.
///
/// Layer: sql. Source: SQLAlchemy's `DDLCompiler`.

#include <string>
#include <vector>

#include <greenway/sql/compiler.hpp>
#include <greenway/sql/schema.hpp>

namespace greenway {

/// CREATE TABLE as a statement, without its indexes and types: `connection.execute(gw::CreateTable(users))`.
class CreateTable : public Statement {
 public:
  /// @param table  Any.
  explicit CreateTable(const Table& table);
};

/// DROP TABLE as a statement.
class DropTable : public Statement {
 public:
  /// @param table  Any.
  explicit DropTable(const Table& table);
};

/// @param table    Any.
/// @param dialect  For which database.
/// @param later    Table::Data::key of those that are not there yet: on PostgreSQL foreign keys to them are left out.
/// @return `CREATE TABLE …`, without its indexes.
/// @throws CompileError  The database cannot do that.
[[nodiscard]] std::string create_table_sql(const Table& table, const Dialect& dialect, const std::vector<std::string>& later = {});
/// @param table    Any.
/// @param dialect  For which database.
/// @param later    As of create_table_sql(): those that are there now.
/// @return `ALTER TABLE … ADD FOREIGN KEY …`, for each that was left out; none on SQLite.
[[nodiscard]] std::vector<std::string> add_foreign_key_sql(const Table& table, const Dialect& dialect,
                                                           const std::vector<std::string>& later);
/// @param table    Any.
/// @param dialect  For which database.
/// @return `CREATE INDEX …`, for each of its indexes, and on PostgreSQL `COMMENT ON …`, for each of its comments.
[[nodiscard]] std::vector<std::string> create_index_sql(const Table& table, const Dialect& dialect);
/// @param table    Any.
/// @param dialect  For which database.
/// @return `DROP TABLE …`.
[[nodiscard]] std::string drop_table_sql(const Table& table, const Dialect& dialect);
/// @param metadata  Any.
/// @param dialect   For which database.
/// @return `CREATE TYPE …`, for each enumeration of its columns; none on SQLite.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> create_type_sql(const MetaData& metadata, const Dialect& dialect);

}  // namespace greenway
