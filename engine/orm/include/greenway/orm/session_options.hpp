// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/session_options.hpp
/// @brief How a session behaves.
///
/// Layer: orm. Source: the arguments of SQLAlchemy's `Session`.

namespace greenway {

/// Options of a session. Plain data; start from the defaults.
struct SessionOptions {
  /// Changes are written before a statement is executed that may need to see them.
  bool autoflush = true;
  /// After a commit every entity is stale: the next row that is met overwrites it.
  bool expire_on_commit = false;
};

}  // namespace greenway
