// SPDX-License-Identifier: BSL-1.0
#include "database.hpp"

#include <atomic>
#include <cstdlib>
#include <stdexcept>

#include <unistd.h>

#include <greenway/greenway.hpp>

namespace {

std::string server_url() {
  const char* const url = std::getenv("GREENWAY_TEST_POSTGRESQL_URL");
  if (url == nullptr) {
    throw std::runtime_error(
        "GREENWAY_TEST_POSTGRESQL_URL names no server: run these tests through scripts/test.sh, or under "
        "scripts/postgresql.sh run");
  }
  return url;
}

greenway::EngineOptions without_transactions() {
  greenway::EngineOptions options;
  options.isolation_level = "AUTOCOMMIT";
  return options;
}

/// No other test has it: they run at the same time on one server.
std::string unique_name() {
  static std::atomic<int> count{0};
  return "examples_" + std::to_string(::getpid()) + '_' + std::to_string(++count);
}

}  // namespace

Database::Database()
    : server_(greenway::create_engine(server_url(), without_transactions())), name_(unique_name()), url_(server_url()) {
  server_.connect().exec_driver_sql("CREATE DATABASE " + name_);
  url_.replace(url_.rfind('/') + 1, server_.url().database().size(), name_);
}

Database::~Database() {
  try {
    server_.connect().exec_driver_sql("DROP DATABASE " + name_ + " WITH (FORCE)");
  } catch (const greenway::Error&) {
    // The server is a test's own, and takes what is left with it.
  }
}
