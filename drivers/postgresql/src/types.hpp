// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string>

#include "libpq.hpp"

namespace greenway::detail::postgresql {

/// The types that parameters are declared with, by their numbers in the catalogue pg_type.
namespace oid {
inline constexpr Oid boolean = 16;
inline constexpr Oid bytea = 17;
inline constexpr Oid int8 = 20;
inline constexpr Oid float8 = 701;
inline constexpr Oid date = 1082;
inline constexpr Oid time = 1083;
inline constexpr Oid timestamp = 1114;
inline constexpr Oid timestamptz = 1184;
inline constexpr Oid interval = 1186;
inline constexpr Oid numeric = 1700;
inline constexpr Oid uuid = 2950;
}  // namespace oid

/// How the binary form of a type becomes a value.
enum class Codec : std::uint8_t {
  boolean,
  int2,
  int4,
  int8,
  unsigned4,  ///< oid and its like
  float4,
  float8,
  text,
  versioned_text,  ///< a byte 1, then text
  single_byte,     ///< PostgreSQL's "char"
  bytes,
  unknown,  ///< an array where it is one, text where it is printable, else bytes
  numeric,
  date,
  time,
  timestamp,
  timestamptz,
  interval,
  uuid,
  json,
  versioned_json,  ///< a byte 1, then JSON
  array,
  timetz,  ///< rendered as text when the rows arrive; the others are looked at in place
};

/// @return How values of a type are read.
Codec codec_of(Oid type) noexcept;

/// @return The type's name in pg_type; "oid:12345" for one that the driver does not know.
std::string type_name(Oid type);

}  // namespace greenway::detail::postgresql
