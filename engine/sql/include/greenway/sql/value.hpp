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
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
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

class Value;

namespace detail {

/// As what kind a Value holds a `T`; null for what it does not hold as such.
template <class T>
inline constexpr ValueKind kind_of = ValueKind::null;
template <>
inline constexpr ValueKind kind_of<bool> = ValueKind::boolean;
template <>
inline constexpr ValueKind kind_of<std::int64_t> = ValueKind::integer;
template <>
inline constexpr ValueKind kind_of<double> = ValueKind::real;
template <>
inline constexpr ValueKind kind_of<Decimal> = ValueKind::numeric;
template <>
inline constexpr ValueKind kind_of<std::string> = ValueKind::text;
template <>
inline constexpr ValueKind kind_of<Bytes> = ValueKind::bytes;
template <>
inline constexpr ValueKind kind_of<std::vector<Value>> = ValueKind::array;
template <>
inline constexpr ValueKind kind_of<std::chrono::sys_days> = ValueKind::date;
template <>
inline constexpr ValueKind kind_of<TimeOfDay> = ValueKind::time;
template <>
inline constexpr ValueKind kind_of<std::chrono::local_time<std::chrono::microseconds>> = ValueKind::datetime;
template <>
inline constexpr ValueKind kind_of<std::chrono::sys_time<std::chrono::microseconds>> = ValueKind::timestamptz;
template <>
inline constexpr ValueKind kind_of<CalendarInterval> = ValueKind::interval;
template <>
inline constexpr ValueKind kind_of<UUIDBytes> = ValueKind::uuid;
template <>
inline constexpr ValueKind kind_of<JSONText> = ValueKind::json;

}  // namespace detail

/// A value to send: NULL, or what one of the kinds says, or a list of such. Converts from what holds one.
///
/// PostgreSQL gets a value as what it is. SQLite stores what SQLAlchemy would: dates and times as `2024-02-29`,
/// `12:34:56.000000` and `2024-02-29 12:34:56.000000`, moments in UTC, intervals as the moment that far after 1970, which
/// excludes months, UUIDs as 32 hexadecimal digits, JSON as its text, decimals as REAL or INTEGER; a decimal that either
/// would change is refused.
///
/// Takes 40 bytes, and memory besides for what a string or vector takes it for. One moved from is valid, and unspecified.
class Value {
 public:
  /// NULL.
  Value() noexcept {}
  /// NULL.
  Value(std::nullptr_t) noexcept {}
  /// NULL.
  Value(std::nullopt_t) noexcept {}
  /// @param value  A truth value; nothing else converts to it.
  template <class T, std::enable_if_t<std::is_same_v<T, bool>, int> = 0>
  Value(T value) noexcept : Value(Fixed(), value) {}
  /// @param value  Any integer.
  /// @throws DataError  It is above 2^63 - 1.
  template <class T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>, int> = 0>
  Value(T value) : Value(Fixed(), static_cast<std::int64_t>(value)) {
    if constexpr (std::is_unsigned_v<T> && sizeof(T) >= sizeof(std::int64_t)) {
      if (value > static_cast<T>(std::numeric_limits<std::int64_t>::max())) {
        throw_too_large(value);
      }
    }
  }
  /// @param value  `float` or `double`; infinities and NaN included.
  template <class T, std::enable_if_t<std::is_floating_point_v<T>, int> = 0>
  Value(T value) noexcept : Value(Fixed(), static_cast<double>(value)) {}
  /// @param value  UTF-8, checked when it is sent.
  Value(std::string value) noexcept;
  /// @param value  UTF-8, copied.
  Value(std::string_view value);
  /// @param value  UTF-8, copied; null is NULL.
  Value(const char* value);
  /// @param value  A blob.
  Value(Bytes value) noexcept;
  /// @param value  A blob, copied.
  Value(std::span<const std::byte> value);
  /// @param items  A list, of one kind.
  explicit Value(std::vector<Value> items) noexcept;
  /// @param value  Empty is NULL.
  template <class T>
  Value(std::optional<T> value) {
    if (value) {
      *this = Value(std::move(*value));
    }
  }
  /// @param value  An exact number.
  Value(Decimal value) noexcept;
  /// @param value  A day.
  Value(std::chrono::sys_days value) noexcept : Value(Fixed(), value) {}
  /// @param value  A day.
  /// @throws DataError  The calendar has no such day.
  Value(std::chrono::year_month_day value);
  /// @param value  A time of day.
  Value(TimeOfDay value) noexcept : Value(Fixed(), value) {}
  /// @param value  What a clock on the wall shows; less than a microsecond is cut off.
  template <class D>
  Value(std::chrono::local_time<D> value) noexcept : Value(Fixed(), std::chrono::floor<std::chrono::microseconds>(value)) {}
  /// @param value  A moment; less than a microsecond is cut off.
  template <class D>
    requires(!std::is_same_v<D, std::chrono::days>)
  Value(std::chrono::sys_time<D> value) noexcept : Value(Fixed(), std::chrono::floor<std::chrono::microseconds>(value)) {}
  /// @param value  An interval.
  Value(CalendarInterval value) noexcept : Value(Fixed(), value) {}
  /// @param value  An interval without months and days; less than a microsecond is cut off.
  template <class R, class P>
  Value(std::chrono::duration<R, P> value) noexcept
      : Value(CalendarInterval{.microseconds = std::chrono::floor<std::chrono::microseconds>(value)}) {}
  /// @param value  A UUID.
  Value(UUIDBytes value) noexcept : Value(Fixed(), value) {}
  /// @param value  A UUID, in <boost/uuid/uuid.hpp>.
  template <class T>
    requires std::is_same_v<T, boost::uuids::uuid>
  Value(const T& value) noexcept {
    UUIDBytes uuid;
    for (std::size_t i = 0; i != uuid.bytes.size(); ++i) {
      uuid.bytes[i] = *(value.begin() + i);
    }
    *this = Value(uuid);
  }
  /// @param value  A document.
  Value(JSONText value) noexcept;
  /// @param items  A list.
  template <class T>
    requires(!std::is_same_v<T, Value> && !std::is_same_v<T, std::byte>)
  Value(const std::vector<T>& items) : Value(std::vector<Value>(items.begin(), items.end())) {}
  /// @param value  Of a type that has a TypeDecorator.
  template <Decorated T>
  Value(const T& value)
      : Value(static_cast<typename TypeDecorator<T>::Impl>(TypeDecorator<T>::process_bind_param(value))) {}

  /// @param other  Copied.
  Value(const Value& other) : kind_(other.kind_) {
    if (!owns_memory()) {
      fixed_ = other.fixed_;
    } else {
      copy(other);
    }
  }
  /// @param other  Taken from.
  Value(Value&& other) noexcept : kind_(other.kind_) {
    if (!owns_memory()) {
      fixed_ = other.fixed_;
    } else {
      take(other);
    }
  }
  /// @param other  Copied.
  /// @return This.
  Value& operator=(const Value& other) { return *this = Value(other); }
  /// @param other  Taken from.
  /// @return This.
  Value& operator=(Value&& other) noexcept;
  /// Frees what is held.
  ~Value() {
    if (owns_memory()) {
      free();
    }
  }

  /// @return What is held.
  [[nodiscard]] ValueKind kind() const noexcept { return kind_; }
  /// @return Whether it is NULL.
  [[nodiscard]] bool is_null() const noexcept { return kind_ == ValueKind::null; }
  /// @return The value held, if it is a `T`: what ValueKind names for each kind, else std::string, Bytes or
  ///         std::vector<Value>; else null.
  template <class T>
  [[nodiscard]] const T* get_if() const noexcept {
    static_assert(detail::kind_of<T> != ValueKind::null, "no value is held as such a type");
    return kind_ == detail::kind_of<T> ? std::launder(reinterpret_cast<const T*>(&fixed_)) : nullptr;
  }
  /// @return Whether both hold the same kind and the same value (NULL equals NULL here).
  friend bool operator==(const Value& a, const Value& b);

 private:
  [[noreturn]] static void throw_too_large(std::uint64_t value);

  // What has no memory of its own is copied as it stands, and by itself: a std::variant of all kinds would copy and destroy
  // through tables of functions, which every file that makes a value would compile as well.
  struct Fixed {
    alignas(std::int64_t) std::byte bytes[16] = {};
  };
  template <class T>
  Value(Fixed, const T& value) noexcept : kind_(detail::kind_of<T>) {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(Fixed));
    new (static_cast<void*>(&fixed_)) T(value);
  }
  [[nodiscard]] bool owns_memory() const noexcept {
    return kind_ == ValueKind::json || (kind_ >= ValueKind::numeric && kind_ <= ValueKind::array);
  }
  // Calls `fn` with the pointer to the member that holds a value of a kind that owns memory.
  template <class F>
  static void with_owner(ValueKind kind, F&& fn);
  // Of values that own memory; the first two begin the life of what is held.
  void copy(const Value& other);
  void take(Value& other) noexcept;
  void free() noexcept;

  ValueKind kind_ = ValueKind::null;
  union {
    Fixed fixed_ = {};
    Decimal numeric_;
    std::string text_;
    Bytes bytes_;
    std::vector<Value> items_;
    JSONText json_;
  };
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
