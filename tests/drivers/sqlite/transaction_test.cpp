// SPDX-License-Identifier: BSL-1.0
#include <sqlite3.h>

#include "drivers/sqlite/scratch.hpp"

using namespace scratch;

namespace {

using State = gw::TransactionState;

std::int64_t count(gw::DriverConnection& connection) {
  return *scalar(connection, "SELECT count(*) FROM t").get_if<std::int64_t>();
}

/// Somebody outside Greenway who has the same file open.
class Stranger {
 public:
  explicit Stranger(const std::filesystem::path& file) { sqlite3_open(file.c_str(), &db_); }
  ~Stranger() { sqlite3_close(db_); }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;
  int exec(const char* sql) { return sqlite3_exec(db_, sql, nullptr, nullptr, nullptr); }

 private:
  sqlite3* db_ = nullptr;
};

}  // namespace

TEST_CASE("a transaction is seen by others when it is committed, and never when it is rolled back") {
  const Folder folder;
  in_thread_and_greenlet([&] {
    const Connection one = connect(folder.url());
    const Connection two = connect(folder.url());
    execute(*one, "CREATE TABLE IF NOT EXISTS t (a)");

    one->begin({}, soon());
    execute(*one, "INSERT INTO t VALUES (1)");
    CHECK(one->transaction_state() == State::in_transaction);
    CHECK(count(*two) == 0);
    one->commit(soon());
    CHECK(one->transaction_state() == State::idle);
    CHECK(count(*two) == 1);

    one->begin({}, soon());
    execute(*one, "DELETE FROM t");
    one->rollback(soon());
    CHECK(count(*two) == 1);
    execute(*one, "DELETE FROM t");
  });
}

TEST_CASE("a transaction of which nothing was sent can be ended, and so can none") {
  const Connection connection = connect("sqlite://");
  connection->commit(soon());
  connection->rollback(soon());
  connection->begin({}, soon());
  CHECK(connection->transaction_state() == State::in_transaction);
  CHECK_THROWS_AS(connection->begin({}, soon()), gw::InvalidRequestError);
  connection->commit(soon());
  CHECK(connection->transaction_state() == State::idle);
  connection->begin({}, soon());
  connection->rollback(soon());
  CHECK(connection->transaction_state() == State::idle);
}

TEST_CASE("savepoints undo a part of a transaction") {
  const Connection connection = connect("sqlite://");
  execute(*connection, "CREATE TABLE t (a)");
  connection->begin({}, soon());
  connection->savepoint("outer_1", soon());
  execute(*connection, "INSERT INTO t VALUES (1)");
  connection->savepoint("inner_1", soon());
  execute(*connection, "INSERT INTO t VALUES (2)");
  connection->rollback_to_savepoint("inner_1", soon());
  connection->release_savepoint("inner_1", soon());
  connection->release_savepoint("outer_1", soon());
  CHECK(connection->transaction_state() == State::in_transaction);
  connection->commit(soon());
  CHECK(query(*connection, "SELECT a FROM t") == Rows{{1}});
  CHECK_THROWS_AS(connection->release_savepoint("unknown", soon()), gw::ProgrammingError);
}

TEST_CASE("a transaction that SQLite rolled back by itself accepts nothing but a rollback") {
  const Connection connection = connect("sqlite://");
  execute(*connection, "CREATE TABLE t (a UNIQUE)");
  const auto fail = [&] {
    connection->begin({}, soon());
    execute(*connection, "INSERT INTO t VALUES (1)");
    CHECK_THROWS_AS(execute(*connection, "INSERT OR ROLLBACK INTO t VALUES (1)"), gw::IntegrityError);
    CHECK(connection->transaction_state() == State::failed);
  };

  fail();
  CHECK(error_of<gw::OperationalError>([&] { execute(*connection, "INSERT INTO t VALUES (2)"); }).code() ==
        SQLITE_ABORT_ROLLBACK);
  connection->rollback(soon());
  CHECK(connection->transaction_state() == State::idle);
  CHECK(count(*connection) == 0);

  fail();
  CHECK(error_of<gw::OperationalError>([&] { connection->commit(soon()); }).code() == SQLITE_ABORT_ROLLBACK);
  CHECK(connection->transaction_state() == State::idle);
  CHECK(count(*connection) == 0);
}

TEST_CASE("a transaction that the application ended by its own statement is over") {
  const Connection connection = connect("sqlite://");
  execute(*connection, "CREATE TABLE t (a)");
  connection->begin({}, soon());
  execute(*connection, "INSERT INTO t VALUES (1)");
  execute(*connection, "COMMIT");
  CHECK(connection->transaction_state() == State::idle);
  connection->commit(soon());
  execute(*connection, "BEGIN");
  CHECK(connection->transaction_state() == State::in_transaction);
  execute(*connection, "DELETE FROM t");
  connection->rollback(soon());
  CHECK(count(*connection) == 1);
}

TEST_CASE("a commit that fails leaves the transaction open") {
  const Connection connection = connect("sqlite://");
  execute(*connection, "CREATE TABLE parent (id INTEGER PRIMARY KEY)");
  execute(*connection, "CREATE TABLE t (a REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)");
  connection->begin({}, soon());
  execute(*connection, "INSERT INTO t VALUES (1)");

  CHECK_THROWS_AS(connection->commit(soon()), gw::IntegrityError);
  CHECK(connection->transaction_state() == State::in_transaction);

  execute(*connection, "INSERT INTO parent VALUES (1)");
  connection->commit(soon());
  CHECK(count(*connection) == 1);
}

TEST_CASE("a read-only transaction refuses to write, and the next one writes again") {
  const Connection connection = connect("sqlite://?begin=immediate");
  execute(*connection, "CREATE TABLE t (a)");
  gw::BeginOptions options;
  options.read_only = true;
  connection->begin(options, soon());
  CHECK(count(*connection) == 0);
  CHECK(error_of<gw::OperationalError>([&] { execute(*connection, "INSERT INTO t VALUES (1)"); }).code() ==
        SQLITE_READONLY);
  connection->rollback(soon());
  execute(*connection, "INSERT INTO t VALUES (1)");
  connection->begin(options, soon());
  CHECK(count(*connection) == 1);
  execute(*connection, "COMMIT");
  execute(*connection, "INSERT INTO t VALUES (2)");
  CHECK(count(*connection) == 2);
}

TEST_CASE("the isolation levels of the standard are accepted, and nothing else") {
  const Connection connection = connect("sqlite://");
  gw::BeginOptions options;
  for (const char* level : {"SERIALIZABLE", "read committed"}) {
    options.isolation_level = level;
    connection->begin(options, soon());
    connection->rollback(soon());
  }
  options.isolation_level = "CHAOS";
  CHECK_THROWS_AS(connection->begin(options, soon()), gw::ArgumentError);
  CHECK(connection->transaction_state() == State::idle);
}

TEST_CASE("reset ends what is open and frees the writer's place") {
  const Folder folder;
  const Connection connection = connect(folder.url());
  execute(*connection, "CREATE TABLE t (a)");
  connection->begin({}, soon());
  execute(*connection, "INSERT INTO t VALUES (1)");
  connection->reset(soon());
  CHECK(connection->is_usable());
  CHECK(connection->transaction_state() == State::idle);
  const Connection other = connect(folder.url());
  execute(*other, "INSERT INTO t VALUES (2)");
  CHECK(query(*other, "SELECT a FROM t") == Rows{{2}});
}

TEST_CASE("a connection that is terminated inside a transaction rolls it back and lets the next writer in") {
  const Folder folder;
  const Connection other = connect(folder.url());
  execute(*other, "CREATE TABLE t (a)");
  in_thread_and_greenlet([&] {
    const Connection connection = connect(folder.url());
    connection->begin({}, soon());
    execute(*connection, "INSERT INTO t VALUES (1)");
    const auto cursor = execute(*connection, "SELECT 1 UNION ALL SELECT 2", {}, soon(), 1);
    connection->terminate();
    CHECK_FALSE(connection->is_usable());
    CHECK(connection->native_handle() == nullptr);
    CHECK(connection->transaction_state() == State::unknown);
    CHECK_THROWS_AS(execute(*connection, "SELECT 1"), gw::ResourceClosedError);
    execute(*other, "INSERT INTO t VALUES (2)");
  });
  CHECK(query(*other, "SELECT DISTINCT a FROM t") == Rows{{2}});
}

TEST_CASE("a lock of somebody outside is waited for no longer than busy_timeout") {
  const Folder folder;
  const Connection connection = connect(folder.url("busy_timeout=50"));
  execute(*connection, "CREATE TABLE t (a)");
  Stranger stranger(folder.file());
  REQUIRE(stranger.exec("BEGIN IMMEDIATE") == SQLITE_OK);

  const auto begin = gw::Clock::now();
  CHECK(error_of<gw::OperationalError>([&] { execute(*connection, "INSERT INTO t VALUES (1)"); }).code() ==
        SQLITE_BUSY);
  CHECK(gw::Clock::now() - begin >= 50ms);

  REQUIRE(stranger.exec("COMMIT") == SQLITE_OK);
  execute(*connection, "INSERT INTO t VALUES (1)");
  CHECK(count(*connection) == 1);
}

TEST_CASE("a commit that meets the lock of a reader outside stays open and can be tried again") {
  const Folder folder;
  const Connection connection = connect(folder.url("journal_mode=delete&busy_timeout=20"));
  execute(*connection, "CREATE TABLE t (a)");
  Stranger stranger(folder.file());
  REQUIRE(stranger.exec("BEGIN; SELECT * FROM t") == SQLITE_OK);
  connection->begin({}, soon());
  execute(*connection, "INSERT INTO t VALUES (1)");

  CHECK(error_of<gw::OperationalError>([&] { connection->commit(soon()); }).code() == SQLITE_BUSY);
  CHECK(connection->transaction_state() == State::in_transaction);

  REQUIRE(stranger.exec("COMMIT") == SQLITE_OK);
  connection->commit(soon());
  CHECK(count(*connection) == 1);
}

TEST_CASE("a transaction that has read an old state cannot write, unless it began immediate") {
  const Folder folder;
  const Connection one = connect(folder.url());
  const Connection two = connect(folder.url());
  execute(*one, "CREATE TABLE t (a)");
  one->begin({}, soon());
  CHECK(count(*one) == 0);
  execute(*two, "INSERT INTO t VALUES (1)");

  CHECK(error_of<gw::OperationalError>([&] { execute(*one, "INSERT INTO t VALUES (2)"); }).code() ==
        SQLITE_BUSY_SNAPSHOT);
  one->rollback(soon());

  gw::BeginOptions options;
  options.immediate = true;
  one->begin(options, soon());
  CHECK(count(*one) == 1);
  execute(*one, "INSERT INTO t VALUES (2)");
  one->commit(soon());
  CHECK(count(*two) == 2);
}

TEST_CASE("a connection that is closed leaves what was committed, and no journal") {
  const Folder folder;
  const Connection connection = connect(folder.url());
  execute(*connection, "CREATE TABLE t (a)");
  connection->begin({}, soon());
  execute(*connection, "INSERT INTO t VALUES (1)");
  connection->commit(soon());
  connection->begin({}, soon());
  execute(*connection, "INSERT INTO t VALUES (2)");

  connection->close(soon());

  CHECK_FALSE(connection->is_usable());
  CHECK_FALSE(std::filesystem::exists(folder.file().string() + "-wal"));
  CHECK(query(*connect(folder.url()), "SELECT a FROM t") == Rows{{1}});
}
