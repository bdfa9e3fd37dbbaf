// SPDX-License-Identifier: BSL-1.0
#include "error.hpp"

#include <charconv>
#include <utility>

namespace greenway::detail::postgresql {

namespace {

constexpr std::size_t longest_line = 8192;

std::string_view field(const PGresult* error, int code) noexcept {
  const char* const text = PQresultErrorField(error, code);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

template <class E>
[[noreturn]] void raise(Diagnostics fields) {
  throw E(std::move(fields));
}

struct ErrorClass {
  std::string_view prefix;
  void (*raise)(Diagnostics fields);
};

// As psycopg maps the classes of the PostgreSQL manual's appendix A. The first that fits wins.
constexpr ErrorClass classes[] = {
    {"08P01", raise<ProgrammingError>},  // a live server says so of a wrong number of parameters
    {"08", raise<OperationalError>},    {"0A", raise<NotSupportedError>}, {"20", raise<ProgrammingError>},
    {"21", raise<ProgrammingError>},    {"22", raise<DataError>},         {"23", raise<IntegrityError>},
    {"26", raise<ProgrammingError>},    {"27", raise<OperationalError>},  {"28", raise<OperationalError>},
    {"2F", raise<OperationalError>},    {"2", raise<InternalError>},      {"34", raise<ProgrammingError>},
    {"3D", raise<ProgrammingError>},    {"3F", raise<ProgrammingError>},  {"3", raise<OperationalError>},
    {"40", raise<OperationalError>},    {"4", raise<ProgrammingError>},   {"5", raise<OperationalError>},
    {"F", raise<OperationalError>},     {"H", raise<OperationalError>},   {"P", raise<ProgrammingError>},
    {"XX", raise<InternalError>},
};

int to_int(std::string_view digits) noexcept {
  int number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

}  // namespace

std::string single_line(std::string_view text) {
  std::string line;
  for (const char c : text.substr(0, longest_line)) {
    const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    if (!is_control) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  while (!line.empty() && line.back() == ' ') {
    line.pop_back();
  }
  return line;
}

bool is_error(const PGresult* answer) noexcept {
  if (answer == nullptr) {
    return false;  // for which PQresultStatus has PGRES_FATAL_ERROR
  }
  switch (PQresultStatus(answer)) {
    case PGRES_FATAL_ERROR:
    case PGRES_BAD_RESPONSE:
    case PGRES_NONFATAL_ERROR:
    case PGRES_PIPELINE_ABORTED:
      return true;
    default:
      return false;
  }
}

bool is_server_error(const PGresult* answer) noexcept { return !field(answer, PG_DIAG_SQLSTATE).empty(); }

bool is_fatal(const PGresult* error) noexcept {
  const std::string_view severity = field(error, PG_DIAG_SEVERITY_NONLOCALIZED);
  return severity == "FATAL" || severity == "PANIC";
}

bool has_sqlstate(const PGresult* error, std::string_view sqlstate) noexcept {
  return field(error, PG_DIAG_SQLSTATE) == sqlstate;
}

bool is_stale_statement(const PGresult* error) noexcept {
  // Of the second the routine is looked at, since its message is translated, and its SQLSTATE says only "not
  // supported".
  return has_sqlstate(error, "26000") ||
         (has_sqlstate(error, "0A000") && field(error, PG_DIAG_SOURCE_FUNCTION) == "RevalidateCachedQuery");
}

void throw_server_error(const PGresult* error, std::string_view statement) {
  Diagnostics fields;
  fields.sqlstate = field(error, PG_DIAG_SQLSTATE);
  fields.message = single_line(field(error, PG_DIAG_MESSAGE_PRIMARY));
  if (fields.message.empty()) {
    fields.message = single_line(PQresultErrorMessage(error));
  }
  fields.detail = field(error, PG_DIAG_MESSAGE_DETAIL);
  fields.hint = field(error, PG_DIAG_MESSAGE_HINT);
  fields.constraint = field(error, PG_DIAG_CONSTRAINT_NAME);
  fields.table = field(error, PG_DIAG_TABLE_NAME);
  fields.column = field(error, PG_DIAG_COLUMN_NAME);
  fields.statement = statement;
  fields.position = to_int(field(error, PG_DIAG_STATEMENT_POSITION));
  fields.is_disconnect = is_fatal(error);
  if (fields.is_disconnect) {
    throw OperationalError(std::move(fields));
  }
  for (const ErrorClass& candidate : classes) {
    if (fields.sqlstate.starts_with(candidate.prefix)) {
      candidate.raise(std::move(fields));
    }
  }
  throw DatabaseError(std::move(fields));
}

}  // namespace greenway::detail::postgresql
