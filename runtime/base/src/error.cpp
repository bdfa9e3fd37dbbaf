// SPDX-License-Identifier: BSL-1.0
#include <greenway/base/error.hpp>
#include <greenway/base/version.hpp>

namespace greenway {

namespace {

bool starts_character(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

std::string describe(const Diagnostics& fields) {
  std::string text = fields.message;
  if (!fields.sqlstate.empty()) {
    text += " [SQLSTATE " + fields.sqlstate + ']';
  } else if (fields.code != 0) {
    text += " [SQLite code " + std::to_string(fields.code) + ']';
  }
  if (const std::string marked = caret(fields.statement, fields.position); !marked.empty()) {
    text += '\n' + marked;
  }
  return text;
}

}  // namespace

const char* version() noexcept { return GREENWAY_VERSION; }

DBAPIError::DBAPIError(Diagnostics fields)
    : Error(describe(fields)), fields_(std::make_shared<const Diagnostics>(std::move(fields))) {}

std::string caret(std::string_view statement, int position) {
  if (position < 1) {
    return {};
  }
  std::size_t at = 0;
  int left = position;
  for (; at < statement.size(); ++at) {
    if (starts_character(statement[at]) && --left == 0) {
      break;
    }
  }
  // PostgreSQL points one past the end when the statement stops too early.
  if (statement.empty() || (at == statement.size() && left > 1)) {
    return {};
  }
  const std::size_t before = at == 0 ? std::string_view::npos : statement.rfind('\n', at - 1);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  const std::string_view line = statement.substr(begin, statement.find('\n', begin) - begin);
  std::string text = "  " + std::string(line) + "\n  ";
  for (std::size_t i = begin; i < at; ++i) {
    if (starts_character(statement[i])) {
      text += statement[i] == '\t' ? '\t' : ' ';
    }
  }
  return text + '^';
}

}  // namespace greenway
