// SPDX-License-Identifier: BSL-1.0
#include "error.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>

#include <sqlite3.h>

namespace greenway::detail {

namespace {

bool is_word(char c) noexcept {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

bool equal_ignoring_case(char a, char b) noexcept {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

/// Where `name` stands as a whole word; npos when nowhere.
std::size_t find_word(std::string_view text, std::string_view name) {
  for (auto from = text.begin(); !name.empty();) {
    const auto found = std::search(from, text.end(), name.begin(), name.end(), equal_ignoring_case);
    if (found == text.end()) {
      break;
    }
    const auto after = found + static_cast<std::ptrdiff_t>(name.size());
    if ((found == text.begin() || !is_word(found[-1])) && (after == text.end() || !is_word(*after))) {
      return static_cast<std::size_t>(found - text.begin());
    }
    from = found + 1;
  }
  return std::string_view::npos;
}

/// The byte that a message is about where SQLite gives no offset: it names the thing, which the statement does as well.
std::size_t guess_offset(std::string_view statement, std::string_view message) {
  if (message == "incomplete input") {
    return statement.size();
  }
  for (const std::string_view introduction : {"no such table: ", "no such index: ", "no such view: ",
                                              "no such trigger: ", "no such savepoint: ", "has no column named "}) {
    if (const std::size_t at = message.find(introduction); at != std::string_view::npos) {
      std::string_view name = message.substr(at + introduction.size());
      name.remove_prefix(name.rfind('.') + 1);  // npos + 1 is 0: no schema before it
      return find_word(statement, name);
    }
  }
  return std::string_view::npos;
}

int position_of(std::string_view statement, int offset, std::string_view message) {
  const std::size_t at = offset >= 0 ? static_cast<std::size_t>(offset) : guess_offset(statement, message);
  if (at > statement.size()) {
    return 0;
  }
  const std::string_view before = statement.substr(0, at);
  const auto characters = std::count_if(before.begin(), before.end(),
                                        [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  return static_cast<int>(characters) + 1;
}

/// Reads the names out of "UNIQUE constraint failed: t.a, t.b", "CHECK constraint failed: name" and the like.
void read_constraint(Diagnostics& fields) {
  constexpr std::string_view introduction = " constraint failed: ";
  constexpr std::string_view index = "index '";
  const std::size_t at = fields.message.find(introduction);
  if (at == std::string::npos) {
    return;
  }
  std::string_view names = std::string_view(fields.message).substr(at + introduction.size());
  if (names.starts_with(index) && names.ends_with('\'')) {
    fields.constraint = names.substr(index.size(), names.size() - index.size() - 1);
    return;
  }
  if (fields.code == SQLITE_CONSTRAINT_CHECK) {
    fields.constraint = names;
    return;
  }
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find(", "));
    names.remove_prefix(std::min(names.size(), name.size() + 2));
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos) {
      return;
    }
    fields.table = name.substr(0, dot);
    fields.column += (fields.column.empty() ? "" : ", ") + std::string(name.substr(dot + 1));
  }
}

/// Whether the connection, or the file behind it, must not be used again: after a failed fsync nobody knows what is on
/// the disk, and asking again would pretend to.
bool ends_connection(int code) noexcept {
  switch (code) {
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC:
    case SQLITE_READONLY_DBMOVED:
      return true;
    default:
      return (code & 0xFF) == SQLITE_CORRUPT || (code & 0xFF) == SQLITE_NOTADB;
  }
}

}  // namespace

void throw_sqlite_error(Diagnostics fields) {
  fields.is_disconnect = fields.is_disconnect || ends_connection(fields.code);
  switch (fields.code & 0xFF) {
    case SQLITE_CONSTRAINT:
      read_constraint(fields);
      throw IntegrityError(std::move(fields));
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
      throw DataError(std::move(fields));
    case SQLITE_ERROR:
    case SQLITE_AUTH:
      throw ProgrammingError(std::move(fields));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_INTERNAL:
    case SQLITE_FORMAT:
      throw InternalError(std::move(fields));
    case SQLITE_MISUSE:
      throw InterfaceError(std::move(fields));
    default:
      // Locks, space, I/O, memory, rights, interruption: the world, not the statement.
      throw OperationalError(std::move(fields));
  }
}

void throw_sqlite_error(sqlite3* db, int code, std::string_view statement) {
  Diagnostics fields;
  const bool is_recorded = sqlite3_extended_errcode(db) == code;
  fields.message = is_recorded ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  fields.code = code;
  fields.statement = statement;
  if (!statement.empty()) {
    fields.position = position_of(statement, is_recorded ? sqlite3_error_offset(db) : -1, fields.message);
  }
  const int primary = code & 0xFF;
  if (const int system = sqlite3_system_errno(db);
      system != 0 && (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN)) {
    fields.detail = std::strerror(system);
  }
  throw_sqlite_error(std::move(fields));
}

void throw_sqlite_error(std::string message, int code, std::string_view statement) {
  Diagnostics fields;
  fields.message = std::move(message);
  fields.code = code;
  fields.statement = statement;
  throw_sqlite_error(std::move(fields));
}

}  // namespace greenway::detail
