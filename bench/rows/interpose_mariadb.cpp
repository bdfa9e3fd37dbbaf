// SPDX-License-Identifier: BSL-1.0
#include "rows/rows.hpp"

#include <cstdlib>
#include <string>

#if defined(GREENWAY_BENCH_MARIADB)
#include "legacy/mariadb_dao.hpp"
#endif
#include "rows/point_select.hpp"

namespace greenway::bench {

#if defined(GREENWAY_BENCH_MARIADB)

namespace {

std::string setting(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr) {
    throw NotMeasured(std::string(name) + " is not set; scripts/bench.sh starts a MariaDB and sets it");
  }
  return value;
}

std::unique_ptr<MariadbDao> open() {
  return std::make_unique<MariadbDao>(setting("GREENWAY_TEST_MARIADB_HOST"),
                                      static_cast<unsigned>(std::stoul(setting("GREENWAY_TEST_MARIADB_PORT"))),
                                      setting("GREENWAY_TEST_MARIADB_DATABASE"));
}

}  // namespace

#endif

Family interpose_mariadb_rows() {
  constexpr auto name = "interpose/mariadb_point_select";
#if defined(GREENWAY_BENCH_MARIADB)
  return PointSelect<MariadbDao>::rows(name, open);
#else
  return unmeasured_point_select(name, "greenway-bench was built without the examples, or without libmariadb");
#endif
}

}  // namespace greenway::bench
