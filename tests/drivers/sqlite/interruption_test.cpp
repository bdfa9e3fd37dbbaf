// SPDX-License-Identifier: BSL-1.0
#include <sqlite3.h>

#include "drivers/sqlite/scratch.hpp"

using namespace scratch;

namespace {

const std::string endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

/// Cancels `scope` from another greenlet of this loop, a moment from now.
template <class F>
void cancelled_soon(F&& body) {
  gw::CancelScope scope;
  auto canceller = gw::greenlet_spawn([&scope] {
                     gw::sleep_for(20ms);
                     scope.cancel();
                   }).to_future();
  CHECK_THROWS_AS(body(), gw::Cancelled);
  // Level-triggered: the scope has to end before anything else can wait.
  const gw::Shield shield(5s);
  canceller.get();
}

}  // namespace

TEST_CASE("a runaway statement ends at its deadline, and the connection stays usable") {
  in_thread_and_greenlet([] {
    const Connection connection = connect("sqlite://");
    const auto begin = gw::Clock::now();
    CHECK_THROWS_AS(execute(*connection, endless, {}, gw::Deadline::in(50ms)), gw::TimeoutError);
    CHECK(gw::Clock::now() - begin < 5s);
    CHECK(connection->is_usable());
    CHECK(scalar(*connection, "SELECT 1") == 1);
  });
}

TEST_CASE("the deadline of the scope around ends a statement as well, by cancelling it") {
  in_thread_and_greenlet([] {
    const Connection connection = connect("sqlite://");
    CHECK_THROWS_AS(gw::with_timeout(50ms,
                                     [&] {
                                       CHECK_THROWS_AS(execute(*connection, endless), gw::Cancelled);
                                       execute(*connection, "SELECT 'not reached'");
                                     }),
                    gw::TimeoutError);
    CHECK(scalar(*connection, "SELECT 1") == 1);
  });
}

TEST_CASE("a greenlet that is cancelled interrupts its statement at once, and only that one") {
  gw::run([] {
    const Connection connection = connect("sqlite://");
    for (int round = 0; round < 3; ++round) {
      cancelled_soon([&] { execute(*connection, endless); });
      CHECK(scalar(*connection, "SELECT 1") == 1);
    }
  });
}

TEST_CASE("a cancelled greenlet leaves the wait for a foreign lock at once") {
  const Folder folder;
  execute(*connect(folder.url()), "CREATE TABLE t (a)");
  sqlite3* stranger = nullptr;
  REQUIRE(sqlite3_open(folder.file().c_str(), &stranger) == SQLITE_OK);
  REQUIRE(sqlite3_exec(stranger, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  gw::run([&] {
    const Connection connection = connect(folder.url("busy_timeout=60000"));
    const auto begin = gw::Clock::now();
    cancelled_soon([&] { execute(*connection, "INSERT INTO t VALUES (1)"); });
    CHECK(gw::Clock::now() - begin < 5s);
    CHECK_THROWS_AS(execute(*connection, "INSERT INTO t VALUES (1)", {}, gw::Deadline::in(30ms)), gw::TimeoutError);
    CHECK(scalar(*connection, "SELECT count(*) FROM t") == 0);
  });
  sqlite3_close(stranger);
}

TEST_CASE("nothing is sent for a caller that has been cancelled already, but a rollback is") {
  gw::run([] {
    const Connection connection = connect("sqlite://");
    execute(*connection, "CREATE TABLE t (a)");
    connection->begin({}, soon());
    execute(*connection, "INSERT INTO t VALUES (1)");
    {
      gw::CancelScope scope;
      scope.cancel();
      CHECK_THROWS_AS(execute(*connection, "INSERT INTO t VALUES (2)"), gw::Cancelled);
      CHECK(connection->transaction_state() == gw::TransactionState::in_transaction);
      connection->rollback(soon());
      CHECK(connection->transaction_state() == gw::TransactionState::idle);
    }
    CHECK(scalar(*connection, "SELECT count(*) FROM t") == 0);
  });
}

TEST_CASE("a write that is interrupted inside a transaction ends it, and the state says so") {
  const Folder folder;
  const Connection connection = connect(folder.url());
  execute(*connection, "CREATE TABLE t (a)");
  connection->begin({}, soon());
  execute(*connection, "INSERT INTO t VALUES (0)");
  CHECK_THROWS_AS(
      execute(*connection,
              "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n", {},
              gw::Deadline::in(50ms)),
      gw::TimeoutError);
  CHECK(connection->transaction_state() == gw::TransactionState::failed);

  // Its place went with it.
  execute(*connect(folder.url()), "INSERT INTO t VALUES (1)");
  connection->rollback(soon());
  CHECK(query(*connection, "SELECT a FROM t") == Rows{{1}});
}

TEST_CASE("a streaming cursor is interrupted between its batches, and the connection stays usable") {
  const Connection connection = connect("sqlite://");
  const auto cursor = execute(
      *connection, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i <= 2", {},
      gw::Deadline::in(100ms), 2);
  CHECK(cursor->next()->size() == 2);
  CHECK_THROWS_AS(cursor->next(), gw::TimeoutError);
  CHECK_THROWS_AS(cursor->next(), gw::ResourceClosedError);
  CHECK(scalar(*connection, "SELECT 1") == 1);
}

TEST_CASE("an operation that is cancelled in a statement ends when that has been interrupted") {
  const auto memory = driver("sqlite://");
  gw::run([&] {
    auto operation = gw::greenlet_spawn([&] {
      const Connection connection = connect(*memory);
      execute(*connection, endless);
    });
    const auto cancel = operation.canceller();
    auto future = operation.to_future();
    gw::sleep_for(20ms);
    cancel();
    CHECK_THROWS_AS(future.get(), gw::OperationCancelled);
  });
  CHECK(scalar(*connect(*memory), "SELECT 1") == 1);
}
