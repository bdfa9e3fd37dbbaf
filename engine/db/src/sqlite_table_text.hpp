// SPDX-License-Identifier: BSL-1.0
#pragma once

// SQLite keeps the text of CREATE TABLE, and only there the names of constraints, checks and generated columns' expressions.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace greenway::detail {

struct SqliteTableText {
  struct Key {
    std::string name;  // empty where it has none
    std::vector<std::string> columns;
    bool deferrable = false;
    bool initially_deferred = false;
  };
  struct Check {
    std::string name;
    std::string sql;
  };

  /// @param sql  As in sqlite_schema: it has been parsed by SQLite, so it is well formed.
  explicit SqliteTableText(std::string_view sql);

  std::string primary_key_name;
  std::vector<Key> foreign_keys;  // in the order of their definition
  std::vector<Key> uniques;
  std::vector<Check> checks;
  std::map<std::string, std::string, std::less<>> computed;  // by column
};

}  // namespace greenway::detail
