// SPDX-License-Identifier: BSL-1.0
#include <cmath>
#include <limits>

#include "drivers/sqlite/scratch.hpp"

using namespace scratch;

namespace {

gw::Bytes bytes(std::initializer_list<int> values) {
  gw::Bytes result;
  for (const int value : values) {
    result.push_back(static_cast<std::byte>(value));
  }
  return result;
}

}  // namespace

TEST_CASE("values of every kind come back from a file as they were sent") {
  const Folder folder;
  in_thread_and_greenlet([&] {
    const Connection connection = connect(folder.url());
    execute(*connection, "CREATE TABLE t (id INTEGER PRIMARY KEY, v)");
    const Parameters values = {
        nullptr,
        std::numeric_limits<std::int64_t>::min(),
        std::numeric_limits<std::int64_t>::max(),
        0,
        -1,
        0.1,
        -0.0,
        std::numeric_limits<double>::denorm_min(),
        std::numeric_limits<double>::infinity(),
        "",
        "plain",
        std::string("with\0NUL\0", 9),
        "naïve 水 😀",
        std::string(100'000, 'x'),
        bytes({}),
        bytes({0, 1, 0, 255}),
        gw::Bytes(100'000, std::byte{0xFF}),
    };
    Rows expected;
    for (const gw::Value& value : values) {
      execute(*connection, "INSERT INTO t (v) VALUES (?1)", {value});
      expected.push_back({value});
    }

    CHECK(query(*connection, "SELECT v FROM t ORDER BY id") == expected);
  });
}

TEST_CASE("a truth value is 1 or 0, and comes back as one from a column declared boolean") {
  const Connection connection = connect("sqlite://");
  execute(*connection, "CREATE TABLE t (a BOOLEAN, b bool, c INTEGER)");
  execute(*connection, "INSERT INTO t VALUES (?1, ?2, ?1)", {true, false});
  execute(*connection, "INSERT INTO t VALUES (2, NULL, 0)");

  CHECK(query(*connection, "SELECT a, b, c FROM t ORDER BY rowid") == Rows{{true, false, 1}, {2, nullptr, 0}});
}

TEST_CASE("a text in a column without numeric affinity stays text, digit by digit") {
  const Connection connection = connect("sqlite://");
  execute(*connection, "CREATE TABLE t (a TEXT, b DECIMAL(10, 2))");
  execute(*connection, "INSERT INTO t VALUES (?1, ?2)", {"1.10", "not a number"});

  CHECK(query(*connection, "SELECT a, b FROM t") == Rows{{"1.10", "not a number"}});
}

TEST_CASE("columns have the name and the declared type that the database gives them") {
  const Connection connection = connect("sqlite://");
  execute(*connection, "CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(20))");

  const auto cursor = execute(*connection, "SELECT id, name AS label, 1 + 1 FROM t");

  REQUIRE(cursor->columns()->size() == 3);
  CHECK(cursor->columns()->at(0).name == "id");
  CHECK(cursor->columns()->at(0).type_name == "INTEGER");
  CHECK(cursor->columns()->at(1).name == "label");
  CHECK(cursor->columns()->at(1).type_name == "VARCHAR(20)");
  CHECK(cursor->columns()->at(2).type_name.empty());
  CHECK(cursor->next() == nullptr);
  CHECK(cursor->rowcount() == 0);
}

TEST_CASE("executions of a kept statement share their columns until the schema changes") {
  const Folder folder;
  const Connection connection = connect(folder.url());
  const Connection other = connect(folder.url());
  execute(*connection, "CREATE TABLE t (a)");
  const auto first = execute(*connection, "SELECT * FROM t");
  CHECK(execute(*connection, "SELECT * FROM t")->columns() == first->columns());

  execute(*other, "ALTER TABLE t ADD COLUMN b BOOLEAN");
  execute(*other, "INSERT INTO t VALUES (1, 1)");

  const auto last = execute(*connection, "SELECT * FROM t");
  CHECK(first->columns()->size() == 1);
  CHECK(last->columns()->size() == 2);
  CHECK(rows_of(*last) == Rows{{1, true}});
}

TEST_CASE("a text that is not UTF-8 is refused before the statement runs, and the message names the parameter") {
  const Connection connection = connect("sqlite://");
  execute(*connection, "CREATE TABLE t (a, b)");
  for (const char* wrong :
       {"\xFF", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "ab\xE2\x82", "\x80"}) {
    const auto error = error_of<gw::DataError>([&] {
      execute(*connection, "INSERT INTO t VALUES (?1, ?2)", {"fine", wrong});
    });
    CHECK_THAT(error.what(), Catch::Contains("parameter 2"));
  }
  CHECK(scalar(*connection, "SELECT count(*) FROM t") == gw::Value(0));
}

TEST_CASE("NaN is refused, since SQLite would store NULL") {
  const Connection connection = connect("sqlite://");
  const auto error = error_of<gw::DataError>([&] { execute(*connection, "SELECT ?1", {std::nan("")}); });
  CHECK_THAT(error.what(), Catch::Contains("NaN"));
}

TEST_CASE("a value above the limit is refused and the connection stays usable") {
  const Connection connection = connect("sqlite://");
  const std::string too_long((64 << 20) + 1, 'x');
  CHECK(error_of<gw::DataError>([&] { execute(*connection, "SELECT ?1", {too_long}); }).code() == 18);
  CHECK(scalar(*connection, "SELECT ?1", {"x"}) == gw::Value("x"));
}

TEST_CASE("rowcount is the number of rows that were changed or returned") {
  const Connection connection = connect("sqlite://");
  CHECK(execute(*connection, "CREATE TABLE t (id INTEGER PRIMARY KEY, v)")->rowcount() == 0);
  CHECK(execute(*connection, "INSERT INTO t (v) VALUES (1), (2), (3)")->rowcount() == 3);
  CHECK(execute(*connection, "UPDATE t SET v = v + 1 WHERE v > 1")->rowcount() == 2);
  CHECK(execute(*connection, "UPDATE t SET v = 0 WHERE v > 100")->rowcount() == 0);
  CHECK(execute(*connection, "SELECT * FROM t")->rowcount() == 3);
  CHECK(execute(*connection, "DELETE FROM t WHERE v > 1 RETURNING id")->rowcount() == 2);
  CHECK(execute(*connection, "DROP TABLE t")->rowcount() == 0);
}

TEST_CASE("lastrowid is the rowid of the last insert") {
  const Connection connection = connect("sqlite://");
  execute(*connection, "CREATE TABLE t (id INTEGER PRIMARY KEY, v)");
  CHECK(execute(*connection, "INSERT INTO t VALUES (7, 1)")->lastrowid() == 7);
  CHECK(execute(*connection, "INSERT INTO t (v) VALUES (1)")->lastrowid() == 8);
}
