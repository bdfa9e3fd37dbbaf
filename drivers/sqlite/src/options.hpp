// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

#include <greenway/base/clock.hpp>
#include <greenway/db/url.hpp>

namespace greenway::detail {

/// What a URL of SQLite asks for, checked.
struct SQLiteOptions {
  /// @throws ArgumentError  A part or an option of the URL has no meaning here.
  explicit SQLiteOptions(const URL& url);

  std::string path;                  ///< Absolute; in memory, the name under which its connections share it.
  bool is_in_memory = false;         ///< The database is in memory.
  std::string mode = "rwc";          ///< See driver.hpp, as for all that follow.
  std::string journal_mode = "wal";  ///< Empty: leave it as it is.
  std::string synchronous = "full";  ///< Per connection.
  Duration busy_timeout = std::chrono::seconds(5);  ///< For locks of other processes.
  bool foreign_keys = true;                         ///< Enforced.
  bool begins_immediate = false;                    ///< Each transaction takes the write lock at once.
};

}  // namespace greenway::detail
