// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/sql/type.hpp
/// @brief The types of columns and expressions.
///
/// Layer: sql. Source: SQLAlchemy's generic types, whose names these are. What a dialect calls them, and how it sends their
/// values, is the dialect's affair.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace greenway {

/// Which type it is.
enum class TypeKind : std::uint8_t {
  unknown,        ///< Whatever the database makes of it.
  small_integer,  ///< 16 bits.
  integer,        ///< 32 bits; 64 on SQLite.
  big_integer,    ///< 64 bits.
  float_,         ///< 32-bit binary, or of a precision in bits.
  double_,        ///< 64-bit binary.
  numeric,        ///< Exact decimal.
  boolean,        ///< Truth values.
  string,         ///< Characters, up to a length if it has one.
  text,           ///< Characters.
  large_binary,   ///< Bytes.
  date,           ///< A day.
  time,           ///< A time of day.
  datetime,       ///< A day and a time, with or without zone.
  interval,       ///< Months, days and microseconds.
  uuid,           ///< 128 bits.
  json,           ///< JSON, as text.
  jsonb,          ///< JSON, parsed; as json where there is no such type.
  enum_,          ///< One of a list of labels.
  json_path,      ///< Where an element of a document is: a key, an index, or a list of such.
  array,          ///< Of an item type; PostgreSQL only.
};

/// A type. Cheap to copy.
class Type {
 public:
  /// What a type consists of besides its kind.
  struct Data {
    TypeKind kind = TypeKind::unknown;       ///< Which.
    bool has_timezone = false;               ///< datetime, time.
    int length = -1;                         ///< string: characters; numeric: digits; float_: bits; -1: not said.
    int scale = -1;                          ///< numeric: digits behind the point; -1: not said.
    std::string name = {};                   ///< enum_: of the type in the database.
    std::vector<std::string> labels = {};    ///< enum_.
    std::shared_ptr<const Data> item = {};   ///< array.
    /// @param a  One.
    /// @param b  Another.
    /// @return Whether both say the same.
    friend bool operator==(const Data& a, const Data& b) {
      return a.kind == b.kind && a.has_timezone == b.has_timezone && a.length == b.length && a.scale == b.scale &&
             a.name == b.name && a.labels == b.labels &&
             (a.item == b.item || (a.item != nullptr && b.item != nullptr && *a.item == *b.item));
    }
  };

  /// Unknown.
  Type() noexcept = default;

  /// @return Which type it is.
  [[nodiscard]] TypeKind kind() const noexcept { return data_ == nullptr ? TypeKind::unknown : data_->kind; }
  /// @return What it consists of; for unknown, all defaults.
  [[nodiscard]] const Data& data() const noexcept;
  /// @return Of an array the type of its items; else unknown.
  [[nodiscard]] Type item() const noexcept { return data_ == nullptr ? Type() : Type(data_->item); }
  /// @return Whether values of it are characters.
  [[nodiscard]] bool is_text() const noexcept {
    return kind() == TypeKind::string || kind() == TypeKind::text || kind() == TypeKind::enum_;
  }
  /// @return Whether values of it are integers.
  [[nodiscard]] bool is_integer() const noexcept {
    return kind() >= TypeKind::small_integer && kind() <= TypeKind::big_integer;
  }
  /// @return Whether both are the same type.
  friend bool operator==(const Type& a, const Type& b) noexcept { return a.data_ == b.data_ || a.data() == b.data(); }

 protected:
  /// @param kind  Which, with nothing to say besides.
  explicit Type(TypeKind kind) noexcept;
  /// @param data  What it consists of.
  explicit Type(Data data) : data_(std::make_shared<const Data>(std::move(data))) {}

 private:
  explicit Type(std::shared_ptr<const Data> data) noexcept : data_(std::move(data)) {}

  std::shared_ptr<const Data> data_;
};

/// 16-bit integer.
struct SmallInteger : Type {
  SmallInteger() noexcept : Type(TypeKind::small_integer) {}
};
/// 32-bit integer.
struct Integer : Type {
  Integer() noexcept : Type(TypeKind::integer) {}
};
/// 64-bit integer.
struct BigInteger : Type {
  BigInteger() noexcept : Type(TypeKind::big_integer) {}
};
/// Binary floating point.
struct Float : Type {
  Float() noexcept : Type(TypeKind::float_) {}
  /// @param precision  In bits, as PostgreSQL's FLOAT(n).
  explicit Float(int precision) : Type({.kind = TypeKind::float_, .length = precision}) {}
};
/// 64-bit binary floating point.
struct Double : Type {
  Double() noexcept : Type(TypeKind::double_) {}
};
/// Exact decimal.
struct Numeric : Type {
  Numeric() noexcept : Type(TypeKind::numeric) {}
  /// @param precision  Digits in all.
  /// @param scale      Digits behind the point.
  explicit Numeric(int precision, int scale = 0) : Type({.kind = TypeKind::numeric, .length = precision, .scale = scale}) {}
};
/// Truth value.
struct Boolean : Type {
  Boolean() noexcept : Type(TypeKind::boolean) {}
};
/// VARCHAR.
struct String : Type {
  String() noexcept : Type(TypeKind::string) {}
  /// @param length  Characters at most.
  explicit String(int length) : Type({.kind = TypeKind::string, .length = length}) {}
};
/// TEXT.
struct Text : Type {
  Text() noexcept : Type(TypeKind::text) {}
};
/// Bytes: BYTEA, BLOB.
struct LargeBinary : Type {
  LargeBinary() noexcept : Type(TypeKind::large_binary) {}
};
/// A day.
struct Date : Type {
  Date() noexcept : Type(TypeKind::date) {}
};
/// A time of day.
struct Time : Type {
  Time() noexcept : Type(TypeKind::time) {}
};
/// A day and a time.
struct DateTime : Type {
  DateTime() noexcept : Type(TypeKind::datetime) {}
  /// @param with_timezone  Whether it is a moment (TIMESTAMP WITH TIME ZONE) and not what a clock on the wall shows.
  explicit DateTime(bool with_timezone) : Type({.kind = TypeKind::datetime, .has_timezone = with_timezone}) {}
};
/// Months, days and microseconds.
struct Interval : Type {
  Interval() noexcept : Type(TypeKind::interval) {}
};
/// 128 bits.
struct Uuid : Type {
  Uuid() noexcept : Type(TypeKind::uuid) {}
};
/// JSON.
struct JSON : Type {
  JSON() noexcept : Type(TypeKind::json) {}
};
/// PostgreSQL's parsed JSON; JSON elsewhere.
struct JSONB : Type {
  JSONB() noexcept : Type(TypeKind::jsonb) {}
};
/// One of a list of labels: a type of its own on PostgreSQL, VARCHAR with a CHECK elsewhere.
struct Enum : Type {
  /// @param name    Of the type.
  /// @param labels  In their order.
  Enum(std::string name, std::vector<std::string> labels)
      : Type({.kind = TypeKind::enum_, .name = std::move(name), .labels = std::move(labels)}) {}
};
/// PostgreSQL's array.
struct ARRAY : Type {
  /// @param item  Of its items.
  explicit ARRAY(const Type& item) : Type({.kind = TypeKind::array, .item = std::make_shared<const Data>(item.data())}) {}
};

}  // namespace greenway
