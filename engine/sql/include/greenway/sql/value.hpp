// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/sql/value.hpp
/// @brief One value of a database: Value owns it, on its way in; Cell looks at it, on its way out.
///
/// Layer: sql. Needs base only.

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

namespace greenway {

/// A blob.
using Bytes = std::vector<std::byte>;

/// What a value is, whatever the database calls its column.
enum class ValueKind : std::uint8_t {
  null,     ///< SQL NULL.
  boolean,  ///< `bool`.
  integer,  ///< `std::int64_t`.
  real,     ///< `double`.
  numeric,  ///< Exact decimal, as text: digits, an optional sign and point, or "NaN".
  text,     ///< UTF-8; also what has no kind of its own yet, in the database's own spelling.
  bytes,    ///< A blob.
  array,    ///< A list of values of one kind.
};

/// @param kind  Any.
/// @return The kind's name, as it appears in messages.
[[nodiscard]] std::string_view name(ValueKind kind) noexcept;

/// @param text  Any bytes.
/// @return Whether they are well-formed UTF-8, as a text value has to be before it is sent; NUL characters are.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// A value to send: NULL, or one of bool, 64-bit integer, double, text, bytes, or a list of such. Converts from what holds
/// one.
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

  /// @return What is held.
  [[nodiscard]] ValueKind kind() const noexcept;
  /// @return Whether it is NULL.
  [[nodiscard]] bool is_null() const noexcept { return held_.index() == 0; }
  /// @return The value held, if it is a `T`: bool, std::int64_t, double, std::string, Bytes or std::vector<Value>; else null.
  template <class T>
  [[nodiscard]] const T* get_if() const noexcept {
    return std::get_if<T>(&held_);
  }
  /// @return Whether both hold the same kind and the same value (NULL equals NULL here).
  friend bool operator==(const Value&, const Value&) = default;

 private:
  [[noreturn]] static void throw_too_large(std::uint64_t value);

  std::variant<std::monostate, bool, std::int64_t, double, std::string, Bytes, std::vector<Value>> held_;
};

/// A value received, looked at where the driver keeps it. Trivially copyable; valid as long as the batch it came from.
struct Cell {
  ValueKind kind = ValueKind::null;  ///< Which member below is set.
  std::size_t size = 0;              ///< Bytes at `data`, for numeric, text and bytes.
  union {
    bool boolean;          ///< kind boolean
    std::int64_t integer;  ///< kind integer
    double real;           ///< kind real
    const char* data;      ///< kinds numeric, text, bytes: not terminated
  };

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
  /// @param kind  One of numeric, text and bytes.
  /// @param data  Looked at, not copied: it outlives the cell.
  /// @param size  Bytes at `data`.
  /// @return A cell of that kind.
  static Cell of(ValueKind kind, const char* data, std::size_t size) noexcept;

  /// @return The bytes of a numeric, text or bytes cell.
  [[nodiscard]] std::string_view view() const noexcept { return {data, size}; }
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

inline Cell Cell::of(ValueKind kind, const char* data, std::size_t size) noexcept {
  Cell cell;
  cell.kind = kind;
  cell.size = size;
  cell.data = data;
  return cell;
}

}  // namespace greenway
