// SPDX-License-Identifier: BSL-1.0
#include "database.hpp"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include <unistd.h>

namespace database {

Scratch Scratch::sqlite() {
  std::string folder = (std::filesystem::temp_directory_path() / "greenway-db-XXXXXX").string();
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  return Scratch("sqlite:///" + folder + "/test.db", [folder] {
    // A connection that was terminated closes its file when its thread comes to it, perhaps now.
    std::error_code error;
    do {
      error.clear();
      std::filesystem::remove_all(folder, error);
    } while (error == std::errc::no_such_file_or_directory);
  });
}

Scratch Scratch::postgresql() {
  const char* const given = std::getenv("GREENWAY_TEST_POSTGRESQL_URL");
  if (given == nullptr) {
    FAIL(
        "GREENWAY_TEST_POSTGRESQL_URL names no server: run these tests through scripts/test.sh, or under "
        "scripts/postgresql.sh run");
  }
  static std::atomic<int> count{0};
  const std::string schema = "db_" + std::to_string(::getpid()) + '_' + std::to_string(++count);
  const std::string quiet = std::string(given) + "?options=-cclient_min_messages%3Dwarning";
  run_sql(gw::create_engine(quiet), "CREATE SCHEMA " + schema);
  return Scratch(quiet + "%20-csearch_path%3D" + schema,
                 [=] { run_sql(gw::create_engine(quiet), "DROP SCHEMA " + schema + " CASCADE"); });
}

}  // namespace database
