// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/row.hpp>

#include <algorithm>
#include <charconv>
#include <ostream>

#include <greenway/base/error.hpp>

namespace greenway {

namespace {

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

void print_bytes(std::ostream& out, std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  out << "x'";
  for (const char c : bytes) {
    const auto code = static_cast<unsigned char>(c);
    out << digits[code >> 4U] << digits[code & 0xFU];
  }
  out << '\'';
}

void print_text(std::ostream& out, std::string_view text) {
  out << '\'';
  for (const char c : text) {
    out << (c == '\'' ? "''" : std::string_view(&c, 1));
  }
  out << '\'';
}

void print_real(std::ostream& out, double value) {
  char digits[32];
  const auto [end, error] = std::to_chars(std::begin(digits), std::end(digits), value);
  out << std::string_view(digits, error == std::errc() ? end : digits);
}

void print(std::ostream& out, const Cell& cell) {
  switch (cell.kind) {
    case ValueKind::null:
      out << "NULL";
      return;
    case ValueKind::boolean:
      out << (cell.boolean ? "true" : "false");
      return;
    case ValueKind::integer:
      out << cell.integer;
      return;
    case ValueKind::real:
      return print_real(out, cell.real);
    case ValueKind::numeric:
      out << cell.text();
      return;
    case ValueKind::bytes:
      return print_bytes(out, cell.view());
    default:
      return print_text(out, cell.text());
  }
}

std::string listed(const ColumnList& columns) {
  std::string names;
  for (const ColumnInfo& column : columns) {
    names += (names.empty() ? "" : ", ") + column.name;
  }
  return names;
}

}  // namespace

namespace detail {

std::size_t index_of(const ColumnList& columns, const StatementColumns* selected, const Node* element,
                     std::string_view name) {
  if (selected != nullptr && element != nullptr) {
    const auto found = std::ranges::find(selected->elements, element, &NodeRef::get);
    if (found != selected->elements.end()) {
      return static_cast<std::size_t>(found - selected->elements.begin());
    }
  }
  if (name.empty()) {
    throw NoSuchColumnError("the expression is none of what was selected: keep the one that select() was given");
  }
  return index_of(columns, name);
}

std::size_t index_of(const ColumnList& columns, std::string_view name) {
  const auto has_name = [&](const ColumnInfo& column) { return column.name == name; };
  const auto found = std::find_if(columns.begin(), columns.end(), has_name);
  if (found == columns.end()) {
    throw NoSuchColumnError("Could not locate column in row for column " + quoted(name) +
                            "; its columns are: " + listed(columns));
  }
  if (std::find_if(found + 1, columns.end(), has_name) != columns.end()) {
    throw InvalidRequestError("Ambiguous column name " + quoted(name) +
                              " in result set column descriptions; use its number, or give it another name with AS");
  }
  return static_cast<std::size_t>(found - columns.begin());
}

void throw_no_column(const ColumnList& columns, std::size_t column) {
  throw NoSuchColumnError("Could not locate column in row for column " + std::to_string(column) + "; it has " +
                          std::to_string(columns.size()) + ", counted from 0");
}

}  // namespace detail

std::vector<std::string> Row::keys() const {
  std::vector<std::string> names;
  names.reserve(size());
  for (const ColumnInfo& column : *source_->columns) {
    names.push_back(column.name);
  }
  return names;
}

void Row::check_size(std::size_t wanted) const {
  if (wanted != size()) {
    throw InvalidRequestError("the row has " + std::to_string(size()) + " columns (" + listed(*source_->columns) +
                              ") and cannot be read as a tuple of " + std::to_string(wanted));
  }
}

void Row::print(std::ostream& out, std::size_t column) const { greenway::print(out, cell(column)); }

std::ostream& operator<<(std::ostream& out, const Row& row) {
  out << '(';
  for (std::size_t i = 0; i < row.size(); ++i) {
    out << (i == 0 ? "" : ", ");
    row.print(out, i);
  }
  return out << ')';
}

}  // namespace greenway
