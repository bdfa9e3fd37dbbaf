// SPDX-License-Identifier: BSL-1.0
#include <string>

#include "database.hpp"
#include "seed_orm.hpp"
#include "shell.hpp"
#include "support/catch.hpp"

namespace {

constexpr const char* lines =
    "A(id=1)\n"
    "B(id=1)\n"
    "B(id=2)\n"
    "A(id=2)\n"
    "B(id=3)\n"
    "A(id=3)\n"
    "B(id=4)\n"
    "B(id=5)\n";

}  // namespace

TEST_CASE("seed_greenlet_orm prints and sends what SQLAlchemy's greenlet_orm.py does, on a SQLite file with and without the tables") {
  const Shell shell;
  check_orm_seed(shell, SEED_GREENLET_ORM_PROGRAM, "sqlite:///" + shell.file("orm.db").string(), lines);
}

TEST_CASE("seed_greenlet_orm does the same on PostgreSQL") {
  const Shell shell;
  const Database database;
  check_orm_seed(shell, SEED_GREENLET_ORM_PROGRAM, database.url(), lines);
}
