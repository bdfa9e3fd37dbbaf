// SPDX-License-Identifier: BSL-1.0
#include <regex>
#include <string>

#include "database.hpp"
#include "seed_orm.hpp"
#include "shell.hpp"
#include "support/catch.hpp"

namespace {

constexpr const char* lines =
    "A(id=1)\n"
    "created at: …\n"
    "B(id=1)\n"
    "B(id=2)\n"
    "A(id=2)\n"
    "created at: …\n"
    "B(id=3)\n"
    "A(id=3)\n"
    "created at: …\n"
    "B(id=4)\n"
    "B(id=5)\n"
    "A(id=1)\n"
    "B(id=1)\n"
    "B(id=2)\n"
    "A(id=2)\n"
    "B(id=3)\n"
    "A(id=3)\n"
    "B(id=4)\n"
    "B(id=5)\n";

void check(const Shell& shell, const std::string& url) {
  for (int run = 0; run != 2; ++run) {
    const Ended seed = shell.run(SEED_ASYNC_ORM_PROGRAM " '" + url + "'");
    CHECK(seed.exit_code == 0);
    CHECK(std::regex_replace(seed.out, std::regex("created at: [0-9: -]+"), "created at: …") == lines);
    check_orm_seed_log(seed.err);
    check_orm_seed_rows(url);
  }
}

}  // namespace

TEST_CASE("seed_async_orm prints and sends what SQLAlchemy's async_orm.py does, on a SQLite file with and without the tables") {
  const Shell shell;
  check(shell, "sqlite:///" + shell.file("orm.db").string());
}

TEST_CASE("seed_async_orm does the same on PostgreSQL") {
  const Shell shell;
  const Database database;
  check(shell, database.url());
}
