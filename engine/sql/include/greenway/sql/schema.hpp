// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/sql/schema.hpp
/// @brief Tables, columns, constraints and indexes, and the MetaData that holds them.
///
/// Layer: sql. Source: SQLAlchemy's `schema` package, whose names these are.
///
/// ```cpp
/// gw::MetaData metadata;
/// const gw::Table account("account", metadata,
///     gw::Column("id", gw::Integer(), gw::primary_key),
///     gw::Column("owner", gw::String(40), gw::nullable(false), gw::ForeignKey("person.name")),
///     gw::Column("cents", gw::BigInteger(), gw::server_default("0")),
///     gw::CheckConstraint("cents >= 0"));
/// ```

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <greenway/sql/constructors.hpp>
#include <greenway/sql/selectable.hpp>

namespace greenway {

class MetaData;
class Table;

/// A column is part of the primary key.
struct PrimaryKey {};
/// A column is part of the primary key, and NOT NULL.
inline constexpr PrimaryKey primary_key;
/// A column's values differ from each other.
struct Unique {};
/// A column's values differ from each other.
inline constexpr Unique unique;
/// A column has an index.
struct Indexed {};
/// A column has an index of its own.
inline constexpr Indexed indexed;

/// Whether a column may be NULL; by default all may that are no part of the primary key.
struct nullable {
  /// @param may_be_null  See above.
  explicit nullable(bool may_be_null) noexcept : value(may_be_null) {}
  bool value;  ///< See above.
};

/// Whether the database makes the values of an integer primary key; by default it does for one of a single column.
struct autoincrement {
  /// @param is_made  See above.
  explicit autoincrement(bool is_made) noexcept : value(is_made) {}
  bool value;  ///< See above.
};

/// What the database puts into a column for which an INSERT has no value.
struct server_default {
  /// @param text  A text, sent as a literal of SQL: `'text'`.
  explicit server_default(const char* text);
  /// @param sql  An expression: func::now(), literal_column("0").
  explicit server_default(const ColumnElement& sql) : expression(sql.node()) {}
  detail::NodeRef expression;  ///< See above.
};

/// What an INSERT puts into a column that it has no value for, when a connection executes it; one that is part of another
/// statement, and one from a UNION and the like, does without.
struct default_ {
  /// @param value  A value or an expression.
  explicit default_(const Operand& value) : operand(value) {}
  /// @param make  Called for each row before the statement is sent; may itself execute statements.
  explicit default_(std::function<Value()> make) : function(std::move(make)) {}
  std::optional<Operand> operand;   ///< See above.
  std::function<Value()> function;  ///< See above.
};

/// What an UPDATE puts into a column that it has no value for, when a connection executes it; ON CONFLICT DO UPDATE does
/// without, as in SQLAlchemy.
struct onupdate {
  /// @param value  A value or an expression.
  explicit onupdate(const Operand& value) : operand(value) {}
  /// @param make  Called for each statement.
  explicit onupdate(std::function<Value()> make) : function(std::move(make)) {}
  std::optional<Operand> operand;   ///< See above.
  std::function<Value()> function;  ///< See above.
};

/// GENERATED … AS IDENTITY; on SQLite an integer primary key.
struct Identity {
  bool always = false;             ///< ALWAYS; else BY DEFAULT.
  std::optional<long long> start = {};      ///< START WITH.
  std::optional<long long> increment = {};  ///< INCREMENT BY.
  std::optional<long long> minvalue = {};   ///< MINVALUE.
  std::optional<long long> maxvalue = {};   ///< MAXVALUE.
  std::optional<long long> cache = {};      ///< CACHE.
  bool cycle = false;                       ///< CYCLE.
};

/// GENERATED ALWAYS AS (sql).
struct Computed {
  /// @param expression  SQL.
  /// @param is_stored   STORED; else VIRTUAL, which PostgreSQL 15 has not.
  explicit Computed(std::string expression, bool is_stored = true) : sql(std::move(expression)), stored(is_stored) {}
  std::string sql;  ///< See above.
  bool stored;      ///< See above.
};

/// A comment in the database.
struct comment {
  /// @param comment_text  Any.
  explicit comment(std::string comment_text) : text(std::move(comment_text)) {}
  std::string text;  ///< See above.
};

/// A table's schema.
struct schema {
  /// @param schema_name  Any.
  explicit schema(std::string schema_name) : name(std::move(schema_name)) {}
  std::string name;  ///< See above.
};

/// How a foreign key behaves. Plain data: start from the defaults, set what differs.
struct ForeignKeyOptions {
  std::string name = {};        ///< Of the constraint.
  std::string ondelete = {};    ///< "CASCADE", "SET NULL", …
  std::string onupdate = {};    ///< Likewise.
  bool deferrable = false;      ///< DEFERRABLE.
  bool initially_deferred = false;  ///< INITIALLY DEFERRED, which implies the former.
  std::string match = {};       ///< "FULL": all columns of a composite key are NULL, or none.
};

/// How a UNIQUE behaves, beyond what all databases know. Plain data: start from the defaults, set what differs.
struct UniqueOptions {
  bool deferrable = false;          ///< DEFERRABLE; PostgreSQL only.
  bool initially_deferred = false;  ///< INITIALLY DEFERRED, which implies the former.
  bool nulls_not_distinct = false;  ///< NULLS NOT DISTINCT: NULL but once; PostgreSQL only.
};

/// A column refers to another.
struct ForeignKey {
  /// @param referred          "table.column" or "schema.table.column"; the table may be defined later.
  /// @param how               See there.
  explicit ForeignKey(std::string referred, ForeignKeyOptions how = {}) : target(std::move(referred)), options(std::move(how)) {}
  std::string target;         ///< See above.
  ForeignKeyOptions options;  ///< See above.
};

/// Several columns refer to as many others.
struct ForeignKeyConstraint {
  /// @param column_names    Of this table.
  /// @param referred_names  As ForeignKey's.
  /// @param how             See there.
  ForeignKeyConstraint(std::vector<std::string> column_names, std::vector<std::string> referred_names,
                       ForeignKeyOptions how = {})
      : columns(std::move(column_names)), referred(std::move(referred_names)), options(std::move(how)) {}
  std::vector<std::string> columns;   ///< See above.
  std::vector<std::string> referred;  ///< See above.
  ForeignKeyOptions options;          ///< See above.
};

/// The primary key, where it needs a name or an order of its own.
struct PrimaryKeyConstraint {
  /// @param column_names     In their order.
  /// @param constraint_name  Empty for the naming convention's, or none.
  explicit PrimaryKeyConstraint(std::vector<std::string> column_names, std::string constraint_name = {})
      : columns(std::move(column_names)), name(std::move(constraint_name)) {}
  std::vector<std::string> columns;  ///< See above.
  std::string name;                  ///< See above.
};

/// UNIQUE.
struct UniqueConstraint {
  /// @param column_names     In their order.
  /// @param constraint_name  As PrimaryKeyConstraint's.
  /// @param how              See there.
  explicit UniqueConstraint(std::vector<std::string> column_names, std::string constraint_name = {}, UniqueOptions how = {})
      : columns(std::move(column_names)), name(std::move(constraint_name)), options(how) {}
  std::vector<std::string> columns;  ///< See above.
  std::string name;                  ///< See above.
  UniqueOptions options;             ///< See above.
};

/// CHECK.
struct CheckConstraint {
  /// @param condition        SQL.
  /// @param constraint_name  As PrimaryKeyConstraint's.
  explicit CheckConstraint(std::string condition, std::string constraint_name = {})
      : sql(std::move(condition)), name(std::move(constraint_name)) {}
  std::string sql;   ///< See above.
  std::string name;  ///< See above.
};

/// How an index is made. Plain data: start from the defaults, set what differs.
struct IndexOptions {
  bool unique = false;                          ///< UNIQUE.
  std::string where = {};                       ///< The condition of a partial index: SQL.
  std::string using_ = {};                      ///< PostgreSQL's access method.
  std::vector<std::string> include = {};        ///< Columns that PostgreSQL keeps beside the key, to read them from the index.
};

/// An index of a table.
struct Index {
  /// @param index_name   Any.
  /// @param expressions  Names of columns, or SQL where it is no such name.
  /// @param how          See there.
  Index(std::string index_name, std::vector<std::string> expressions, IndexOptions how = {})
      : name(std::move(index_name)), columns(std::move(expressions)), options(std::move(how)) {}
  std::string name;                  ///< See above.
  std::vector<std::string> columns;  ///< See above.
  IndexOptions options;              ///< See above.
};

/// How constraints and indexes without a name are called: SQLAlchemy's `naming_convention`, with its tokens. In each pattern
/// `%(table_name)s`, `%(column_0_name)s` (of the first column), `%(column_0_N_name)s` (of all, by underscores),
/// `%(column_0_label)s` (table and first column), `%(referred_table_name)s` and `%(referred_column_0_name)s` stand for what they
/// say, `%(constraint_name)s` for the name that is given and has to be. An empty pattern leaves the name to the database.
struct NamingConvention {
  std::string pk = {};                        ///< Of a PRIMARY KEY.
  std::string fk = {};                        ///< Of a FOREIGN KEY.
  std::string uq = {};                        ///< Of a UNIQUE.
  std::string ck = {};                        ///< Of a CHECK.
  std::string ix = "ix_%(column_0_label)s";  ///< Of an index.
};

/// A column: as part of a definition what it is, and once its table is there an expression.
class Column : public ColumnElement {
 public:
  /// What a column is.
  struct Data {
    std::string name;                             ///< As in the database.
    Type type;                                    ///< Of its values.
    bool primary_key = false;                     ///< Part of it.
    bool unique = false;                          ///< Has a constraint.
    bool indexed = false;                         ///< Has an index.
    std::optional<bool> nullable = {};            ///< Said; see is_nullable().
    std::optional<bool> autoincrement = {};       ///< Said.
    detail::NodeRef server_default = {};          ///< Or none.
    std::optional<default_> default_value = {};   ///< Or none.
    std::optional<onupdate> onupdate_value = {};  ///< Or none.
    std::vector<ForeignKey> foreign_keys = {};    ///< Of this column alone.
    std::optional<Identity> identity = {};        ///< Or none.
    std::optional<Computed> computed = {};        ///< Or none.
    std::string comment = {};                     ///< Or empty.
    /// @return Whether it may be NULL.
    [[nodiscard]] bool is_nullable() const noexcept { return nullable.value_or(!primary_key); }
  };

  /// @param name  As in the database.
  /// @param type  Of its values.
  Column(std::string name, Type type);
  /// @param name        As in the database.
  /// @param type        Of its values.
  /// @param attributes  Any of the above; or an optional one.
  template <class... A>
  Column(std::string name, Type type, const A&... attributes) : Column(std::move(name), std::move(type)) {
    (apply(attributes), ...);
  }

  /// @return What it is.
  [[nodiscard]] const Data& data() const noexcept { return *data_; }
  /// @return As in the database.
  [[nodiscard]] const std::string& name() const noexcept { return data_->name; }

 private:
  friend class Table;

  void apply(const PrimaryKey&);
  void apply(const Unique&);
  void apply(const Indexed&);
  void apply(const greenway::nullable& attribute);
  void apply(const greenway::autoincrement& attribute);
  void apply(const greenway::server_default& attribute);
  void apply(const default_& attribute);
  void apply(const onupdate& attribute);
  void apply(const ForeignKey& attribute);
  void apply(const Identity& attribute);
  void apply(const Computed& attribute);
  void apply(const greenway::comment& attribute);
  template <class A>
  void apply(const std::optional<A>& attribute) {
    if (attribute) {
      apply(*attribute);
    }
  }

  std::shared_ptr<Data> data_;
};

/// A table of a database. Cheap to copy; copies are the same table, and its MetaData knows it.
///
/// @par Threads
/// Defined by one thread; afterwards read by any.
class Table : public FromClause {
 public:
  /// What a table is, besides its columns.
  struct Data {
    std::string name;                                  ///< As in the database.
    std::string schema = {};                           ///< Or empty for the default.
    std::string comment = {};                          ///< Or empty.
    std::vector<Column> columns = {};                  ///< In their order.
    std::optional<PrimaryKeyConstraint> primary_key = {};  ///< Where one was given.
    std::vector<ForeignKeyConstraint> foreign_keys = {};   ///< Of columns and of the table.
    std::vector<UniqueConstraint> uniques = {};            ///< Likewise.
    std::vector<CheckConstraint> checks = {};              ///< Of the table.
    std::vector<Index> indexes = {};                       ///< Of columns and of the table.
    NamingConvention convention = {};                      ///< Of the metadata.
    /// @return schema.name, or the name alone: how ForeignKey calls it.
    [[nodiscard]] std::string key() const { return schema.empty() ? name : schema + "." + name; }
    /// @return The columns of its primary key.
    [[nodiscard]] std::vector<Column> primary_key_columns() const;
    /// @param column  Of this table.
    /// @return Whether the database counts its values up: SERIAL, or an INTEGER PRIMARY KEY of SQLite.
    [[nodiscard]] bool is_counted(const Column::Data& column) const;
  };

  /// @param name      As in the database.
  /// @param metadata  Knows it from now on.
  /// @param parts     Columns, constraints, indexes, schema, comment; or optional ones, or vectors of them.
  /// @throws InvalidRequestError  The metadata has one of that name already.
  /// @throws ArgumentError        Two columns of one name, or a constraint or index of a column that is not there.
  template <class... A>
  Table(std::string name, MetaData& metadata, const A&... parts) : Table(std::move(name)) {
    (apply(parts), ...);
    complete(metadata);
  }

  /// @param name  Of a column.
  /// @return The column.
  /// @throws ArgumentError  There is none of that name; the message lists those there are.
  [[nodiscard]] const Column& c(std::string_view name) const;
  /// @return What it is.
  [[nodiscard]] const Data& data() const noexcept { return *data_; }
  /// @return As in the database.
  [[nodiscard]] const std::string& name() const noexcept { return data_->name; }
  /// @return How those of its constraints and indexes are called that were given no name.
  [[nodiscard]] const NamingConvention& naming_convention() const noexcept { return data_->convention; }
  /// @return The columns of its primary key.
  [[nodiscard]] std::vector<Column> primary_key() const { return data_->primary_key_columns(); }

 private:
  friend class MetaData;
  explicit Table(std::shared_ptr<Data> data);
  explicit Table(std::string name);

  void apply(const Column& part);
  void apply(const PrimaryKeyConstraint& part);
  void apply(const ForeignKeyConstraint& part);
  void apply(const UniqueConstraint& part);
  void apply(const CheckConstraint& part);
  void apply(const Index& part);
  void apply(const greenway::schema& part);
  void apply(const greenway::comment& part);
  template <class P>
  void apply(const std::optional<P>& part) {
    if (part) {
      apply(*part);
    }
  }
  template <class P>
  void apply(const std::vector<P>& parts) {
    for (const P& part : parts) {
      apply(part);
    }
  }
  void complete(MetaData& metadata);
  void make_nodes();

  std::shared_ptr<Data> data_;
};

/// The tables of a program.
///
/// @par Threads
/// As Table.
class MetaData {
 public:
  /// None.
  MetaData() = default;
  /// @param convention  For all names that are not given.
  explicit MetaData(NamingConvention convention) : convention_(std::move(convention)) {}

  /// @return All tables, in the order of their definition.
  [[nodiscard]] const std::vector<Table>& tables() const noexcept { return tables_; }
  /// @return All tables, each behind those that it refers to.
  /// @throws ArgumentError  A foreign key refers to a table or column that is not there.
  [[nodiscard]] std::vector<Table> sorted_tables() const;
  /// @param key  As Table::Data::key().
  /// @return The table, or null.
  [[nodiscard]] const Table* find(std::string_view key) const noexcept;
  /// @return See there.
  [[nodiscard]] const NamingConvention& naming_convention() const noexcept { return convention_; }
  /// Forgets all tables, which live on.
  void clear() noexcept { tables_.clear(); }

  /// Creates all tables in the order of their dependencies.
  /// @param connection  Of the engine.
  /// @param checkfirst  Leaves those alone that exist.
  template <class Connection>
  void create_all(Connection& connection, bool checkfirst = true) const {
    create_tables(connection, *this, checkfirst);
  }
  /// Drops all tables, in the reverse order.
  /// @param connection  Of the engine.
  /// @param checkfirst  Leaves those alone that do not exist.
  template <class Connection>
  void drop_all(Connection& connection, bool checkfirst = true) const {
    drop_tables(connection, *this, checkfirst);
  }

 private:
  friend class Table;
  NamingConvention convention_;
  std::vector<Table> tables_;
};

}  // namespace greenway
