// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/sql/compiler.hpp
/// @brief From statements to SQL text, in the dialect of a database.
///
/// Layer: sql. Source: SQLAlchemy's `SQLCompiler`, `Dialect` and cache keys.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <greenway/sql/detail/node.hpp>
#include <greenway/sql/detail/statement_columns.hpp>
#include <greenway/sql/sql_text.hpp>
#include <greenway/sql/statement.hpp>

namespace greenway {

/// Schemas, and what they are called instead; the schema "" is that of tables without one. Source: SQLAlchemy's
/// `schema_translate_map`.
using SchemaTranslateMap = std::map<std::string, std::string>;

/// How one database writes what others write otherwise.
///
/// Identifiers are quoted where they have to be: reserved words, capitals, anything but letters, digits and underscores.
class Dialect {
 public:
  /// Which databases there are.
  enum class Kind : std::uint8_t { postgresql, sqlite };

  /// @return PostgreSQL 15's.
  [[nodiscard]] static const Dialect& postgresql() noexcept;
  /// @return SQLite 3.40's.
  [[nodiscard]] static const Dialect& sqlite() noexcept;
  /// @param name  As name().
  /// @return The dialect of that name.
  /// @throws ArgumentError  There is none.
  [[nodiscard]] static const Dialect& of(std::string_view name);

  /// @return Which it is.
  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  /// @return "postgresql", "sqlite".
  [[nodiscard]] std::string_view name() const noexcept;
  /// @return How placeholders are written.
  [[nodiscard]] ParameterStyle parameter_style() const noexcept;
  /// @param identifier  Any.
  /// @return It, quoted if need be.
  /// @throws ArgumentError  It is empty, or holds a NUL character.
  [[nodiscard]] std::string quote(std::string_view identifier) const;
  /// @param schemas  Copied.
  /// @return The dialect in which these schemas have other names.
  [[nodiscard]] Dialect translating(SchemaTranslateMap schemas) const;
  /// @return Which schemas have other names; null for none.
  [[nodiscard]] const SchemaTranslateMap* schema_translate_map() const noexcept { return schemas_.get(); }
  /// @param schema  Or empty.
  /// @return What it is called here, or empty.
  [[nodiscard]] std::string translated(const std::string& schema) const;
  /// @param schema  Or empty.
  /// @param name    Of a table.
  /// @return Its name, behind the schema's if it is in one, each quoted if need be.
  /// @throws ArgumentError  As quote().
  [[nodiscard]] std::string qualified(const std::string& schema, std::string_view name) const;
  /// @param type  Any.
  /// @return What the database calls it.
  /// @throws CompileError  It has no such type.
  [[nodiscard]] std::string type_name(const Type& type) const;

 private:
  explicit Dialect(Kind kind) noexcept : kind_(kind) {}
  Kind kind_;
  std::shared_ptr<const SchemaTranslateMap> schemas_;
};

/// A parameter of a compiled statement: which value goes there.
struct CompiledParameter {
  std::string name = {};  ///< Of a named parameter; else empty.
  Type type = {};         ///< Of its value.
};

/// A statement as a database reads it.
struct Compiled {
  /// @param text            SQL with placeholders.
  /// @param all_parameters  In the order of the placeholders' numbers.
  /// @param names           Of the columns of its rows.
  /// @param selected        What these are.
  Compiled(std::string text, std::vector<CompiledParameter> all_parameters, std::vector<std::string> names,
           detail::StatementColumns selected)
      : sql(std::move(text)), parameters(std::move(all_parameters)), column_names(std::move(names)),
        columns(std::move(selected)) {}
  SQLText sql;                                ///< See above.
  std::vector<CompiledParameter> parameters;  ///< See above.
  std::vector<std::string> column_names;      ///< See above; empty where the database makes them.
  detail::StatementColumns columns;           ///< See above.
};

/// What a statement is, but for the values of its parameters: two with the same shape have the same SQL text.
class StatementShape {
 public:
  /// Reads a statement. What was read before is forgotten, its memory used again.
  /// @param root  Of the statement.
  void read(const detail::Node& root);

  /// @return What differs for different shapes. It holds addresses of nodes, so that it means something only while these
  ///         live.
  [[nodiscard]] std::string_view key() const noexcept { return key_; }
  /// @return The parameters, in the order of their numbers.
  [[nodiscard]] const std::vector<const detail::BindNode*>& binds() const noexcept { return binds_; }

 private:
  void add(const detail::Node* node);
  void add(const detail::NodeList& nodes);
  void add_kind(detail::NodeKind kind);
  void add_text(std::string_view text);
  void add_number(std::size_t number);
  void add_select(const detail::Node& node);
  void add_data(const detail::Node& node);
  void add_bind(const detail::BindNode& bind);
  void add_type(const Type& type);
  [[nodiscard]] bool add_known(const detail::Node& node);

  std::string key_;
  std::vector<const detail::BindNode*> binds_;
  std::vector<const detail::Node*> known_;  // that have an identity of their own
};

/// @param statement  Any.
/// @param dialect    For which database.
/// @return The statement compiled.
/// @throws ArgumentError  An identifier is not legal.
/// @throws CompileError   The database cannot do that, or the statement lacks a part.
[[nodiscard]] Compiled compile(const Statement& statement, const Dialect& dialect);
/// As above, of a statement that has been read.
/// @param statement  As above.
/// @param shape      Its own.
/// @param dialect    As above.
/// @return As above.
/// @throws ...  As above.
[[nodiscard]] Compiled compile(const Statement& statement, const StatementShape& shape, const Dialect& dialect);

}  // namespace greenway
