// SPDX-License-Identifier: BSL-1.0
#include <thread>

#include "drivers/sqlite/scratch.hpp"

using namespace scratch;

TEST_CASE("connections of one driver share one database in memory, each with a transaction of its own") {
  const auto memory = driver(GENERATE("sqlite://", "sqlite:///:memory:"));
  const Connection one = connect(*memory);
  const Connection two = connect(*memory);
  execute(*one, "CREATE TABLE t (a)");
  CHECK(one->native_handle() != two->native_handle());

  two->begin({}, soon());
  execute(*two, "INSERT INTO t VALUES (1)");
  two->rollback(soon());
  execute(*one, "INSERT INTO t VALUES (2)");

  CHECK(query(*two, "SELECT a FROM t") == Rows{{2}});
}

TEST_CASE("a database in memory lives as long as its driver, and is no other driver's") {
  const auto memory = driver("sqlite://");
  execute(*connect(*memory), "CREATE TABLE t (a)");
  CHECK(scalar(*connect(*memory), "SELECT count(*) FROM t") == 0);

  const auto other = driver("sqlite://");
  CHECK_THROWS_AS(execute(*connect(*other), "SELECT * FROM t"), gw::ProgrammingError);
}

TEST_CASE("a connection keeps the database in memory alive when the driver has gone") {
  auto memory = driver("sqlite://");
  const Connection connection = connect(*memory);
  execute(*connection, "CREATE TABLE t (a)");
  memory.reset();
  CHECK(scalar(*connection, "SELECT count(*) FROM t") == 0);
}

TEST_CASE("readers and writers of a database in memory wait for each other instead of failing") {
  const auto memory = driver("sqlite://");
  const Connection first = connect(*memory);
  execute(*first, "CREATE TABLE counter (n)");
  execute(*first, "INSERT INTO counter VALUES (0)");
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, is_writer = i % 2 == 0] {
      try {
        const Connection connection = connect(*memory);
        for (int round = 0; round < 50; ++round) {
          execute(*connection, is_writer ? "UPDATE counter SET n = n + 1" : "SELECT n FROM counter");
        }
      } catch (const gw::Error& error) {
        UNSCOPED_INFO(error.what());
        ++failures;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(failures == 0);
  CHECK(scalar(*first, "SELECT n FROM counter") == 200);
}
