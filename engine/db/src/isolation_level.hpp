// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>

#include <greenway/base/error.hpp>

namespace greenway::detail {

/// @param level  Empty for the database's own.
/// @throws ArgumentError  Neither the SQL standard nor SQLAlchemy has such a level.
inline void check_isolation_level(std::string_view level, std::string_view database) {
  for (const std::string_view known : {"", "AUTOCOMMIT", "SERIALIZABLE", "REPEATABLE READ", "READ COMMITTED", "READ UNCOMMITTED"}) {
    if (level == known) {
      return;
    }
  }
  throw ArgumentError("Invalid value '" + std::string(level) + "' for isolation_level. Valid isolation levels for '" +
                      std::string(database) +
                      "' are AUTOCOMMIT, READ COMMITTED, READ UNCOMMITTED, REPEATABLE READ, SERIALIZABLE");
}

}  // namespace greenway::detail
