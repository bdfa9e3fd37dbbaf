// SPDX-License-Identifier: BSL-1.0
#include "statement.hpp"

#include <cmath>
#include <utility>

#include <sqlite3.h>

#include "error.hpp"
#include "json_list.hpp"
#include "storage.hpp"

namespace greenway::detail {

namespace {

bool declares_boolean(std::string_view type) noexcept {
  const std::string text(type);
  return sqlite3_stricmp(text.c_str(), "BOOLEAN") == 0 || sqlite3_stricmp(text.c_str(), "BOOL") == 0;
}

/// Whether nothing but white space, comments and semicolons is left.
bool is_empty(sqlite3* db, std::string_view rest) noexcept {
  if (rest.empty()) {
    return true;
  }
  sqlite3_stmt* more = nullptr;
  const int code = sqlite3_prepare_v2(db, rest.data(), static_cast<int>(rest.size()), &more, nullptr);
  sqlite3_finalize(more);
  return code == SQLITE_OK && more == nullptr;
}

}  // namespace

SQLiteStatement::SQLiteStatement(sqlite3* db, const SQLText& sql, bool keep) : db_(db), sql_(sql), is_kept_(keep) {
  const std::string& text = sql_.text;
  if (text.find('\0') != std::string::npos) {
    throw_sqlite_error("the statement contains a NUL character: send it as a parameter", SQLITE_ERROR, text);
  }
  const char* rest = nullptr;
  const unsigned flags = keep ? SQLITE_PREPARE_PERSISTENT : 0;
  const int code = sqlite3_prepare_v3(db, text.c_str(), static_cast<int>(text.size() + 1), flags, &handle_, &rest);
  if (code != SQLITE_OK) {
    throw_sqlite_error(db, code, text);
  }
  if (handle_ == nullptr) {
    throw_sqlite_error("the statement is empty", SQLITE_ERROR, text);
  }
  if (!is_empty(db, std::string_view(text).substr(static_cast<std::size_t>(rest - text.c_str())))) {
    sqlite3_finalize(handle_);
    throw_sqlite_error("there is more than one statement: execute each by itself", SQLITE_ERROR, text);
  }
  writes_ = sqlite3_stmt_readonly(handle_) == 0;
}

SQLiteStatement::~SQLiteStatement() { sqlite3_finalize(handle_); }

void SQLiteStatement::bind(std::span<const Value> parameters, bool copies) {
  const auto expected = static_cast<std::size_t>(sqlite3_bind_parameter_count(handle_));
  if (expected != parameters.size()) {
    throw_sqlite_error("the statement has " + std::to_string(expected) + " parameters, but " +
                           std::to_string(parameters.size()) + " values are given",
                       SQLITE_ERROR, sql_.text);
  }
  int index = 0;
  for (const Value& value : parameters) {
    bind_one(++index, value, copies);
  }
}

void SQLiteStatement::bind_one(int index, const Value& value, bool copies) {
  if (is_stored_otherwise(value.kind())) {
    std::string why;
    const Value other = stored(value, why);
    if (!why.empty()) {
      throw_sqlite_error("parameter " + std::to_string(index) + " is " + why, SQLITE_MISMATCH, sql_.text);
    }
    return bind_one(index, other, true);
  }
  const auto lifetime = copies ? SQLITE_TRANSIENT : SQLITE_STATIC;
  int code = SQLITE_OK;
  if (const auto* truth = value.get_if<bool>()) {
    code = sqlite3_bind_int(handle_, index, *truth ? 1 : 0);
  } else if (const auto* integer = value.get_if<std::int64_t>()) {
    code = sqlite3_bind_int64(handle_, index, *integer);
  } else if (const auto* real = value.get_if<double>()) {
    if (std::isnan(*real)) {
      throw_sqlite_error("parameter " + std::to_string(index) + " is NaN, which SQLite would store as NULL: send NULL",
                         SQLITE_MISMATCH, sql_.text);
    }
    code = sqlite3_bind_double(handle_, index, *real);
  } else if (const auto* text = value.get_if<std::string>()) {
    if (!is_utf8(*text)) {
      throw_sqlite_error("parameter " + std::to_string(index) + " is a text that is not UTF-8: send bytes for a blob",
                         SQLITE_MISMATCH, sql_.text);
    }
    code = sqlite3_bind_text64(handle_, index, text->data(), text->size(), lifetime, SQLITE_UTF8);
  } else if (const auto* bytes = value.get_if<Bytes>()) {
    // A null pointer would be NULL.
    code = bytes->empty() ? sqlite3_bind_zeroblob(handle_, index, 0)
                          : sqlite3_bind_blob64(handle_, index, bytes->data(), bytes->size(), lifetime);
  } else if (const auto* items = value.get_if<std::vector<Value>>()) {
    const std::optional<std::string> json = json_list(*items);
    if (!json) {
      throw_sqlite_error("parameter " + std::to_string(index) + " is a list that holds a blob, NaN or an infinity, which "
                         "JSON has not, or what SQLite cannot store: compare with each by itself", SQLITE_MISMATCH, sql_.text);
    }
    code = sqlite3_bind_text64(handle_, index, json->data(), json->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  } else {
    code = sqlite3_bind_null(handle_, index);
  }
  if (code != SQLITE_OK) {
    throw_sqlite_error("parameter " + std::to_string(index) + ": " + sqlite3_errstr(code), code, sql_.text);
  }
}

bool SQLiteStatement::step() {
  const int code = sqlite3_step(handle_);
  if (code != SQLITE_ROW && code != SQLITE_DONE) {
    throw_sqlite_error(db_, code, sql_.text);
  }
  return code == SQLITE_ROW;
}

std::shared_ptr<const ColumnList> SQLiteStatement::columns() {
  const int changes = sqlite3_stmt_status(handle_, SQLITE_STMTSTATUS_REPREPARE, 0);
  if (changes == schema_changes_) {
    return columns_;
  }
  auto list = std::make_shared<ColumnList>();
  is_boolean_.clear();
  const int count = sqlite3_column_count(handle_);
  for (int column = 0; column < count; ++column) {
    const char* name = sqlite3_column_name(handle_, column);
    const char* type = sqlite3_column_decltype(handle_, column);
    list->push_back({name != nullptr ? name : "", type != nullptr ? type : ""});
    is_boolean_.push_back(declares_boolean(list->back().type_name));
  }
  columns_ = std::move(list);
  schema_changes_ = changes;
  return columns_;
}

void SQLiteStatement::copy_row(SQLiteBatch& batch) const {
  const auto bytes_of = [this](int column, const void* data) {
    // sqlite3_column_text() and _blob() come first: they may convert, and so change the size.
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
    return std::string_view(static_cast<const char*>(data), size);
  };
  const auto count = static_cast<int>(is_boolean_.size());
  for (int column = 0; column < count; ++column) {
    switch (sqlite3_column_type(handle_, column)) {
      case SQLITE_INTEGER: {
        const std::int64_t value = sqlite3_column_int64(handle_, column);
        const bool is_boolean = is_boolean_[static_cast<std::size_t>(column)] && (value == 0 || value == 1);
        batch.add_integer(is_boolean ? ValueKind::boolean : ValueKind::integer, value);
        break;
      }
      case SQLITE_FLOAT:
        batch.add_real(sqlite3_column_double(handle_, column));
        break;
      case SQLITE_TEXT:
        batch.add_bytes(ValueKind::text, bytes_of(column, sqlite3_column_text(handle_, column)));
        break;
      case SQLITE_BLOB:
        batch.add_bytes(ValueKind::bytes, bytes_of(column, sqlite3_column_blob(handle_, column)));
        break;
      default:
        batch.add_null();
    }
  }
}

int SQLiteStatement::reset() noexcept {
  const int code = sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
  return code;
}

SQLiteStatement& SQLiteStatementCache::get(sqlite3* db, const SQLText& sql, bool keep) {
  if (const auto found = index_.find(&sql); found != index_.end()) {
    statements_.splice(statements_.begin(), statements_, found->second);
    return statements_.front();
  }
  statements_.emplace_front(db, sql, keep);
  index_.emplace(&statements_.front().sql(), statements_.begin());
  if (statements_.size() > limit_) {
    index_.erase(&statements_.back().sql());
    statements_.pop_back();
  }
  return statements_.front();
}

int SQLiteStatementCache::give_back(SQLiteStatement& statement) noexcept {
  const int code = statement.reset();
  if (!statement.is_kept()) {
    const auto found = index_.find(&statement.sql());
    const auto at = found->second;
    index_.erase(found);
    statements_.erase(at);
  }
  return code;
}

void SQLiteStatementCache::clear() noexcept {
  index_.clear();
  statements_.clear();
}

}  // namespace greenway::detail
