// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file rows/postgresql_server.hpp
/// @brief The server that rows on PostgreSQL use.

#include <cstdlib>
#include <string>

#include "row.hpp"

namespace greenway::bench {

/// @return Its URL.
/// @throws NotMeasured  None is named.
inline std::string url_of_server() {
  const char* const url = std::getenv("GREENWAY_BENCH_POSTGRESQL_URL");
  if (url == nullptr) {
    throw NotMeasured("GREENWAY_BENCH_POSTGRESQL_URL is not set; scripts/bench.sh starts a server and sets it");
  }
  return url;
}

}  // namespace greenway::bench
