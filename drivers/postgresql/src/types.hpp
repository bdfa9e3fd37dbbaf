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
  unknown,  ///< text where it is printable, else bytes
  // From here on: rendered as text when the rows arrive.
  numeric,
  date,
  time,
  timetz,
  timestamp,
  timestamptz,
  interval,
  uuid,
};

/// @return Whether values are rendered when the rows arrive; the others are looked at in place.
constexpr bool is_rendered(Codec codec) noexcept { return codec >= Codec::numeric; }

/// @return How values of a type are read.
Codec codec_of(Oid type) noexcept;

/// @return The type's name in pg_type; "oid:12345" for one that the driver does not know.
std::string type_name(Oid type);

}  // namespace greenway::detail::postgresql
