// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/config.hpp
/// @brief Options of an engine from a configuration file's names and values.
///
/// Layer: db. Source: what SQLAlchemy's `engine_from_config()` reads. The function itself is in greenway/greenway.hpp.

#include <map>
#include <string>
#include <string_view>

#include <greenway/db/options.hpp>

namespace greenway {

/// Names and values: "sqlalchemy.url" and "sqlite:///bank.db", "sqlalchemy.pool_size" and "20".
using Config = std::map<std::string, std::string, std::less<>>;

/// @param config  Times are in seconds, with decimals if need be; "true", "yes", "on" and "1" are true.
/// @param prefix  Names without it are left alone.
/// @return The options named.
/// @throws ArgumentError  A name is none of EngineOptions, or its value cannot be read; the value is not repeated.
[[nodiscard]] EngineOptions options_from_config(const Config& config, std::string_view prefix = "sqlalchemy.");

}  // namespace greenway
