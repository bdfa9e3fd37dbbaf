// SPDX-License-Identifier: BSL-1.0
#include "seed_orm.hpp"

#include <cstddef>
#include <regex>
#include <sstream>
#include <string_view>

#include <greenway/greenway.hpp>

#include "support/catch.hpp"

namespace {

std::size_t count(std::string_view log, std::string_view what) {
  std::size_t times = 0;
  for (std::size_t place = log.find(what); place != std::string_view::npos; place = log.find(what, place + 1)) {
    ++times;
  }
  return times;
}

std::string rows_of(greenway::Connection& connection, const char* sql) {
  std::ostringstream out;
  for (const greenway::Row& row : connection.execute(greenway::text(sql))) {
    out << row;
  }
  return out.str();
}

void check_log(const std::string& log) {
  CHECK(count(log, "INSERT INTO") == 2);
  CHECK(count(log, "SELECT a.") + count(log, "SELECT b.") == 5);
  CHECK(count(log, "UPDATE a SET data = ") == 1);
  CHECK(count(log, "UPDATE") == 1);
  CHECK(count(log, "BEGIN") == 3);
  CHECK(count(log, "COMMIT") == 3);
  CHECK(count(log, "ROLLBACK") == 0);
}

void check_rows(const std::string& url) {
  auto connection = greenway::create_engine(url).connect();
  CHECK(rows_of(connection, "SELECT id, data FROM a ORDER BY id") == "(1, 'new data')(2, 'a2')(3, 'a3')");
  CHECK(rows_of(connection, "SELECT id, a_id, data FROM b ORDER BY id") ==
        "(1, 1, NULL)(2, 1, NULL)(3, 2, NULL)(4, 3, NULL)(5, 3, NULL)");
}

}  // namespace

void check_orm_seed(const Shell& shell, const std::string& program, const std::string& url, const std::string& lines) {
  for (int run = 0; run != 2; ++run) {
    const Ended seed = shell.run(program + " '" + url + "'");
    CHECK(seed.exit_code == 0);
    CHECK(std::regex_replace(seed.out, std::regex("created at: [0-9: -]+"), "created at: …") == lines);
    check_log(seed.err);
    check_rows(url);
  }
}
