// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <greenway/db/row_batch.hpp>
#include <greenway/sql/type.hpp>
#include <greenway/sql/type_decorator.hpp>
#include <greenway/sql/value.hpp>

/// Values received, as C++ types: what Row::get does.
namespace greenway::detail {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

/// Lists, which arrays are read as; Bytes is none.
template <class T>
inline constexpr bool is_list = false;
template <class T>
inline constexpr bool is_list<std::vector<T>> = !std::is_same_v<T, std::byte>;

template <class T>
inline constexpr bool is_duration = false;
template <class R, class P>
inline constexpr bool is_duration<std::chrono::duration<R, P>> = true;
template <class T>
inline constexpr bool is_moment = false;
template <class D>
inline constexpr bool is_moment<std::chrono::sys_time<D>> = !std::is_same_v<D, std::chrono::days>;
template <class D>
inline constexpr bool is_moment<std::chrono::local_time<D>> = true;

/// Whether a `T` looks into the batch rather than owning what it holds.
template <class T>
inline constexpr bool is_view = std::is_same_v<T, std::string_view> || std::is_same_v<T, std::span<const std::byte>>;
template <class T>
inline constexpr bool is_view<std::optional<T>> = is_view<T>;
template <class T>
inline constexpr bool is_view<std::vector<T>> = is_view<T>;

/// The name of a type that a column can be read as, for messages.
template <class T>
constexpr std::string_view type_name() {
  if constexpr (std::is_same_v<T, bool>) {
    return "bool";
  } else if constexpr (std::is_integral_v<T>) {
    constexpr std::string_view names[] = {"std::int8_t",  "std::uint8_t",  "std::int16_t", "std::uint16_t",
                                          "std::int32_t", "std::uint32_t", "std::int64_t", "std::uint64_t"};
    return names[(sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 2 : sizeof(T) == 4 ? 4 : 6) + (std::is_unsigned_v<T> ? 1 : 0)];
  } else if constexpr (std::is_floating_point_v<T>) {
    return sizeof(T) == sizeof(float) ? "float" : "double";
  } else if constexpr (std::is_same_v<T, std::string>) {
    return "std::string";
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    return "std::string_view";
  } else if constexpr (std::is_same_v<T, Bytes>) {
    return "greenway::Bytes";
  } else if constexpr (std::is_same_v<T, Decimal>) {
    return "greenway::Decimal";
  } else if constexpr (std::is_same_v<T, std::chrono::year_month_day>) {
    return "std::chrono::year_month_day";
  } else if constexpr (std::is_same_v<T, std::chrono::sys_days>) {
    return "std::chrono::sys_days";
  } else if constexpr (std::is_same_v<T, TimeOfDay>) {
    return "greenway::TimeOfDay";
  } else if constexpr (is_moment<T>) {
    return std::is_same_v<typename T::clock, std::chrono::local_t> ? "std::chrono::local_time"
                                                                   : "std::chrono::sys_time";
  } else if constexpr (std::is_same_v<T, CalendarInterval>) {
    return "greenway::CalendarInterval";
  } else if constexpr (is_duration<T>) {
    return "std::chrono::duration";
  } else if constexpr (std::is_same_v<T, boost::uuids::uuid>) {
    return "boost::uuids::uuid";
  } else if constexpr (std::is_same_v<T, UUIDBytes>) {
    return "greenway::UUIDBytes";
  } else if constexpr (std::is_same_v<T, JSONText>) {
    return "greenway::JSONText";
  } else if constexpr (is_list<T>) {
    return "std::vector";
  } else {
    static_assert(
        std::is_same_v<T, std::span<const std::byte>>,
        "a column can be read as what Row lists, as std::optional or std::vector of that, or as a type that has a "
        "greenway::TypeDecorator; include <greenway/sql/json.hpp> for boost::json::value");
    return "std::span<const std::byte>";
  }
}

[[noreturn]] void throw_wrong_type(const Cell& cell, const ColumnInfo& column, std::string_view wanted);
[[noreturn]] void throw_out_of_range(const Cell& cell, const ColumnInfo& column, std::string_view wanted);
[[noreturn]] void throw_wrong_dimensions(const CellArray& array, const ColumnInfo& column);

// Each reads what has such a value, or a text of it as SQLite stores it, or throws one of the above.
std::int64_t whole_number(const Cell& cell, const ColumnInfo& column, std::string_view wanted);
double real_number(const Cell& cell, const ColumnInfo& column, std::string_view wanted);
Decimal exact_number(const Cell& cell, const ColumnInfo& column, std::string_view wanted);
std::chrono::sys_days day(const Cell& cell, const ColumnInfo& column, std::string_view wanted);
TimeOfDay time_of_day(const Cell& cell, const ColumnInfo& column, std::string_view wanted);
std::chrono::microseconds since_1970(const Cell& cell, const ColumnInfo& column, std::string_view wanted);
CalendarInterval interval(const Cell& cell, const ColumnInfo& column, std::string_view wanted);
/// Of an interval without months.
std::chrono::microseconds length(const Cell& cell, const ColumnInfo& column, std::string_view wanted);
UUIDBytes uuid(const Cell& cell, const ColumnInfo& column, std::string_view wanted);
JSONText json(const Cell& cell, const ColumnInfo& column, std::string_view wanted);
CellArray items(const Cell& cell, const ColumnInfo& column, std::string_view wanted);

/// A number as a column of a type has it: SQLite stores more digits than a NUMERIC's scale says.
Cell scaled(const Cell& cell, const Type& type);

/// What a value is by itself; of what no C++ type of its kind can hold, the text.
Value to_value(const Cell& cell);
/// What a value is that has been stored in a column of a type.
Value to_value(const Cell& cell, const ColumnInfo& column, const Type& type);

template <class T>
T from_cell(const Cell& cell, const ColumnInfo& column);

template <class D>
D exactly(std::chrono::microseconds value, const Cell& cell, const ColumnInfo& column, std::string_view wanted) {
  using std::chrono::microseconds;
  if constexpr (std::is_integral_v<typename D::rep> && std::ratio_less_v<typename D::period, std::micro>) {
    constexpr auto most = std::chrono::floor<microseconds>(D::max());
    if (value > most || value < -most) {
      throw_out_of_range(cell, column, wanted);
    }
  }
  const D result = std::chrono::duration_cast<D>(value);
  if constexpr (std::is_integral_v<typename D::rep>) {
    if (std::chrono::duration_cast<microseconds>(result) != value) {
      throw_out_of_range(cell, column, wanted);
    }
  }
  return result;
}

template <class T>
T list_of(const CellArray& array, std::size_t dimension, std::size_t& next, const ColumnInfo& column) {
  using Item = typename T::value_type;
  T list;
  if (array.dimensions.empty()) {
    return list;
  }
  for (std::size_t i = 0; i != array.dimensions[dimension]; ++i) {
    if constexpr (is_list<Item>) {
      if (dimension + 1 == array.dimensions.size()) {
        throw_wrong_dimensions(array, column);
      }
      list.push_back(list_of<Item>(array, dimension + 1, next, column));
    } else {
      if (dimension + 1 != array.dimensions.size()) {
        throw_wrong_dimensions(array, column);
      }
      list.push_back(from_cell<Item>(array.items[next++], column));
    }
  }
  return list;
}

template <class T>
T from_cell(const Cell& cell, const ColumnInfo& column) {
  if constexpr (std::is_same_v<T, Value>) {
    return to_value(cell);
  } else if constexpr (is_optional<T>) {
    return cell.kind == ValueKind::null ? T() : T(from_cell<typename T::value_type>(cell, column));
  } else if constexpr (Decorated<T>) {
    return TypeDecorator<T>::process_result_value(from_cell<typename TypeDecorator<T>::Impl>(cell, column));
  } else if constexpr (std::is_same_v<T, bool>) {
    if (cell.kind == ValueKind::integer && (cell.integer == 0 || cell.integer == 1)) {
      return cell.integer == 1;  // SQLite has no truth values
    }
    return cell.kind == ValueKind::boolean ? cell.boolean : (throw_wrong_type(cell, column, type_name<T>()), false);
  } else if constexpr (std::is_integral_v<T>) {
    const std::int64_t value =
        cell.kind == ValueKind::integer ? cell.integer : whole_number(cell, column, type_name<T>());
    if (!std::in_range<T>(value)) {
      throw_out_of_range(cell, column, type_name<T>());
    }
    return static_cast<T>(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    const double value = cell.kind == ValueKind::real ? cell.real : real_number(cell, column, type_name<T>());
    if constexpr (std::is_same_v<T, float>) {
      constexpr double most = std::numeric_limits<float>::max();
      const bool is_infinite = value - value != 0;  // or not a number, which float has as well
      if ((value > most || value < -most) && !is_infinite) {
        throw_out_of_range(cell, column, type_name<T>());
      }
    }
    return static_cast<T>(value);
  } else if constexpr (std::is_same_v<T, Decimal>) {
    return exact_number(cell, column, type_name<T>());
  } else if constexpr (std::is_same_v<T, std::chrono::sys_days>) {
    return day(cell, column, type_name<T>());
  } else if constexpr (std::is_same_v<T, std::chrono::year_month_day>) {
    const std::chrono::year_month_day read(day(cell, column, type_name<T>()));
    if (std::chrono::sys_days(read) != day(cell, column, type_name<T>())) {
      throw_out_of_range(cell, column, type_name<T>());
    }
    return read;
  } else if constexpr (std::is_same_v<T, TimeOfDay>) {
    return time_of_day(cell, column, type_name<T>());
  } else if constexpr (is_moment<T>) {
    return T(exactly<typename T::duration>(since_1970(cell, column, type_name<T>()), cell, column, type_name<T>()));
  } else if constexpr (std::is_same_v<T, CalendarInterval>) {
    return interval(cell, column, type_name<T>());
  } else if constexpr (is_duration<T>) {
    return exactly<T>(length(cell, column, type_name<T>()), cell, column, type_name<T>());
  } else if constexpr (std::is_same_v<T, UUIDBytes>) {
    return uuid(cell, column, type_name<T>());
  } else if constexpr (std::is_same_v<T, boost::uuids::uuid>) {
    const UUIDBytes read = uuid(cell, column, type_name<T>());
    T result;
    for (std::size_t i = 0; i != read.bytes.size(); ++i) {
      *(result.begin() + i) = read.bytes[i];
    }
    return result;
  } else if constexpr (std::is_same_v<T, JSONText>) {
    return json(cell, column, type_name<T>());
  } else if constexpr (is_list<T>) {
    std::size_t next = 0;
    return list_of<T>(items(cell, column, type_name<T>()), 0, next, column);
  } else {
    constexpr std::string_view wanted = type_name<T>();
    constexpr bool is_text = std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>;
    if constexpr (std::is_same_v<T, std::string>) {
      if (cell.kind >= ValueKind::array || cell.kind == ValueKind::numeric) {
        return cell.text();
      }
    }
    if (is_text ? cell.kind != ValueKind::text && cell.kind != ValueKind::json : cell.kind != ValueKind::bytes) {
      throw_wrong_type(cell, column, wanted);
    }
    if constexpr (is_text) {
      return T(cell.view());
    } else {
      const auto bytes = std::as_bytes(std::span(cell.data, cell.size));
      return T(bytes.begin(), bytes.end());
    }
  }
}

}  // namespace greenway::detail
