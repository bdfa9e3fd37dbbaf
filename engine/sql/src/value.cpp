// SPDX-License-Identifier: BSL-1.0
#include <greenway/sql/value.hpp>

#include <cstring>
#include <memory>
#include <type_traits>

namespace greenway {

namespace {

// How many bytes the sequence at `byte` has, none of them at or beyond `end`; 0 when it is malformed. The bounds on the
// second byte keep out overlong forms, surrogates and what lies above U+10FFFF (The Unicode Standard, table 3-7).
std::size_t sequence_length(const unsigned char* byte, const unsigned char* end) noexcept {
  const unsigned char lead = byte[0];
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  if (length > static_cast<std::size_t>(end - byte)) {
    return 0;
  }
  const unsigned char lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (length > 1 && (byte[1] < lowest || byte[1] > highest)) {
    return 0;
  }
  for (std::size_t at = 2; at < length; ++at) {
    if ((byte[at] & 0xC0) != 0x80) {
      return 0;
    }
  }
  return length;
}

}  // namespace

std::string_view name(ValueKind kind) noexcept {
  switch (kind) {
    case ValueKind::null:
      return "null";
    case ValueKind::boolean:
      return "boolean";
    case ValueKind::integer:
      return "integer";
    case ValueKind::real:
      return "real";
    case ValueKind::numeric:
      return "numeric";
    case ValueKind::text:
      return "text";
    case ValueKind::bytes:
      return "bytes";
    case ValueKind::array:
      return "array";
    case ValueKind::date:
      return "date";
    case ValueKind::time:
      return "time";
    case ValueKind::datetime:
      return "timestamp";
    case ValueKind::timestamptz:
      return "timestamp with time zone";
    case ValueKind::interval:
      return "interval";
    case ValueKind::uuid:
      return "uuid";
    case ValueKind::json:
      return "json";
  }
  return "unknown";
}

Value::Value(std::string value) noexcept : kind_(ValueKind::text), text_(std::move(value)) {}

Value::Value(std::string_view value) : kind_(ValueKind::text), text_(value) {}

Value::Value(const char* value) {
  if (value != nullptr) {
    *this = Value(std::string_view(value));
  }
}

Value::Value(Bytes value) noexcept : kind_(ValueKind::bytes), bytes_(std::move(value)) {}

Value::Value(std::span<const std::byte> value) : kind_(ValueKind::bytes), bytes_(value.begin(), value.end()) {}

Value::Value(std::vector<Value> items) noexcept : kind_(ValueKind::array), items_(std::move(items)) {}

Value::Value(Decimal value) noexcept : kind_(ValueKind::numeric), numeric_(std::move(value)) {}

Value::Value(JSONText value) noexcept : kind_(ValueKind::json), json_(std::move(value)) {}

template <class F>
void Value::with_owner(ValueKind kind, F&& fn) {
  switch (kind) {
    case ValueKind::numeric:
      return fn(&Value::numeric_);
    case ValueKind::text:
      return fn(&Value::text_);
    case ValueKind::bytes:
      return fn(&Value::bytes_);
    case ValueKind::array:
      return fn(&Value::items_);
    default:
      return fn(&Value::json_);
  }
}

[[gnu::hot]] void Value::copy(const Value& other) {
  with_owner(kind_, [&](auto held) { std::construct_at(&(this->*held), other.*held); });
}

[[gnu::hot]] void Value::take(Value& other) noexcept {
  with_owner(kind_, [&](auto held) { std::construct_at(&(this->*held), std::move(other.*held)); });
}

[[gnu::hot]] void Value::free() noexcept {
  with_owner(kind_, [&](auto held) { std::destroy_at(&(this->*held)); });
}

[[gnu::hot]] Value& Value::operator=(Value&& other) noexcept {
  if (this != &other) {
    std::destroy_at(this);
    std::construct_at(this, std::move(other));
  }
  return *this;
}

bool operator==(const Value& a, const Value& b) {
  if (a.kind_ != b.kind_) {
    return false;
  }
  const auto same = [&]<class T>(std::type_identity<T>) { return *a.get_if<T>() == *b.get_if<T>(); };
  switch (a.kind_) {
    case ValueKind::null:
      return true;
    case ValueKind::boolean:
      return same(std::type_identity<bool>());
    case ValueKind::integer:
      return same(std::type_identity<std::int64_t>());
    case ValueKind::real:
      return same(std::type_identity<double>());
    case ValueKind::date:
      return same(std::type_identity<std::chrono::sys_days>());
    case ValueKind::time:
      return same(std::type_identity<TimeOfDay>());
    case ValueKind::datetime:
      return same(std::type_identity<std::chrono::local_time<std::chrono::microseconds>>());
    case ValueKind::timestamptz:
      return same(std::type_identity<std::chrono::sys_time<std::chrono::microseconds>>());
    case ValueKind::interval:
      return same(std::type_identity<CalendarInterval>());
    case ValueKind::uuid:
      return same(std::type_identity<UUIDBytes>());
    default: {
      bool is_same = false;
      Value::with_owner(a.kind_, [&](auto held) { is_same = a.*held == b.*held; });
      return is_same;
    }
  }
}

Value::Value(std::chrono::year_month_day value) : Value(std::chrono::sys_days(value)) {
  if (!value.ok()) {
    Diagnostics fields;
    fields.message = "year " + std::to_string(static_cast<int>(value.year())) + " has no day " +
                     std::to_string(static_cast<unsigned>(value.day())) + " in month " +
                     std::to_string(static_cast<unsigned>(value.month()));
    throw DataError(std::move(fields));
  }
}

void Value::throw_too_large(std::uint64_t value) {
  Diagnostics fields;
  fields.message = "the integer " + std::to_string(value) +
                   " is above 2^63 - 1, the largest that a database stores: send it as text or as a blob";
  throw DataError(std::move(fields));
}

bool is_utf8(std::string_view text) noexcept {
  const auto* byte = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = byte + text.size();
  while (byte != end) {
    // Most text is ASCII: eight bytes at a time.
    for (std::uint64_t eight; end - byte >= 8; byte += 8) {
      std::memcpy(&eight, byte, 8);
      if ((eight & 0x8080808080808080) != 0) {
        break;
      }
    }
    if (byte == end) {
      return true;
    }
    const std::size_t length = sequence_length(byte, end);
    if (length == 0) {
      return false;
    }
    byte += length;
  }
  return true;
}

}  // namespace greenway
