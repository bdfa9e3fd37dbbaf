// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/detail/read_cell.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

#include <greenway/base/error.hpp>
#include <greenway/sql/detail/value_text.hpp>

namespace greenway::detail {

namespace {

std::string described(const Cell& cell, const ColumnInfo& column) {
  std::string text = "column '" + column.name + "' holds " + std::string(name(cell.kind));
  return column.type_name.empty() ? text : text + " (" + column.type_name + ')';
}

// A decimal that is a number, and nothing after it.
template <class T>
std::optional<T> parsed(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// Of a text what `parse` makes of it; of anything else, and of a text that is not such, the error.
template <class F>
std::int64_t parsed_by(F&& parse, const Cell& cell, const ColumnInfo& column, std::string_view wanted) {
  const std::optional<std::int64_t> value = cell.kind == ValueKind::text ? parse(cell.view()) : std::nullopt;
  return value ? *value : (throw_wrong_type(cell, column, wanted), 0);
}

/// Nothing that a number counts is an infinity or overflows.
std::int64_t finite_sum(std::int64_t count, std::int64_t offset, const Cell& cell, const ColumnInfo& column,
                        std::string_view wanted) {
  std::int64_t sum = 0;
  if (is_infinite(count) || __builtin_add_overflow(count, offset, &sum)) {
    throw_out_of_range(cell, column, wanted);
  }
  return sum;
}

}  // namespace

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

void throw_wrong_dimensions(const CellArray& array, const ColumnInfo& column) {
  throw InvalidRequestError("column '" + column.name + "' holds an array of " +
                            std::to_string(array.dimensions.size()) +
                            " dimensions: read it as as many std::vectors within each other");
}

std::int64_t whole_number(const Cell& cell, const ColumnInfo& column, std::string_view wanted) {
  if (cell.kind != ValueKind::numeric) {
    throw_wrong_type(cell, column, wanted);
  }
  const std::optional<std::int64_t> value = parsed<std::int64_t>(cell.text());
  return value ? *value : (throw_out_of_range(cell, column, wanted), 0);
}

double real_number(const Cell& cell, const ColumnInfo& column, std::string_view wanted) {
  if (cell.kind == ValueKind::integer) {
    return static_cast<double>(cell.integer);
  }
  if (cell.kind != ValueKind::numeric) {
    throw_wrong_type(cell, column, wanted);
  }
  const std::optional<double> value = parsed<double>(cell.text());
  return value ? *value : (throw_out_of_range(cell, column, wanted), 0.0);
}

Decimal exact_number(const Cell& cell, const ColumnInfo& column, std::string_view wanted) {
  switch (cell.kind) {
    case ValueKind::integer:
      return cell.integer;
    case ValueKind::real:
      return std::isfinite(cell.real) ? Decimal::of_double(cell.real) : (throw_out_of_range(cell, column, wanted), 0);
    case ValueKind::numeric: {
      const std::optional<Decimal> number = Decimal::parse(cell.text());
      return number ? *number : (throw_out_of_range(cell, column, wanted), 0);
    }
    case ValueKind::text:
      if (const std::optional<Decimal> number = Decimal::parse(cell.view())) {
        return *number;
      }
      [[fallthrough]];
    default:
      throw_wrong_type(cell, column, wanted);
  }
}

std::chrono::sys_days day(const Cell& cell, const ColumnInfo& column, std::string_view wanted) {
  const std::int64_t days = cell.kind == ValueKind::date ? cell.integer : parsed_by(parse_date, cell, column, wanted);
  const std::int64_t since_1970 = finite_sum(days, days_before_2000, cell, column, wanted);
  return std::chrono::sys_days(std::chrono::days(since_1970));
}

TimeOfDay time_of_day(const Cell& cell, const ColumnInfo& column, std::string_view wanted) {
  const std::int64_t time = cell.kind == ValueKind::time ? cell.integer : parsed_by(parse_time, cell, column, wanted);
  return TimeOfDay(std::chrono::microseconds(time));
}

[[gnu::hot]] std::chrono::microseconds since_1970(const Cell& cell, const ColumnInfo& column, std::string_view wanted) {
  const bool is_moment = cell.kind == ValueKind::datetime || cell.kind == ValueKind::timestamptz;
  const std::int64_t since_2000 = is_moment ? cell.integer : parsed_by(parse_timestamp, cell, column, wanted);
  return std::chrono::microseconds(finite_sum(since_2000, microseconds_before_2000, cell, column, wanted));
}

CalendarInterval interval(const Cell& cell, const ColumnInfo& column, std::string_view wanted) {
  if (cell.kind == ValueKind::interval) {
    return cell.reader->interval(cell);
  }
  // As SQLAlchemy stores it: the moment that far after 1970. Its timedelta has days and seconds below a day.
  const std::chrono::microseconds length = since_1970(cell, column, wanted);
  const auto days = std::chrono::floor<std::chrono::days>(length);
  return {.months = 0, .days = static_cast<std::int32_t>(days.count()), .microseconds = length - days};
}

std::chrono::microseconds length(const Cell& cell, const ColumnInfo& column, std::string_view wanted) {
  const CalendarInterval read = interval(cell, column, wanted);
  std::int64_t days = 0;
  if (read.months != 0 || __builtin_mul_overflow(std::int64_t{read.days}, microseconds_a_day, &days)) {
    throw_out_of_range(cell, column, wanted);
  }
  return std::chrono::microseconds(finite_sum(read.microseconds.count(), days, cell, column, wanted));
}

UUIDBytes uuid(const Cell& cell, const ColumnInfo& column, std::string_view wanted) {
  UUIDBytes bytes;
  if (cell.kind == ValueKind::uuid || (cell.kind == ValueKind::bytes && cell.size == sizeof bytes)) {
    std::copy_n(reinterpret_cast<const std::uint8_t*>(cell.data), sizeof bytes, bytes.bytes.begin());
    return bytes;
  }
  const std::optional<UUIDBytes> read = cell.kind == ValueKind::text ? parse_uuid(cell.view()) : std::nullopt;
  return read ? *read : (throw_wrong_type(cell, column, wanted), bytes);
}

JSONText json(const Cell& cell, const ColumnInfo& column, std::string_view wanted) {
  switch (cell.kind) {
    case ValueKind::json:
    case ValueKind::text:
    case ValueKind::integer:  // SQLite makes a number of a JSON column's text that looks like one
    case ValueKind::real:
      return {cell.text()};
    default:
      throw_wrong_type(cell, column, wanted);
  }
}

CellArray items(const Cell& cell, const ColumnInfo& column, std::string_view wanted) {
  return cell.kind == ValueKind::array ? cell.reader->items(cell)
                                       : (throw_wrong_type(cell, column, wanted), CellArray());
}

namespace {

Value list_value(const CellArray& array, std::size_t dimension, std::size_t& next) {
  std::vector<Value> list;
  for (std::size_t i = 0; dimension < array.dimensions.size() && i != array.dimensions[dimension]; ++i) {
    const bool is_innermost = dimension + 1 == array.dimensions.size();
    list.push_back(is_innermost ? to_value(array.items[next++]) : list_value(array, dimension + 1, next));
  }
  return Value(std::move(list));
}

}  // namespace

Value to_value(const Cell& cell) {
  const ColumnInfo unnamed;
  const auto fits = [&](std::int64_t offset) {
    std::int64_t sum = 0;
    return !is_infinite(cell.integer) && !__builtin_add_overflow(cell.integer, offset, &sum);
  };
  switch (cell.kind) {
    case ValueKind::null:
      return {};
    case ValueKind::boolean:
      return cell.boolean;
    case ValueKind::integer:
      return cell.integer;
    case ValueKind::real:
      return cell.real;
    case ValueKind::numeric: {
      std::string digits = cell.text();
      const std::optional<Decimal> number = Decimal::parse(digits);
      return number ? Value(*number) : Value(std::move(digits));
    }
    case ValueKind::text:
      return cell.view();
    case ValueKind::bytes:
      return std::as_bytes(std::span(cell.data, cell.size));
    case ValueKind::array: {
      std::size_t next = 0;
      return list_value(cell.reader->items(cell), 0, next);
    }
    case ValueKind::date:
      return fits(days_before_2000) ? Value(day(cell, unnamed, {})) : Value(cell.text());
    case ValueKind::time:
      return time_of_day(cell, unnamed, {});
    case ValueKind::datetime:
      return fits(microseconds_before_2000)
                 ? Value(std::chrono::local_time<std::chrono::microseconds>(since_1970(cell, unnamed, {})))
                 : Value(cell.text());
    case ValueKind::timestamptz:
      return fits(microseconds_before_2000)
                 ? Value(std::chrono::sys_time<std::chrono::microseconds>(since_1970(cell, unnamed, {})))
                 : Value(cell.text());
    case ValueKind::interval:
      return interval(cell, unnamed, {});
    case ValueKind::uuid:
      return uuid(cell, unnamed, {});
    case ValueKind::json:
      return JSONText{cell.text()};
  }
  return {};
}

[[gnu::hot]] Cell scaled(const Cell& cell, const Type& type) {
  if (cell.kind != ValueKind::real || type.kind() != TypeKind::numeric || type.data().scale < 0 ||
      !std::isfinite(cell.real)) {
    return cell;
  }
  return Cell::of(Decimal::of_double(cell.real).rounded(type.data().scale).to_double());
}

Value to_value(const Cell& cell, const ColumnInfo& column, const Type& type) {
  const bool is_plain = cell.kind == ValueKind::text || cell.kind == ValueKind::integer || cell.kind == ValueKind::real;
  if (!is_plain) {
    return to_value(cell);
  }
  switch (type.kind()) {
    case TypeKind::boolean:
      return from_cell<bool>(cell, column);
    case TypeKind::numeric: {
      const Decimal number = exact_number(cell, column, type_name<Decimal>());
      return type.data().scale < 0 ? number : number.rounded(type.data().scale);
    }
    case TypeKind::float_:
    case TypeKind::double_:
      return from_cell<double>(cell, column);
    case TypeKind::date:
      return day(cell, column, type_name<std::chrono::sys_days>());
    case TypeKind::time:
      return time_of_day(cell, column, type_name<TimeOfDay>());
    case TypeKind::datetime:
      return type.data().has_timezone
                 ? Value(from_cell<std::chrono::sys_time<std::chrono::microseconds>>(cell, column))
                 : Value(from_cell<std::chrono::local_time<std::chrono::microseconds>>(cell, column));
    case TypeKind::interval:
      return interval(cell, column, type_name<CalendarInterval>());
    case TypeKind::uuid:
      return uuid(cell, column, type_name<UUIDBytes>());
    case TypeKind::json:
    case TypeKind::jsonb:
      return json(cell, column, type_name<JSONText>());
    default:
      return to_value(cell);
  }
}

}  // namespace greenway::detail
