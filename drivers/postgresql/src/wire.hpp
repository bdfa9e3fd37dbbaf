// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <endian.h>

namespace greenway::detail::postgresql {

/// @param data  At least as many bytes as `T` has, in network order.
/// @return The integer there.
template <std::integral T>
T from_network(const char* data) noexcept {
  std::make_unsigned_t<T> raw;
  std::memcpy(&raw, data, sizeof raw);
  if constexpr (sizeof raw == 2) {
    raw = be16toh(raw);
  } else if constexpr (sizeof raw == 4) {
    raw = be32toh(raw);
  } else if constexpr (sizeof raw == 8) {
    raw = be64toh(raw);
  }
  return static_cast<T>(raw);
}

}  // namespace greenway::detail::postgresql
