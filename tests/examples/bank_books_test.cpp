// SPDX-License-Identifier: BSL-1.0
#include <greenway/greenway.hpp>

#include "bank/bank_dao.hpp"
#include "support/catch.hpp"

namespace {

greenway::Connection new_bank() {
  auto conn = greenway::create_engine("sqlite://").connect();
  bank::found(conn, 1);
  return conn;
}

bank::Transfer order(std::int64_t delta) {
  bank::Transfer order;
  order.account = 77;
  order.teller = 7;
  order.delta = delta;
  return order;
}

}  // namespace

TEST_CASE("bank: a transfer changes the four tables by the same amount") {
  auto conn = new_bank();
  CHECK(bank::transfer(conn, order(500)) == 500);
  CHECK(bank::transfer(conn, order(-200)) == 300);
  const bank::Books books = bank::audit(conn);
  CHECK(books.accounts == 300);
  CHECK(books.tellers == 300);
  CHECK(books.branches == 300);
  CHECK(books.history == 300);
  CHECK(bank::is_balanced({}, books));
}

TEST_CASE("bank: a transfer that fails halfway changes nothing") {
  auto conn = new_bank();
  conn.execute(
      greenway::text("CREATE TRIGGER no_more BEFORE INSERT ON pgbench_history "
                     "BEGIN SELECT RAISE(ABORT, 'the history is closed'); END"));
  conn.commit();
  CHECK_THROWS_AS(bank::transfer(conn, order(500)), greenway::IntegrityError);
  const bank::Books books = bank::audit(conn);
  CHECK(books.accounts == 0);
  CHECK(books.tellers == 0);
  CHECK(books.branches == 0);
}

TEST_CASE("bank: the books do not balance when any one table has changed alone") {
  auto conn = new_bank();
  const std::string change = GENERATE(
      "UPDATE pgbench_accounts SET abalance = 1 WHERE aid = 1", "UPDATE pgbench_tellers SET tbalance = 1 WHERE tid = 1",
      "UPDATE pgbench_branches SET bbalance = 1 WHERE bid = 1", "INSERT INTO pgbench_history (delta) VALUES (1)");
  CAPTURE(change);
  const bank::Books before = bank::audit(conn);
  conn.execute(greenway::text(change));
  CHECK_FALSE(bank::is_balanced(before, bank::audit(conn)));
}
