// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <string>
#include <thread>

#include <greenway/base/error.hpp>
#include <greenway/db/driver.hpp>
#include <greenway/runtime/cancel.hpp>

#include "server.hpp"
#include "support/catch.hpp"

namespace gw = greenway;
using namespace std::chrono_literals;

using gw::TransactionState;
using server::execute;
using server::scalar;
using server::soon;

namespace {

/// What the server says of a session, seen from another one.
gw::Value activity(std::int64_t backend, const std::string& column) {
  const auto observer = server::connect();
  return scalar(*observer, "SELECT " + column + " FROM pg_stat_activity WHERE pid = $1", {backend});
}

/// A table of the session whose changes make COMMIT wait for some seconds.
void make_slow_commit(gw::DriverConnection& connection, const std::string& seconds) {
  execute(connection, "CREATE TEMP TABLE slow (i int)");
  execute(connection, "CREATE FUNCTION pg_temp.wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(" +
                          seconds + "); RETURN NULL; END'");
  execute(connection,
          "CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
          "EXECUTE FUNCTION pg_temp.wait()");
  connection.begin({}, soon());
  execute(connection, "INSERT INTO slow VALUES (1)");
}

}  // namespace

TEST_CASE("BEGIN is not sent before the first statement, and not at all without one") {
  const auto connection = server::connect();
  const std::int64_t backend = server::backend(*connection);
  const gw::Value before = activity(backend, "query || state_change::text");

  connection->begin({}, soon());
  CHECK(connection->transaction_state() == TransactionState::in_transaction);
  CHECK(activity(backend, "xact_start IS NULL") == gw::Value(true));
  connection->commit(soon());
  CHECK(connection->transaction_state() == TransactionState::idle);
  connection->begin({}, soon());
  connection->rollback(soon());

  CHECK(connection->transaction_state() == TransactionState::idle);
  CHECK(activity(backend, "query || state_change::text") == before);
}

TEST_CASE("what is committed stays and what is rolled back does not") {
  const auto connection = server::connect();
  execute(*connection, "CREATE TEMP TABLE t (i int)");

  connection->begin({}, soon());
  execute(*connection, "INSERT INTO t VALUES (1)");
  CHECK(connection->transaction_state() == TransactionState::in_transaction);
  connection->commit(soon());
  connection->begin({}, soon());
  execute(*connection, "INSERT INTO t VALUES (2)");
  connection->rollback(soon());

  CHECK(connection->transaction_state() == TransactionState::idle);
  CHECK(server::rows(*connection, "SELECT i FROM t") == server::Rows{{1}});
}

TEST_CASE("the statements of a transaction share its start, the first included") {
  const auto connection = server::connect();

  connection->begin({}, soon());
  const gw::Value first = scalar(*connection, "SELECT now()::text || txid_current()");

  CHECK(scalar(*connection, "SELECT now()::text || txid_current()") == first);
}

TEST_CASE("a transaction begins with the isolation level and access mode that were asked for") {
  const auto connection = server::connect();

  for (const std::string level : {"serializable", "repeatable read", "read committed", "read uncommitted"}) {
    std::string upper = level;
    for (char& c : upper) {
      c = static_cast<char>(std::toupper(c));
    }
    connection->begin({.isolation_level = upper}, soon());
    CHECK(scalar(*connection, "SELECT current_setting('transaction_isolation')") == gw::Value(level));
    connection->rollback(soon());
  }
  connection->begin({.read_only = true}, soon());
  CHECK(scalar(*connection, "SELECT current_setting('transaction_read_only')") == gw::Value("on"));
  connection->rollback(soon());
  CHECK_THROWS_AS(connection->begin({.isolation_level = "SERIALIZABLE; DROP TABLE t"}, soon()), gw::ArgumentError);
  CHECK(connection->transaction_state() == TransactionState::idle);
}

TEST_CASE("a second begin is refused and changes nothing") {
  const auto connection = server::connect();

  connection->begin({}, soon());
  CHECK_THROWS_AS(connection->begin({}, soon()), gw::InvalidRequestError);
  execute(*connection, "SELECT 1");
  CHECK_THROWS_AS(connection->begin({}, soon()), gw::InvalidRequestError);

  CHECK(connection->transaction_state() == TransactionState::in_transaction);
}

TEST_CASE("a failed statement fails its transaction until it is rolled back") {
  const auto connection = server::connect();
  connection->begin({}, soon());

  CHECK_THROWS_AS(execute(*connection, "SELECT 1 / 0"), gw::DataError);
  CHECK(connection->transaction_state() == TransactionState::failed);
  CHECK_THROWS_AS(execute(*connection, "SELECT 1"), gw::InternalError);
  connection->rollback(soon());

  CHECK(connection->transaction_state() == TransactionState::idle);
  CHECK(scalar(*connection, "SELECT 1") == gw::Value(1));
}

TEST_CASE("committing a failed transaction throws, though the server calls its rollback a success") {
  const auto connection = server::connect();
  connection->begin({}, soon());
  CHECK_THROWS_AS(execute(*connection, "SELECT 1 / 0"), gw::DataError);

  try {
    connection->commit(soon());
    FAIL("committed");
  } catch (const gw::OperationalError& error) {
    CHECK(error.sqlstate() == "25P02");
    CHECK_FALSE(error.is_disconnect());
  }

  CHECK(connection->transaction_state() == TransactionState::idle);
  CHECK(scalar(*connection, "SELECT 1") == gw::Value(1));
}

TEST_CASE("an error found by COMMIT is thrown as what it is, and the transaction is over") {
  const auto connection = server::connect();
  execute(*connection, "CREATE TEMP TABLE t (i int UNIQUE DEFERRABLE INITIALLY DEFERRED)");
  connection->begin({}, soon());
  execute(*connection, "INSERT INTO t VALUES (1), (1)");

  CHECK_THROWS_AS(connection->commit(soon()), gw::IntegrityError);

  CHECK(connection->transaction_state() == TransactionState::idle);
  CHECK(scalar(*connection, "SELECT count(*) FROM t") == gw::Value(0));
}

TEST_CASE("a COMMIT whose connection is lost leaves its outcome unknown") {
  const auto connection = server::connect();
  const std::int64_t backend = server::backend(*connection);
  make_slow_commit(*connection, "60");
  std::thread killer([backend] {
    while (activity(backend, "query = 'COMMIT' AND wait_event = 'PgSleep'") != gw::Value(true)) {
    }
    server::kill_backend(backend);
  });

  CHECK_THROWS_AS(connection->commit(soon()), gw::OutcomeUnknown);

  killer.join();
  CHECK_FALSE(connection->is_usable());
  CHECK(connection->native_handle() == nullptr);
}

TEST_CASE("a COMMIT that takes longer than its deadline leaves its outcome unknown and its connection closed") {
  const auto connection = server::connect();
  make_slow_commit(*connection, "60");

  CHECK_THROWS_AS(connection->commit(gw::Deadline::in(50ms)), gw::OutcomeUnknown);

  CHECK_FALSE(connection->is_usable());
}

TEST_CASE("a COMMIT is not cut short by cancellation when its answer comes soon") {
  const auto connection = server::connect();
  make_slow_commit(*connection, "0.3");

  gw::with_timeout(50ms, [&] { connection->commit(soon()); });

  CHECK(connection->transaction_state() == TransactionState::idle);
  CHECK(scalar(*connection, "SELECT count(*) FROM slow") == gw::Value(1));
}

TEST_CASE("savepoints are made, released and rolled back to") {
  const auto connection = server::connect();
  execute(*connection, "CREATE TEMP TABLE t (i int)");

  connection->begin({}, soon());
  connection->savepoint("outer_1", soon());
  execute(*connection, "INSERT INTO t VALUES (1)");
  connection->savepoint("Inner", soon());
  CHECK_THROWS_AS(execute(*connection, "SELECT 1 / 0"), gw::DataError);
  CHECK(connection->transaction_state() == TransactionState::failed);
  connection->rollback_to_savepoint("Inner", soon());
  execute(*connection, "INSERT INTO t VALUES (2)");
  connection->release_savepoint("outer_1", soon());
  connection->commit(soon());

  CHECK(server::rows(*connection, "SELECT i FROM t ORDER BY i") == server::Rows{{1}, {2}});
}

TEST_CASE("the name of a savepoint cannot smuggle SQL in") {
  const auto connection = server::connect();
  connection->begin({}, soon());

  for (const std::string name : {"", "a\"; COMMIT; --", "a b", "ä"}) {
    CHECK_THROWS_AS(connection->savepoint(name, soon()), gw::ArgumentError);
  }
  CHECK_THROWS_AS(connection->savepoint(std::string(64, 'a'), soon()), gw::ArgumentError);
  CHECK_THROWS_AS(connection->rollback_to_savepoint("unknown", soon()), gw::DatabaseError);
}

TEST_CASE("commit and rollback do nothing when no transaction is open") {
  const auto connection = server::connect();

  connection->commit(soon());
  connection->rollback(soon());

  CHECK(connection->is_usable());
}

TEST_CASE("a transaction begun by a statement is seen and rolled back by reset") {
  const auto connection = server::connect();
  const std::int64_t backend = server::backend(*connection);
  execute(*connection, "BEGIN");
  CHECK(connection->transaction_state() == TransactionState::in_transaction);

  connection->reset(soon());

  CHECK(connection->transaction_state() == TransactionState::idle);
  CHECK(server::backend(*connection) == backend);
}

TEST_CASE("rolling back on a connection that is lost does nothing") {
  const auto connection = server::connect();
  connection->begin({}, soon());
  server::kill_backend(server::backend(*connection));
  CHECK_THROWS_AS(execute(*connection, "SELECT 1"), gw::OperationalError);

  CHECK_NOTHROW(connection->rollback(soon()));

  CHECK_FALSE(connection->is_usable());
}
