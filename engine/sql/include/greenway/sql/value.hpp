// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/sql/value.hpp
/// @brief One value of a database: Value owns it, on its way in; Cell looks at it, on its way out.
///
/// Layer: sql. Needs base only.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <greenway/base/error.hpp>
#include <greenway/sql/decimal.hpp>
#include <greenway/sql/temporal.hpp>
#include <greenway/sql/type_decorator.hpp>

namespace boost::uuids {
struct uuid;
}

namespace greenway {

/// A blob.
using Bytes = std::vector<std::byte>;

/// The bytes of a UUID, in the order in which it is printed. `boost::uuids::uuid` converts to a Value and is read by
/// Row::get where <boost/uuid/uuid.hpp> is included, which this header does not do.
struct UUIDBytes {
  std::array<std::uint8_t, 16> bytes{};  ///< See above.
  /// @return Whether both are the same.
  friend bool operator==(const UUIDBytes&, const UUIDBytes&) = default;
};

/// A document in the text form of JSON, which is not looked into before it is sent. <greenway/sql/json.hpp> makes
/// `boost::json::value` a value as well.
struct JSONText {
  std::string text;  ///< See above.
  /// @return Whether both are the same, letter by letter.
  friend bool operator==(const JSONText&, const JSONText&) = default;
};

/// What a value is, whatever the database calls its column.
enum class ValueKind : std::uint8_t {
  null,         ///< SQL NULL.
  boolean,      ///< `bool`.
  integer,      ///< `std::int64_t`.
  real,         ///< `double`.
  numeric,      ///< Decimal; a Cell's may also be NaN or infinite.
  text,         ///< UTF-8; also what has no kind of its own, in the database's own spelling.
  bytes,        ///< A blob.
  array,        ///< A list of values of one kind.
  date,         ///< `std::chrono::sys_days`.
  time,         ///< TimeOfDay.
  datetime,     ///< `std::chrono::local_time<std::chrono::microseconds>`.
  timestamptz,  ///< `std::chrono::sys_time<std::chrono::microseconds>`.
  interval,     ///< CalendarInterval.
  uuid,         ///< UUIDBytes.
  json,         ///< JSONText.
};

/// @param kind  Any.
/// @return The kind's name, as it appears in messages.
[[nodiscard]] std::string_view name(ValueKind kind) noexcept;

/// @param text  Any bytes.
/// @return Whether they are well-formed UTF-8, as a text value has to be before it is sent; NUL characters are.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// A value to send: NULL, or what one of the kinds says, or a list of such. Converts from what holds one.
///
/// PostgreSQL gets a value as what it is. SQLite stores what SQLAlchemy would: dates and times as `2024-02-29`,
/// `12:34:56.000000` and `2024-02-29 12:34:56.000000`, moments in UTC, intervals as the moment that far after 1970, which
/// excludes months, UUIDs as 32 hexadecimal digits, JSON as its text, decimals as REAL or INTEGER; a decimal that either
/// would change is refused.
class Value {
 public:
  /// NULL.
  Value() noexcept = default;
  /// NULL.
  Value(std::nullptr_t) noexcept {}
  /// NULL.
  Value(std::nullopt_t) noexcept {}
  /// @param value  A truth value; nothing else converts to it.
  template <class T, std::enable_if_t<std::is_same_v<T, bool>, int> = 0>
  Value(T value) noexcept : held_(value) {}
  /// @param value  Any integer.
  /// @throws DataError  It is above 2^63 - 1.
  template <class T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>, int> = 0>
  Value(T value) : held_(static_cast<std::int64_t>(value)) {
    if constexpr (std::is_unsigned_v<T> && sizeof(T) >= sizeof(std::int64_t)) {
      if (value > static_cast<T>(std::numeric_limits<std::int64_t>::max())) {
        throw_too_large(value);
      }
    }
  }
  /// @param value  `float` or `double`; infinities and NaN included.
  template <class T, std::enable_if_t<std::is_floating_point_v<T>, int> = 0>
  Value(T value) noexcept : held_(static_cast<double>(value)) {}
  /// @param value  UTF-8, checked when it is sent.
  Value(std::string value) noexcept : held_(std::move(value)) {}
  /// @param value  UTF-8, copied.
  Value(std::string_view value) : held_(std::string(value)) {}
  /// @param value  UTF-8, copied; null is NULL.
  Value(const char* value) {
    if (value != nullptr) {
      held_ = std::string(value);
    }
  }
  /// @param value  A blob.
  Value(Bytes value) noexcept : held_(std::move(value)) {}
  /// @param value  A blob, copied.
  Value(std::span<const std::byte> value) : held_(Bytes(value.begin(), value.end())) {}
  /// @param items  A list, of one kind.
  explicit Value(std::vector<Value> items) noexcept : held_(std::move(items)) {}
  /// @param value  Empty is NULL.
  template <class T>
  Value(std::optional<T> value) {
    if (value) {
      *this = Value(std::move(*value));
    }
  }
  /// @param value  An exact number.
  Value(Decimal value) noexcept : held_(std::move(value)) {}
  /// @param value  A day.
  Value(std::chrono::sys_days value) noexcept : held_(value) {}
  /// @param value  A day.
  /// @throws DataError  The calendar has no such day.
  Value(std::chrono::year_month_day value);
  /// @param value  A time of day.
  Value(TimeOfDay value) noexcept : held_(value) {}
  /// @param value  What a clock on the wall shows; less than a microsecond is cut off.
  template <class D>
  Value(std::chrono::local_time<D> value) noexcept : held_(std::chrono::floor<std::chrono::microseconds>(value)) {}
  /// @param value  A moment; less than a microsecond is cut off.
  template <class D>
    requires(!std::is_same_v<D, std::chrono::days>)
  Value(std::chrono::sys_time<D> value) noexcept : held_(std::chrono::floor<std::chrono::microseconds>(value)) {}
  /// @param value  An interval.
  Value(CalendarInterval value) noexcept : held_(value) {}
  /// @param value  An interval without months and days; less than a microsecond is cut off.
  template <class R, class P>
  Value(std::chrono::duration<R, P> value) noexcept
      : held_(CalendarInterval{.microseconds = std::chrono::floor<std::chrono::microseconds>(value)}) {}
  /// @param value  A UUID.
  Value(UUIDBytes value) noexcept : held_(value) {}
  /// @param value  A UUID, in <boost/uuid/uuid.hpp>.
  template <class T>
    requires std::is_same_v<T, boost::uuids::uuid>
  Value(const T& value) noexcept {
    UUIDBytes uuid;
    for (std::size_t i = 0; i != uuid.bytes.size(); ++i) {
      uuid.bytes[i] = *(value.begin() + i);
    }
    held_ = uuid;
  }
  /// @param value  A document.
  Value(JSONText value) noexcept : held_(std::move(value)) {}
  /// @param items  A list.
  template <class T>
    requires(!std::is_same_v<T, Value> && !std::is_same_v<T, std::byte>)
  Value(const std::vector<T>& items) : held_(std::vector<Value>(items.begin(), items.end())) {}
  /// @param value  Of a type that has a TypeDecorator.
  template <Decorated T>
  Value(const T& value)
      : Value(static_cast<typename TypeDecorator<T>::Impl>(TypeDecorator<T>::process_bind_param(value))) {}

  /// @return What is held.
  [[nodiscard]] ValueKind kind() const noexcept;
  /// @return Whether it is NULL.
  [[nodiscard]] bool is_null() const noexcept { return held_.index() == 0; }
  /// @return The value held, if it is a `T`: what ValueKind names for each kind, else std::string, Bytes or
  ///         std::vector<Value>; else null.
  template <class T>
  [[nodiscard]] const T* get_if() const noexcept {
    if constexpr (is_fixed<T>) {
      const Fixed* const fixed = std::get_if<Fixed>(&held_);
      return fixed != nullptr ? std::get_if<T>(fixed) : nullptr;
    } else {
      return std::get_if<T>(&held_);
    }
  }
  /// @return Whether both hold the same kind and the same value (NULL equals NULL here).
  friend bool operator==(const Value&, const Value&) = default;

 private:
  [[noreturn]] static void throw_too_large(std::uint64_t value);

  // By themselves, since libstdc++ copies and destroys a variant of more than eleven through a table of functions.
  using Fixed = std::variant<std::chrono::sys_days, TimeOfDay, std::chrono::local_time<std::chrono::microseconds>,
                             std::chrono::sys_time<std::chrono::microseconds>, CalendarInterval, UUIDBytes>;
  static_assert(std::is_trivially_copyable_v<Fixed>);
  template <class T>
  static constexpr bool is_fixed = std::is_constructible_v<Fixed, std::in_place_type_t<T>>;

  std::variant<std::monostate, bool, std::int64_t, double, std::string, Bytes, std::vector<Value>, Decimal, JSONText, Fixed>
      held_;
};

struct Cell;

/// The items of an array, row by row where it has several dimensions.
struct CellArray {
  std::vector<std::size_t> dimensions;  ///< How long each is, the outermost first; none of an empty array.
  std::vector<Cell> items;              ///< As many as the dimensions' product.
};

/// How a driver reads those of its cells that only it can read, when somebody asks for them.
struct CellReader {
  /// Of a numeric: digits, an optional sign and point, or "NaN", "Infinity", "-Infinity".
  void (*append_text)(const Cell& cell, std::string& text);
  /// Of an interval.
  CalendarInterval (*interval)(const Cell& cell);
  /// Of an array.
  CellArray (*items)(const Cell& cell);
};

/// A value received, looked at where the driver keeps it. Trivially copyable; valid as long as the batch it came from.
struct Cell {
  ValueKind kind = ValueKind::null;  ///< Which member below is set.
  std::size_t size = 0;              ///< Bytes at `data`.
  union {
    bool boolean;          ///< kind boolean
    std::int64_t integer;  ///< kinds integer; date: days since 2000-01-01; time: µs; datetime, timestamptz: µs since
                           ///< 2000-01-01. The largest and smallest number are the infinities.
    double real;           ///< kind real
    const char* data;      ///< kinds text, bytes, json, not terminated; uuid: 16 bytes; numeric, interval, array: `reader`'s
  };
  const CellReader* reader = nullptr;  ///< kinds numeric, interval, array

  /// NULL.
  Cell() noexcept : integer(0) {}
  /// @param value  Held.
  /// @return A cell of kind boolean.
  static Cell of(bool value) noexcept;
  /// @param value  Held.
  /// @return A cell of kind integer.
  static Cell of(std::int64_t value) noexcept;
  /// @param value  Held.
  /// @return A cell of kind real.
  static Cell of(double value) noexcept;
  /// @param kind  One that has `data`.
  /// @param data  Looked at, not copied: it outlives the cell.
  /// @param size  Bytes at `data`.
  /// @return A cell of that kind.
  static Cell of(ValueKind kind, const char* data, std::size_t size) noexcept;
  /// @param kind   One of date, time, datetime and timestamptz.
  /// @param count  See `integer`.
  /// @return A cell of that kind.
  static Cell of(ValueKind kind, std::int64_t count) noexcept;

  /// @return The bytes at `data`.
  [[nodiscard]] std::string_view view() const noexcept { return {data, size}; }
  /// @return A value of any kind as text, as PostgreSQL prints it; NULL is empty.
  [[nodiscard]] std::string text() const;
};

inline Cell Cell::of(bool value) noexcept {
  Cell cell;
  cell.kind = ValueKind::boolean;
  cell.boolean = value;
  return cell;
}

inline Cell Cell::of(std::int64_t value) noexcept {
  Cell cell;
  cell.kind = ValueKind::integer;
  cell.integer = value;
  return cell;
}

inline Cell Cell::of(double value) noexcept {
  Cell cell;
  cell.kind = ValueKind::real;
  cell.real = value;
  return cell;
}

inline Cell Cell::of(ValueKind kind, std::int64_t count) noexcept {
  Cell cell;
  cell.kind = kind;
  cell.integer = count;
  return cell;
}

inline Cell Cell::of(ValueKind kind, const char* data, std::size_t size) noexcept {
  Cell cell;
  cell.kind = kind;
  cell.size = size;
  cell.data = data;
  return cell;
}

}  // namespace greenway
