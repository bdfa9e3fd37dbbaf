// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/sql/sql_text.hpp
/// @brief SQL as it is handed to a driver: the text with its hash, and how its placeholders are written.
///
/// Layer: sql. Needs std only.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace greenway {

/// SQL text as the database wants it, placeholders included, with its hash, so that a statement cache need not compute
/// it again at each execution.
struct SQLText {
  /// @param sql  One statement.
  explicit SQLText(std::string sql) : text(std::move(sql)), hash(std::hash<std::string>{}(text)) {}

  std::string text;  ///< The statement.
  std::size_t hash;  ///< Of `text`.
};

/// How a dialect writes its n-th placeholder.
enum class ParameterStyle : std::uint8_t {
  dollar,    ///< `$1`
  question,  ///< `?1`
};

}  // namespace greenway
