// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>

#include <greenway/base/error.hpp>
#include <greenway/sql/compiler.hpp>

namespace greenway {

namespace {

/// Words that may not name a column or table without quotes in one of the databases; sorted.
constexpr std::array<std::string_view, 107> reserved_words = {
    "abort", "action", "add", "all", "alter", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric",
    "authorization", "autoincrement", "between", "binary", "both", "by", "case", "cast", "check", "collate", "column",
    "commit", "constraint", "create", "cross", "current_catalog", "current_date", "current_role", "current_time",
    "current_timestamp", "current_user", "default", "deferrable", "delete", "desc", "distinct", "do", "drop", "else", "end",
    "escape", "except", "exists", "false", "fetch", "for", "foreign", "freeze", "from", "full", "grant", "group", "having",
    "ilike", "in", "index", "initially", "inner", "insert", "intersect", "into", "is", "isnull", "join", "lateral", "leading",
    "left", "like", "limit", "localtime", "localtimestamp", "natural", "not", "notnull", "null", "offset", "on", "only", "or",
    "order", "outer", "overlaps", "placing", "primary", "references", "returning", "right", "select", "session_user", "set",
    "similar", "some", "table", "then", "to", "trailing", "transaction", "true", "union", "unique", "update", "user", "using",
    "values"};
constexpr std::array<std::string_view, 7> more_reserved_words = {"variadic", "verbose", "when", "where", "window", "with",
                                                                 "windows"};

bool is_plain(std::string_view identifier) noexcept {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  return is_letter(identifier.front()) &&
         std::ranges::all_of(identifier, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); }) &&
         !std::ranges::binary_search(reserved_words, identifier) &&
         std::ranges::find(more_reserved_words, identifier) == more_reserved_words.end();
}

std::string with_length(const char* name, const Type::Data& type) {
  std::string text = name;
  if (type.length >= 0) {
    text += "(" + std::to_string(type.length) + (type.scale >= 0 ? ", " + std::to_string(type.scale) : "") + ")";
  }
  return text;
}

std::string zoned(const char* name, bool has_timezone) {
  return std::string(name) + (has_timezone ? " WITH TIME ZONE" : " WITHOUT TIME ZONE");
}

}  // namespace

const Dialect& Dialect::postgresql() noexcept {
  static const Dialect dialect(Kind::postgresql);
  return dialect;
}

const Dialect& Dialect::sqlite() noexcept {
  static const Dialect dialect(Kind::sqlite);
  return dialect;
}

const Dialect& Dialect::of(std::string_view name) {
  for (const Dialect* dialect : {&postgresql(), &sqlite()}) {
    if (dialect->name() == name) {
      return *dialect;
    }
  }
  throw ArgumentError("there is no dialect '" + std::string(name) + "': statements have to be text()");
}

std::string_view Dialect::name() const noexcept { return kind_ == Kind::postgresql ? "postgresql" : "sqlite"; }

ParameterStyle Dialect::parameter_style() const noexcept {
  return kind_ == Kind::postgresql ? ParameterStyle::dollar : ParameterStyle::question;
}

Dialect Dialect::translating(SchemaTranslateMap schemas) const {
  Dialect other(kind_);
  other.schemas_ = std::make_shared<const SchemaTranslateMap>(std::move(schemas));
  return other;
}

std::string Dialect::translated(const std::string& schema) const {
  if (schemas_ != nullptr) {
    if (const auto found = schemas_->find(schema); found != schemas_->end()) {
      return found->second;
    }
  }
  return schema;
}

std::string Dialect::qualified(const std::string& schema, std::string_view name) const {
  const std::string in = translated(schema);
  return in.empty() ? quote(name) : quote(in) + "." + quote(name);
}

std::string Dialect::quote(std::string_view identifier) const {
  if (identifier.empty() || identifier.find('\0') != std::string_view::npos) {
    throw ArgumentError("an identifier must not be empty or hold a NUL character");
  }
  if (is_plain(identifier)) {
    return std::string(identifier);
  }
  std::string quoted = "\"";
  for (const char c : identifier) {
    quoted.append(c == '"' ? 2 : 1, c);
  }
  return quoted + "\"";
}

std::string Dialect::type_name(const Type& type) const {
  const bool is_sqlite = kind_ == Kind::sqlite;
  const Type::Data& data = type.data();
  switch (data.kind) {
    case TypeKind::unknown: return is_sqlite ? "NULL" : "TEXT";
    case TypeKind::small_integer: return "SMALLINT";
    case TypeKind::integer: return "INTEGER";
    case TypeKind::big_integer: return "BIGINT";
    case TypeKind::float_: return with_length("FLOAT", data);
    case TypeKind::double_: return is_sqlite ? "DOUBLE" : "DOUBLE PRECISION";
    case TypeKind::numeric: return with_length("NUMERIC", data);
    case TypeKind::boolean: return "BOOLEAN";
    case TypeKind::string: return with_length("VARCHAR", data);
    case TypeKind::text: return "TEXT";
    case TypeKind::large_binary: return is_sqlite ? "BLOB" : "BYTEA";
    case TypeKind::date: return "DATE";
    case TypeKind::time: return is_sqlite ? "TIME" : zoned("TIME", data.has_timezone);
    case TypeKind::datetime: return is_sqlite ? "DATETIME" : zoned("TIMESTAMP", data.has_timezone);
    case TypeKind::interval: return is_sqlite ? "DATETIME" : "INTERVAL";
    case TypeKind::uuid: return is_sqlite ? "CHAR(32)" : "UUID";
    case TypeKind::json: return "JSON";
    case TypeKind::jsonb: return is_sqlite ? "JSON" : "JSONB";
    case TypeKind::enum_: {
      if (!is_sqlite) {
        return quote(data.name);
      }
      std::size_t longest = 1;
      for (const std::string& label : data.labels) {
        longest = std::max(longest, label.size());
      }
      return "VARCHAR(" + std::to_string(longest) + ")";
    }
    case TypeKind::json_path:
      throw CompileError("the path to an element of JSON is no type of a column");
    case TypeKind::array:
      if (is_sqlite) {
        throw CompileError("SQLite has no arrays: keep a list in a table of its own, or as JSON");
      }
      return type_name(type.item()) + "[]";
  }
  return {};
}

}  // namespace greenway
