// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/inspector.hpp
/// @brief What is in a database: tables, views, columns, keys, indexes, checks, comments.
///
/// Layer: db. Source: SQLAlchemy's `Inspector`, whose names these are; PostgreSQL's manual, chapter 53 (system catalogs);
/// SQLite's PRAGMA functions, and the text of its `sqlite_schema` for what these do not tell.
///
/// ```cpp
/// gw::Inspector inspector(connection);
/// for (const auto& column : inspector.get_columns("account")) { … }
/// gw::MetaData metadata;
/// const gw::Table account = inspector.reflect_table("account", metadata);
/// ```
///
/// A schema's name that is empty means the connection's default: what its search path finds on PostgreSQL, `main` on SQLite.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <greenway/db/connection.hpp>
#include <greenway/sql/schema.hpp>

namespace greenway {

/// A column as the database has it.
struct ReflectedColumn {
  std::string name;                             ///< As in the database.
  Type type;                                    ///< Unknown where the database's has no counterpart.
  std::string type_name;                        ///< As the database writes it.
  bool nullable = true;                         ///< Whether it may be NULL.
  std::optional<std::string> server_default{};  ///< SQL; of a serial column `nextval(…)`.
  std::optional<Identity> identity{};           ///< GENERATED … AS IDENTITY.
  std::optional<Computed> computed{};           ///< GENERATED ALWAYS AS.
  std::string comment{};                        ///< Or empty.
};

/// A primary key as the database has it.
struct ReflectedPrimaryKey {
  std::string name{};                  ///< Empty where the database has none.
  std::vector<std::string> columns{};  ///< In the key's order; empty if the table has no primary key.
};

/// A foreign key as the database has it.
struct ReflectedForeignKey {
  std::string name{};                           ///< Empty where the database has none.
  std::vector<std::string> columns{};           ///< Of this table.
  std::string referred_schema{};                ///< Empty if it is the default, or that of this table.
  std::string referred_table{};                 ///< Which.
  std::vector<std::string> referred_columns{};  ///< As many.
  ForeignKeyOptions options{};                  ///< But for its name.
};

/// A unique constraint as the database has it.
struct ReflectedUniqueConstraint {
  std::string name{};                  ///< Empty where the database has none.
  std::vector<std::string> columns{};  ///< In their order.
};

/// A check as the database has it.
struct ReflectedCheckConstraint {
  std::string name{};     ///< Empty where the database has none.
  std::string sqltext{};  ///< The condition.
};

/// An index as the database has it; those that only serve a key or a constraint are not told.
struct ReflectedIndex {
  std::string name{};                  ///< As in the database.
  std::vector<std::string> columns{};  ///< Names; of an expression its SQL, on SQLite `<expression>`.
  bool unique = false;                 ///< UNIQUE.
  std::string where{};                 ///< The condition of a partial index, or empty.
};

/// Asks a database what is in it. Ordinary code: on a thread it blocks, in a greenlet it suspends. Keeps nothing: each
/// answer is the database's own, as the transaction of the connection sees it.
///
/// @par Lifetime
/// Of the connection, whose owner may go on using it in between.
class Inspector {
 public:
  /// @param connection  Any.
  explicit Inspector(Connection& connection) noexcept : connection_(&connection) {}

  /// @return What an unnamed schema is: `public` as a rule, `main`.
  /// @throws ...  As Connection::execute; so do all others.
  [[nodiscard]] std::string default_schema_name();
  /// @return All schemas but the system's own, in the order of their names; on SQLite the attached databases.
  [[nodiscard]] std::vector<std::string> get_schema_names();
  /// @param schema  See above.
  /// @return Its tables, in the order of their names.
  [[nodiscard]] std::vector<std::string> get_table_names(std::string_view schema = {});
  /// @param schema  See above.
  /// @return Its views, in the order of their names; on PostgreSQL without the materialised ones.
  [[nodiscard]] std::vector<std::string> get_view_names(std::string_view schema = {});
  /// @param name    Of a table or view.
  /// @param schema  See above.
  /// @return Whether it is there.
  [[nodiscard]] bool has_table(std::string_view name, std::string_view schema = {});
  /// @param table   Of a table.
  /// @param index   Of an index.
  /// @param schema  See above.
  /// @return Whether the table is there and has it; those of keys and constraints do not count.
  [[nodiscard]] bool has_index(std::string_view table, std::string_view index, std::string_view schema = {});

  /// @param table   Of a table or view.
  /// @param schema  See above.
  /// @return Its columns, in their order.
  /// @throws NoSuchTableError  It is not there; so do all below.
  [[nodiscard]] std::vector<ReflectedColumn> get_columns(std::string_view table, std::string_view schema = {});
  /// @param table   As above.
  /// @param schema  See above.
  /// @return Its primary key.
  [[nodiscard]] ReflectedPrimaryKey get_pk_constraint(std::string_view table, std::string_view schema = {});
  /// @param table   As above.
  /// @param schema  See above.
  /// @return Its foreign keys, in the order of their names, on SQLite of their definition.
  [[nodiscard]] std::vector<ReflectedForeignKey> get_foreign_keys(std::string_view table, std::string_view schema = {});
  /// @param table   As above.
  /// @param schema  See above.
  /// @return Its unique constraints, ordered likewise.
  [[nodiscard]] std::vector<ReflectedUniqueConstraint> get_unique_constraints(std::string_view table,
                                                                              std::string_view schema = {});
  /// @param table   As above.
  /// @param schema  See above.
  /// @return Its checks, ordered likewise.
  [[nodiscard]] std::vector<ReflectedCheckConstraint> get_check_constraints(std::string_view table,
                                                                            std::string_view schema = {});
  /// @param table   As above.
  /// @param schema  See above.
  /// @return Its indexes, in the order of their names.
  [[nodiscard]] std::vector<ReflectedIndex> get_indexes(std::string_view table, std::string_view schema = {});
  /// @param table   As above.
  /// @param schema  See above.
  /// @return Its comment, or empty; SQLite has none.
  [[nodiscard]] std::string get_table_comment(std::string_view table, std::string_view schema = {});

  /// Describes a table of the database, and those that its foreign keys refer to, as a program would have.
  /// @param name      Of a table or view.
  /// @param metadata  Knows them from now on; those that it knows already are left as they are.
  /// @param schema    See above.
  /// @return The table.
  /// @throws NoSuchTableError  It is not there; the metadata is unchanged.
  Table reflect_table(std::string_view name, MetaData& metadata, std::string_view schema = {});
  /// As reflect_table(), of all tables of a schema.
  /// @param metadata  As there.
  /// @param schema    See above.
  void reflect(MetaData& metadata, std::string_view schema = {});

 private:
  Connection* connection_;
};

/// @param connection  Any.
/// @return An inspector of its database.
[[nodiscard]] inline Inspector inspect(Connection& connection) noexcept { return Inspector(connection); }

}  // namespace greenway
