// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>

#include "types.hpp"

namespace greenway::detail::postgresql {

/// Appends the text of a value that is not text on the wire, as the server itself prints it with DateStyle ISO and
/// IntervalStyle postgres, timestamptz in UTC.
/// @param codec   One for which is_rendered() holds.
/// @param binary  The value as received.
/// @param text    Where to append: never nothing, unless the bytes are not what the type promises.
/// @return Whether they are; if not, `text` is as before.
bool render(Codec codec, std::string_view binary, std::string& text);

}  // namespace greenway::detail::postgresql
