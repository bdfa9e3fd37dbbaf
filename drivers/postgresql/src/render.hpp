// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>

namespace greenway::detail::postgresql {

/// Appends the text of a numeric, as the server itself prints it.
/// @param binary  The value as received.
/// @return Whether the bytes are what the type promises; if not, `text` is as before.
bool render_numeric(std::string_view binary, std::string& text);

/// The same of a time with time zone.
bool render_timetz(std::string_view binary, std::string& text);

}  // namespace greenway::detail::postgresql
