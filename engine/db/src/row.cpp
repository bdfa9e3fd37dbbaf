// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/row.hpp>

#include <algorithm>
#include <charconv>
#include <ostream>

#include <greenway/base/error.hpp>

namespace greenway {

namespace {

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string described(const Cell& cell, const ColumnInfo& column) {
  std::string text = "column " + quoted(column.name) + " holds " + std::string(name(cell.kind));
  return column.type_name.empty() ? text : text + " (" + column.type_name + ')';
}

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
      out << cell.view();
      return;
    case ValueKind::text:
      return print_text(out, cell.view());
    case ValueKind::bytes:
      return print_bytes(out, cell.view());
    case ValueKind::array:
      return;  // drivers hand arrays out as text
  }
}

std::string listed(const ColumnList& columns) {
  std::string names;
  for (const ColumnInfo& column : columns) {
    names += (names.empty() ? "" : ", ") + column.name;
  }
  return names;
}

// A decimal that is a number, and nothing after it.
template <class T>
std::optional<T> parsed(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

}  // namespace

namespace detail {

void throw_wrong_type(const Cell& cell, const ColumnInfo& column, std::string_view wanted) {
  std::string text = described(cell, column) + " and cannot be read as " + std::string(wanted);
  if (cell.kind == ValueKind::null) {
    text += "; read it as std::optional<" + std::string(wanted) + '>';
  }
  throw InvalidRequestError(text);
}

void throw_out_of_range(const Cell& cell, const ColumnInfo& column, std::string_view wanted) {
  Diagnostics fields;
  fields.message = described(cell, column) + " whose value does not fit into " + std::string(wanted);
  fields.column = column.name;
  throw DataError(std::move(fields));
}

Value to_value(const Cell& cell) {
  switch (cell.kind) {
    case ValueKind::null:
      return {};
    case ValueKind::boolean:
      return cell.boolean;
    case ValueKind::integer:
      return cell.integer;
    case ValueKind::real:
      return cell.real;
    case ValueKind::numeric:
    case ValueKind::text:
      return cell.view();
    case ValueKind::bytes:
      return std::as_bytes(std::span(cell.data, cell.size));
    case ValueKind::array:
      break;  // drivers hand arrays out as text
  }
  return {};
}

std::int64_t whole_number(const Cell& cell, const ColumnInfo& column, std::string_view wanted) {
  if (cell.kind != ValueKind::numeric) {
    throw_wrong_type(cell, column, wanted);
  }
  const std::optional<std::int64_t> value = parsed<std::int64_t>(cell.view());
  return value ? *value : (throw_out_of_range(cell, column, wanted), 0);
}

double real_number(const Cell& cell, const ColumnInfo& column, std::string_view wanted) {
  if (cell.kind == ValueKind::integer) {
    return static_cast<double>(cell.integer);
  }
  if (cell.kind != ValueKind::numeric) {
    throw_wrong_type(cell, column, wanted);
  }
  const std::optional<double> value = parsed<double>(cell.view());
  return value ? *value : (throw_out_of_range(cell, column, wanted), 0.0);
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
