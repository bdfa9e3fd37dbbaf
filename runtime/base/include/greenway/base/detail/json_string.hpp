// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>

namespace greenway::detail {

/// Appends a text as a string of JSON, in quotes.
/// @param json  To append to.
/// @param text  UTF-8.
void append_json_string(std::string& json, std::string_view text);

/// @param text  UTF-8.
/// @return It as a string of JSON, in quotes.
[[nodiscard]] std::string json_string(std::string_view text);

}  // namespace greenway::detail
