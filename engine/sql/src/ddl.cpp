// SPDX-License-Identifier: BSL-1.0
#include <greenway/sql/ddl.hpp>

#include <algorithm>

#include <greenway/base/error.hpp>

#include "compilation.hpp"

namespace greenway {

namespace {

std::string literal(const std::string& text) {
  std::string sql = "'";
  for (const char c : text) {
    sql.append(c == '\'' ? 2 : 1, c);
  }
  return sql + "'";
}

/// Whether SQL is a word or number, or a text, which SQLite takes as a default without parentheses.
bool is_literal(const std::string& sql) {
  if (sql.starts_with('\'') && sql.size() > 1) {
    std::size_t at = 1;
    while ((at = sql.find('\'', at)) + 1 < sql.size() && sql[at + 1] == '\'') {
      at += 2;
    }
    return at + 1 == sql.size();
  }
  const auto is_in_word = [](char c) {
    return c == '_' || c == '.' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  };
  return std::ranges::all_of(sql, is_in_word);
}

std::string replaced(std::string pattern, std::string_view mark, std::string_view text) {
  for (std::size_t at = 0; (at = pattern.find(mark, at)) != std::string::npos; at += text.size()) {
    pattern.replace(at, mark.size(), text);
  }
  return pattern;
}

std::string joined(const std::vector<std::string>& names, const char* separator) {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "" : separator) + name;
  }
  return text;
}

/// What the naming convention makes of a constraint or index.
/// @param given     The name it has, or empty.
/// @param referred  Of a foreign key: "table.column".
std::string named(const std::string& pattern, const std::string& given, const Table::Data& table,
                  const std::vector<std::string>& columns, const std::string& referred = {}) {
  const bool takes_given = pattern.find("%(constraint_name)s") != std::string::npos;
  if (!given.empty() && !takes_given) {
    return given;
  }
  if (given.empty() && takes_given) {
    throw CompileError("the naming convention '" + pattern + "' needs a name: give one to the constraint of table '" +
                       table.name + "'");
  }
  const std::string first = columns.empty() ? std::string() : columns.front();
  const std::size_t point = referred.rfind('.');
  const std::pair<std::string_view, std::string> tokens[] = {
      {"%(table_name)s", table.name},
      {"%(column_0_name)s", first},
      {"%(column_0_N_name)s", joined(columns, "_")},
      {"%(column_0_label)s", table.name + "_" + first},
      {"%(referred_table_name)s", referred.substr(0, point)},
      {"%(referred_column_0_name)s", point == std::string::npos ? "" : referred.substr(point + 1)},
      {"%(constraint_name)s", given},
  };
  std::string name = pattern;
  for (const auto& [token, text] : tokens) {
    name = replaced(std::move(name), token, text);
  }
  return name;
}

/// The text of one table's definition.
class TableWriter {
 public:
  TableWriter(const Table& table, const Dialect& dialect, const std::vector<std::string>& later = {})
      : table_(table.data()), convention_(table.naming_convention()), dialect_(dialect),
        is_sqlite_(dialect.kind() == Dialect::Kind::sqlite), key_(table.primary_key()), later_(later) {}

  std::string create() {
    for (const Column& column : table_.columns) {
      parts_.push_back(definition(column.data()));
    }
    constraints();
    return "CREATE TABLE " + name() + " (\n\t" + joined(parts_, ",\n\t") + "\n)";
  }

  std::vector<std::string> add_foreign_keys() {
    for (const ForeignKeyConstraint& key : table_.foreign_keys) {
      if (is_later(key)) {
        foreign_key(key);
      }
    }
    for (std::string& part : parts_) {
      part.insert(0, "ALTER TABLE " + name() + " ADD ");
    }
    return std::move(parts_);
  }

  std::vector<std::string> indexes() {
    std::vector<std::string> all;
    for (const Index& index : table_.indexes) {
      const std::string index_name = named(convention_.ix, index.name, table_, index.columns);
      std::string sql = std::string("CREATE ") + (index.options.unique ? "UNIQUE " : "") + "INDEX " + dialect_.quote(index_name) +
                        " ON " + name();
      if (!is_sqlite_ && !index.options.using_.empty()) {
        sql += " USING " + index.options.using_;
      }
      std::vector<std::string> elements;
      for (const std::string& element : index.columns) {
        const bool is_column =
            std::ranges::any_of(table_.columns, [&](const Column& column) { return column.name() == element; });
        elements.push_back(is_column ? dialect_.quote(element) : "(" + element + ")");
      }
      sql += " (" + joined(elements, ", ") + ")";
      sql += is_sqlite_ || index.options.include.empty() ? "" : " INCLUDE " + quoted(index.options.include);
      all.push_back(index.options.where.empty() ? sql : sql + " WHERE " + index.options.where);
    }
    if (!is_sqlite_) {
      if (!table_.comment.empty()) {
        all.push_back("COMMENT ON TABLE " + name() + " IS " + literal(table_.comment));
      }
      for (const Column& column : table_.columns) {
        if (!column.data().comment.empty()) {
          all.push_back("COMMENT ON COLUMN " + name() + "." + dialect_.quote(column.name()) + " IS " +
                        literal(column.data().comment));
        }
      }
    }
    return all;
  }

  [[nodiscard]] std::string name() const { return dialect_.qualified(table_.schema, table_.name); }

 private:
  std::string definition(const Column::Data& column) {
    std::string sql = dialect_.quote(column.name) + " ";
    if (!is_sqlite_ && !column.identity && table_.is_counted(column)) {
      return sql + (column.type.kind() == TypeKind::big_integer     ? "BIGSERIAL"
                    : column.type.kind() == TypeKind::small_integer ? "SMALLSERIAL"
                                                                    : "SERIAL") + " NOT NULL";
    }
    // SQLite makes values for INTEGER PRIMARY KEY, and for nothing that is called otherwise.
    sql += is_sqlite_ && table_.is_counted(column) ? "INTEGER" : dialect_.type_name(column.type);
    if (column.server_default) {
      StatementShape none;
      detail::Compilation compilation(dialect_, none);
      compilation.expression(*column.server_default);
      const std::string text = compilation.take();
      sql += " DEFAULT " + (is_sqlite_ && !is_literal(text) ? "(" + text + ")" : text);
    }
    if (column.computed) {
      if (!is_sqlite_ && !column.computed->stored) {
        throw CompileError("PostgreSQL stores what it computes: column '" + column.name + "' cannot be VIRTUAL");
      }
      sql += " GENERATED ALWAYS AS (" + column.computed->sql + ")" + (column.computed->stored ? " STORED" : " VIRTUAL");
    }
    if (column.identity && !is_sqlite_) {
      sql += std::string(" GENERATED ") + (column.identity->always ? "ALWAYS" : "BY DEFAULT") + " AS IDENTITY";
      std::vector<std::string> options;
      const auto option = [&](const char* what, const std::optional<long long>& number) {
        if (number) {
          options.push_back(what + std::to_string(*number));
        }
      };
      option("START WITH ", column.identity->start);
      option("INCREMENT BY ", column.identity->increment);
      option("MINVALUE ", column.identity->minvalue);
      option("MAXVALUE ", column.identity->maxvalue);
      option("CACHE ", column.identity->cache);
      if (column.identity->cycle) {
        options.emplace_back("CYCLE");
      }
      sql += options.empty() ? "" : " (" + joined(options, " ") + ")";
    }
    if (!column.is_nullable()) {
      sql += " NOT NULL";
    }
    return sql;
  }

  void add(const std::string& constraint_name, std::string sql) {
    parts_.push_back((constraint_name.empty() ? "" : "CONSTRAINT " + dialect_.quote(constraint_name) + " ") + std::move(sql));
  }

  std::string quoted(const std::vector<std::string>& names) {
    std::vector<std::string> all;
    for (const std::string& column : names) {
      all.push_back(dialect_.quote(column));
    }
    return "(" + joined(all, ", ") + ")";
  }

  void constraints() {
    if (!key_.empty()) {
      std::vector<std::string> names;
      for (const Column& column : key_) {
        names.push_back(column.name());
      }
      const std::string given = table_.primary_key ? table_.primary_key->name : std::string();
      add(named(convention_.pk, given, table_, names), "PRIMARY KEY " + quoted(names));
    }
    for (const UniqueConstraint& unique : table_.uniques) {
      const UniqueOptions& how = unique.options;
      if (is_sqlite_ && (how.deferrable || how.initially_deferred || how.nulls_not_distinct)) {
        throw CompileError("SQLite has no UNIQUE that is DEFERRABLE or NULLS NOT DISTINCT: leave it out, or use a unique index");
      }
      const char* const what = how.nulls_not_distinct ? "UNIQUE NULLS NOT DISTINCT " : "UNIQUE ";
      add(named(convention_.uq, unique.name, table_, unique.columns),
          what + quoted(unique.columns) + deferral(how.deferrable, how.initially_deferred));
    }
    for (const CheckConstraint& check : table_.checks) {
      add(named(convention_.ck, check.name, table_, {}), "CHECK (" + check.sql + ")");
    }
    if (is_sqlite_) {
      for (const Column& column : table_.columns) {
        enumeration(column.data());
      }
    }
    for (const ForeignKeyConstraint& key : table_.foreign_keys) {
      if (!is_later(key)) {
        foreign_key(key);
      }
    }
  }

  // SQLite takes a foreign key to what is not there yet.
  bool is_later(const ForeignKeyConstraint& key) const {
    const std::string& target = key.referred.front();
    return !is_sqlite_ && std::ranges::find(later_, target.substr(0, target.rfind('.'))) != later_.end();
  }

  void enumeration(const Column::Data& column) {
    if (column.type.kind() != TypeKind::enum_) {
      return;
    }
    std::vector<std::string> labels;
    for (const std::string& label : column.type.data().labels) {
      labels.push_back(literal(label));
    }
    add({}, "CHECK (" + dialect_.quote(column.name) + " IN (" + joined(labels, ", ") + "))");
  }

  static std::string deferral(bool deferrable, bool initially_deferred) {
    return initially_deferred ? " DEFERRABLE INITIALLY DEFERRED" : deferrable ? " DEFERRABLE" : "";
  }

  void foreign_key(const ForeignKeyConstraint& key) {
    std::vector<std::string> columns;
    std::string table;
    for (const std::string& target : key.referred) {
      const std::size_t point = target.rfind('.');
      table = target.substr(0, point);
      columns.push_back(target.substr(point + 1));
    }
    const std::size_t point = table.find('.');
    const std::string referred = point == std::string::npos ? dialect_.qualified({}, table)
                                                            : dialect_.qualified(table.substr(0, point), table.substr(point + 1));
    std::string sql = "FOREIGN KEY " + quoted(key.columns) + " REFERENCES " + referred + " " + quoted(columns);
    sql += key.options.match.empty() ? "" : " MATCH " + key.options.match;
    sql += key.options.ondelete.empty() ? "" : " ON DELETE " + key.options.ondelete;
    sql += key.options.onupdate.empty() ? "" : " ON UPDATE " + key.options.onupdate;
    sql += deferral(key.options.deferrable, key.options.initially_deferred);
    add(named(convention_.fk, key.options.name, table_, key.columns, key.referred.front()), std::move(sql));
  }

  const Table::Data& table_;
  const NamingConvention& convention_;
  const Dialect& dialect_;
  const bool is_sqlite_;
  const std::vector<Column> key_;
  const std::vector<std::string> later_;
  std::vector<std::string> parts_;
};

}  // namespace

CreateTable::CreateTable(const Table& table) : Statement(detail::NodeRef(new detail::DdlNode(table, false))) {}

DropTable::DropTable(const Table& table) : Statement(detail::NodeRef(new detail::DdlNode(table, true))) {}

std::string create_table_sql(const Table& table, const Dialect& dialect, const std::vector<std::string>& later) {
  return TableWriter(table, dialect, later).create();
}

std::vector<std::string> add_foreign_key_sql(const Table& table, const Dialect& dialect, const std::vector<std::string>& later) {
  return TableWriter(table, dialect, later).add_foreign_keys();
}

std::vector<std::string> create_index_sql(const Table& table, const Dialect& dialect) {
  return TableWriter(table, dialect).indexes();
}

std::string drop_table_sql(const Table& table, const Dialect& dialect) {
  return "DROP TABLE " + TableWriter(table, dialect).name();
}

std::vector<std::pair<std::string, std::string>> create_type_sql(const MetaData& metadata, const Dialect& dialect) {
  std::vector<std::pair<std::string, std::string>> types;
  if (dialect.kind() == Dialect::Kind::sqlite) {
    return types;
  }
  for (const Table& table : metadata.tables()) {
    for (const Column& column : table.data().columns) {
      const bool is_array = column.data().type.kind() == TypeKind::array;
      const Type type = is_array ? column.data().type.item() : column.data().type;
      const bool is_known = std::ranges::any_of(types, [&](const auto& known) { return known.first == type.data().name; });
      if (type.kind() != TypeKind::enum_ || is_known) {
        continue;
      }
      std::vector<std::string> labels;
      for (const std::string& label : type.data().labels) {
        labels.push_back(literal(label));
      }
      types.emplace_back(type.data().name,
                         "CREATE TYPE " + dialect.quote(type.data().name) + " AS ENUM (" + joined(labels, ", ") + ")");
    }
  }
  return types;
}

}  // namespace greenway
