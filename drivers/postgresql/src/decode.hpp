// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>

#include <greenway/sql/value.hpp>

#include "types.hpp"

namespace greenway::detail::postgresql {

/// Looks at a value where it lies.
/// @param codec  How to; not timetz.
/// @param data   As received; not null.
/// @param size   Bytes at `data`.
/// @param cell   The value.
/// @return Whether the bytes are what the type promises.
bool decode(Codec codec, const char* data, std::size_t size, Cell& cell) noexcept;

}  // namespace greenway::detail::postgresql
