// SPDX-License-Identifier: BSL-1.0
#include <string>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/db/driver.hpp>

#include "server.hpp"
#include "support/catch.hpp"

namespace gw = greenway;

using server::execute;
using server::scalar;
using server::soon;

namespace {

const std::string endless = "SELECT generate_series(1, 1000000000), repeat('x', 1000)";

std::unique_ptr<gw::Cursor> stream(gw::DriverConnection& connection, const std::string& sql, std::size_t rows) {
  return execute(connection, sql, {}, {.stream = rows});
}

/// How many rows come, and their sum.
std::pair<std::int64_t, std::int64_t> count_and_sum(gw::Cursor& cursor) {
  std::pair<std::int64_t, std::int64_t> result;
  while (const auto batch = cursor.next()) {
    for (std::size_t row = 0; row < batch->size(); ++row) {
      ++result.first;
      result.second += batch->cell(row, 0).integer;
    }
  }
  return result;
}

}  // namespace

TEST_CASE("a stream gives all rows, some at a time") {
  const auto connection = server::connect();

  const auto cursor = stream(*connection, "SELECT i, i::text, i::numeric FROM generate_series(1, 1005) AS i", 100);

  CHECK(cursor->rowcount() == -1);
  CHECK(cursor->columns()->size() == 3);
  const auto batch = cursor->next();
  REQUIRE(batch->size() == 100);
  CHECK(batch->cell(99, 0).integer == 100);
  CHECK(batch->cell(99, 1).view() == "100");
  CHECK(batch->cell(99, 2).text() == "100");
  CHECK(count_and_sum(*cursor).first == 905);
  CHECK(cursor->next() == nullptr);
  CHECK(scalar(*connection, "SELECT 1") == gw::Value(1));
}

TEST_CASE("a stream works prepared, unprepared, and as the first statement of a transaction") {
  const auto connection = server::connect("prepared_statement_cache_size=1");

  for (int i = 0; i < 4; ++i) {
    for (const bool is_in_transaction : {false, true}) {
      if (is_in_transaction) {
        connection->begin({}, soon());
      }
      const auto cursor = stream(*connection, "SELECT generate_series(1, 1000)", 7);
      CHECK(cursor->rowcount() == -1);
      CHECK(count_and_sum(*cursor) == std::pair<std::int64_t, std::int64_t>(1000, 500'500));
      CHECK(connection->transaction_state() ==
            (is_in_transaction ? gw::TransactionState::in_transaction : gw::TransactionState::idle));
      connection->rollback(soon());
    }
    execute(*connection, "SELECT 1");
    execute(*connection, "SELECT 1");
  }
}

TEST_CASE("an empty stream has columns and no rows") {
  const auto connection = server::connect();

  const auto cursor = stream(*connection, "SELECT 1 AS a WHERE false", 10);

  CHECK((*cursor->columns())[0].name == "a");
  CHECK(cursor->next() == nullptr);
  CHECK(scalar(*connection, "SELECT 1") == gw::Value(1));
}

TEST_CASE("a statement without rows may be executed as a stream") {
  const auto connection = server::connect();

  const auto cursor = stream(*connection, "CREATE TEMP TABLE t (i int)", 10);

  CHECK(cursor->columns()->empty());
  CHECK(cursor->next() == nullptr);
  CHECK_THROWS_AS(stream(*connection, "SELECT nothing", 10), gw::ProgrammingError);
  CHECK(scalar(*connection, "SELECT 1") == gw::Value(1));
}

TEST_CASE("an error in the middle of a stream arrives after the rows before it") {
  const auto connection = server::connect();
  const auto cursor = stream(*connection, "SELECT 1 / (100000 - i) FROM generate_series(1, 200000) AS i", 1000);

  std::int64_t rows = 0;
  try {
    while (const auto batch = cursor->next()) {
      rows += static_cast<std::int64_t>(batch->size());
    }
    FAIL("no error");
  } catch (const gw::DataError& error) {
    CHECK(error.sqlstate() == "22012");
  }

  CHECK(rows == 99'000);
  CHECK_THROWS_AS(cursor->next(), gw::ResourceClosedError);
  CHECK(scalar(*connection, "SELECT 1") == gw::Value(1));
}

TEST_CASE("while a stream is open nothing else is executed") {
  const auto connection = server::connect();
  const auto cursor = stream(*connection, "SELECT generate_series(1, 1000)", 10);
  cursor->next();

  CHECK_THROWS_AS(execute(*connection, "SELECT 1"), gw::InvalidRequestError);
  CHECK_THROWS_AS(connection->commit(soon()), gw::InvalidRequestError);
  CHECK_THROWS_AS(connection->ping(soon()), gw::InvalidRequestError);

  CHECK(count_and_sum(*cursor).first == 990);
}

TEST_CASE("a stream closed early leaves the connection usable, however much was to come") {
  const auto connection = server::connect();
  const std::int64_t backend = server::backend(*connection);

  for (const std::string& sql : {std::string("SELECT generate_series(1, 1000)"), endless}) {
    const auto cursor = stream(*connection, sql, 10);
    cursor->next();
    cursor->close();
    cursor->close();

    CHECK(cursor->next() == nullptr);
    CHECK(server::backend(*connection) == backend);
  }
}

TEST_CASE("a stream closed early leaves its transaction open when little was to come") {
  const auto connection = server::connect();
  connection->begin({}, soon());
  execute(*connection, "CREATE TEMP TABLE t (i int) ON COMMIT DROP");
  const auto cursor = stream(*connection, "SELECT generate_series(1, 10000)", 10);
  cursor->next();

  cursor->close();

  CHECK(connection->transaction_state() == gw::TransactionState::in_transaction);
  CHECK(scalar(*connection, "SELECT count(*) FROM t") == gw::Value(0));
}

TEST_CASE("a stream that is dropped is dealt with by the next call") {
  const auto connection = server::connect();
  const std::int64_t backend = server::backend(*connection);

  stream(*connection, endless, 10)->next();
  CHECK(connection->transaction_state() == gw::TransactionState::unknown);
  CHECK(scalar(*connection, "SELECT 1") == gw::Value(1));

  stream(*connection, endless, 10)->next();
  connection->reset(soon());
  CHECK(connection->transaction_state() == gw::TransactionState::idle);

  connection->begin({}, soon());
  stream(*connection, endless, 10)->next();
  connection->rollback(soon());
  CHECK(connection->transaction_state() == gw::TransactionState::idle);
  CHECK(server::backend(*connection) == backend);
}

TEST_CASE("a stream whose connection is reset or closed says that its rows are gone") {
  auto connection = server::connect();

  const auto first = stream(*connection, endless, 10);
  connection->reset(soon());
  CHECK_THROWS_AS(first->next(), gw::ResourceClosedError);

  const auto second = stream(*connection, endless, 10);
  connection->close(soon());
  CHECK_THROWS_AS(second->next(), gw::ResourceClosedError);
  CHECK(connection->native_handle() == nullptr);
}

TEST_CASE("a stream waits for slow rows no longer than its deadline says") {
  const auto connection = server::connect();
  const std::int64_t backend = server::backend(*connection);
  const auto cursor = execute(*connection,
                              "SELECT CASE WHEN i = 4 THEN pg_sleep(60)::text ELSE repeat('x', 20000) END "
                              "FROM generate_series(1, 4) AS i",
                              {}, {.deadline = gw::Deadline::in(std::chrono::milliseconds(200)), .stream = 1});
  cursor->next();
  cursor->next();

  CHECK_THROWS_AS(cursor->next(), gw::TimeoutError);

  CHECK(server::backend(*connection) == backend);
}
