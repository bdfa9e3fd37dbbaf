// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/base/version.hpp
/// @brief The one place the version is written; CMake reads it from here.

/// The version of these headers, as "major.minor.patch".
#define GREENWAY_VERSION "0.1.0"

namespace greenway {

/// @return The version of the library that is linked, which equals #GREENWAY_VERSION unless headers and library
///         come from two installations.
[[nodiscard]] const char* version() noexcept;

}  // namespace greenway
