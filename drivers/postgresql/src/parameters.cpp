// SPDX-License-Identifier: BSL-1.0
#include "parameters.hpp"

#include <bit>
#include <cstring>
#include <string>

#include <endian.h>

#include <greenway/sql/detail/value_text.hpp>

#include "array_literal.hpp"
#include "error.hpp"
#include "types.hpp"

namespace greenway::detail::postgresql {

namespace {

constexpr int binary = 1;
constexpr std::size_t most_parameters = 65'535;           // the protocol counts them in 16 bits
constexpr std::size_t most_bytes = std::size_t{1} << 30;  // more than the server takes, less than a length can say

std::uint64_t since_2000(std::chrono::microseconds since_1970, std::size_t i) {
  std::int64_t microseconds = 0;
  if (__builtin_sub_overflow(since_1970.count(), microseconds_before_2000, &microseconds) || is_infinite(microseconds)) {
    throw_client_error<DataError>(
        "parameter $" + std::to_string(i + 1) + " is a timestamp that lies before all that PostgreSQL knows", {}, false);
  }
  return static_cast<std::uint64_t>(microseconds);
}

std::string interval_bytes(const CalendarInterval& interval) {
  const std::uint64_t microseconds = htobe64(static_cast<std::uint64_t>(interval.microseconds.count()));
  const std::uint32_t days = htobe32(static_cast<std::uint32_t>(interval.days));
  const std::uint32_t months = htobe32(static_cast<std::uint32_t>(interval.months));
  std::string bytes(16, '\0');
  std::memcpy(bytes.data(), &microseconds, 8);
  std::memcpy(bytes.data() + 8, &days, 4);
  std::memcpy(bytes.data() + 12, &months, 4);
  return bytes;
}

}  // namespace

Parameters::Parameters(std::span<const Value> values, std::string_view statement)
    : numbers_(values.size(), &memory_),
      values_(values.size(), &memory_),
      types_(values.size(), &memory_),
      lengths_(values.size(), &memory_),
      formats_(values.size(), &memory_) {
  if (values.size() > most_parameters) {
    throw_client_error<InterfaceError>("a statement takes at most 65535 parameters, and was given " +
                                           std::to_string(values.size()) + ": send the rows in several statements",
                                       statement, false);
  }
  std::size_t total = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string_view sent = encode(i, values[i]);
    total += sent.size();
    if (total > most_bytes) {
      throw_client_error<InterfaceError>("the parameters of a statement hold at most 1 GiB, and these hold more",
                                         statement, false);
    }
    if (formats_[i] != binary && sent.find('\0') != std::string_view::npos) {
      throw_client_error<DataError>("parameter $" + std::to_string(i + 1) +
                                        " is a text that contains NUL, which PostgreSQL cannot hold: send it as a blob",
                                    statement, false);
    }
    values_[i] = sent.data();
    lengths_[i] = static_cast<int>(sent.size());
  }
}

bool Parameters::fit(std::span<const Oid> types) const noexcept {
  if (types.size() != types_.size()) {
    return false;
  }
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (types[i] != types_[i] && values_[i] != nullptr) {
      return false;
    }
  }
  return true;
}

/// Sets the type and format of a parameter; returns what is sent, null for NULL.
std::string_view Parameters::encode(std::size_t i, const Value& value) {
  formats_[i] = binary;
  switch (value.kind()) {
    case ValueKind::boolean:
      types_[i] = oid::boolean;
      return *value.get_if<bool>() ? std::string_view("\1", 1) : std::string_view("\0", 1);
    case ValueKind::integer:
      types_[i] = oid::int8;
      return store(i, static_cast<std::uint64_t>(*value.get_if<std::int64_t>()));
    case ValueKind::real:
      types_[i] = oid::float8;
      return store(i, std::bit_cast<std::uint64_t>(*value.get_if<double>()));
    case ValueKind::bytes: {
      const Bytes& bytes = *value.get_if<Bytes>();
      types_[i] = oid::bytea;
      return bytes.empty() ? std::string_view("")
                           : std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    case ValueKind::array:
      formats_[i] = 0;
      return lists_.emplace_front(array_literal(*value.get_if<std::vector<Value>>()));
    case ValueKind::null:
      return {};
    case ValueKind::numeric:
      types_[i] = oid::numeric;
      formats_[i] = 0;
      return value.get_if<Decimal>()->str();
    case ValueKind::date:
      types_[i] = oid::date;
      return store(i, static_cast<std::uint32_t>(value.get_if<std::chrono::sys_days>()->time_since_epoch().count() -
                                                 static_cast<std::int32_t>(days_before_2000)));
    case ValueKind::time:
      types_[i] = oid::time;
      return store(i, static_cast<std::uint64_t>(value.get_if<TimeOfDay>()->since_midnight().count()));
    case ValueKind::datetime:
      types_[i] = oid::timestamp;
      return store(i, since_2000(value.get_if<std::chrono::local_time<std::chrono::microseconds>>()->time_since_epoch(), i));
    case ValueKind::timestamptz:
      types_[i] = oid::timestamptz;
      return store(i, since_2000(value.get_if<std::chrono::sys_time<std::chrono::microseconds>>()->time_since_epoch(), i));
    case ValueKind::interval:
      types_[i] = oid::interval;
      return lists_.emplace_front(interval_bytes(*value.get_if<CalendarInterval>()));
    case ValueKind::uuid:
      types_[i] = oid::uuid;
      return {reinterpret_cast<const char*>(value.get_if<UUIDBytes>()->bytes.data()), sizeof(UUIDBytes)};
    case ValueKind::json:
      formats_[i] = 0;  // and of no type: json and jsonb do not convert to each other everywhere
      return value.get_if<JSONText>()->text;
    case ValueKind::text:
      break;
  }
  formats_[i] = 0;
  return *value.get_if<std::string>();
}

std::string_view Parameters::store(std::size_t i, std::uint32_t number) noexcept {
  numbers_[i] = 0;
  const std::uint32_t sent = htobe32(number);
  std::memcpy(&numbers_[i], &sent, sizeof sent);
  return {reinterpret_cast<const char*>(&numbers_[i]), sizeof sent};
}

std::string_view Parameters::store(std::size_t i, std::uint64_t number) noexcept {
  numbers_[i] = htobe64(number);
  return {reinterpret_cast<const char*>(&numbers_[i]), sizeof number};
}

}  // namespace greenway::detail::postgresql
