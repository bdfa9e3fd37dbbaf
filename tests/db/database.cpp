// SPDX-License-Identifier: BSL-1.0
#include "database.hpp"

#include <atomic>
#include <cstdlib>

#include <unistd.h>

namespace database {

Scratch Scratch::postgresql() {
  const char* const given = std::getenv("GREENWAY_TEST_POSTGRESQL_URL");
  if (given == nullptr) {
    FAIL("GREENWAY_TEST_POSTGRESQL_URL names no server: run these tests through scripts/test.sh, or under "
         "scripts/postgresql.sh run");
  }
  static std::atomic<int> count{0};
  const std::string schema = "db_" + std::to_string(::getpid()) + '_' + std::to_string(++count);
  run_sql(gw::create_engine(given), "CREATE SCHEMA " + schema);
  return Scratch(std::string(given) + "?options=-csearch_path%3D" + schema, schema);
}

Scratch::~Scratch() {
  if (!schema_.empty()) {
    run_sql(gw::create_engine(url_ + "%20-cclient_min_messages%3Dwarning"), "DROP SCHEMA " + schema_ + " CASCADE");
  }
}

}  // namespace database
