// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <string>
#include <string_view>

#include "database.hpp"
#include "shell.hpp"
#include "support/catch.hpp"

namespace {

constexpr const char* lines =
    "[(1, 'some name 1'), (2, 'some name 2')]\n"
    "(1, 'some name 1')\n"
    "(2, 'some name 2')\n";

/// How often the log has it.
std::size_t count(std::string_view log, std::string_view what) {
  std::size_t times = 0;
  for (std::size_t place = log.find(what); place != std::string_view::npos; place = log.find(what, place + 1)) {
    ++times;
  }
  return times;
}

/// What the program sends, by its log; the figures are those of SQLAlchemy's own program.
void check_echo(std::string_view log) {
  CHECK(count(log, "INSERT INTO t1 (name) VALUES") == 2);
  CHECK(count(log, "SELECT t1.id, t1.name FROM t1") == 2);
  CHECK(count(log, "BEGIN") == 2);
  CHECK(count(log, "COMMIT") == 1);
  CHECK(count(log, "ROLLBACK") == 1);
}

}  // namespace

TEST_CASE("seed_basic prints and sends what SQLAlchemy's basic.py does, on a SQLite file with and without the table") {
  const Shell shell;
  const std::string command = SEED_BASIC_PROGRAM " sqlite:///" + shell.file("basic.db").string();
  for (std::size_t run = 0; run != 2; ++run) {
    const Ended basic = shell.run(command);
    CHECK(basic.exit_code == 0);
    CHECK(basic.out == lines);
    CHECK(count(basic.err, "DROP TABLE t1") == run);
    CHECK(count(basic.err, "CREATE TABLE t1") == 1);
    check_echo(basic.err);
  }
}

TEST_CASE("seed_basic needs no database of anybody's") {
  const Ended basic = Shell().run(SEED_BASIC_PROGRAM);
  CHECK(basic.exit_code == 0);
  CHECK(basic.out == lines);
}

TEST_CASE("seed_basic does the same on PostgreSQL") {
  const Shell shell;
  const Database database;
  const Ended basic = shell.run(SEED_BASIC_PROGRAM " '" + database.url() + "'");
  CHECK(basic.exit_code == 0);
  CHECK(basic.out == lines);
  check_echo(basic.err);
}
