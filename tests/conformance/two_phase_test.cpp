// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <string>

#include <unistd.h>

#include <greenway/db/two_phase.hpp>

#include "ways.hpp"

namespace conformance {

namespace {

// Names are the server's: other tests may be running on it.
std::string own(const std::string& name) { return name + "'" + std::to_string(::getpid()); }

std::size_t prepared(const Engine& engine, const std::string& xid) {
  return engine.connect([&](gw::Connection& connection) {
    std::size_t count = 0;
    for (const std::string& name : recover_twophase(connection)) {
      count += name == xid ? 1 : 0;
    }
    return count;
  });
}

}  // namespace

TEST_CASE("a prepared transaction is committed or rolled back later") {
  const bool commits = GENERATE(true, false);
  on_postgresql([&](const Engine& engine) {
    database::make_table(engine);
    const std::string xid = own("later");
    Connection connection = engine.connect();

    run_sync(connection, [&](gw::Connection& sync) {
      TwoPhaseTransaction transaction(sync, xid);
      sync.execute(text("DELETE FROM t"));
      CHECK(transaction.is_active());
      transaction.prepare();
      CHECK(transaction.is_prepared());
      CHECK_FALSE(sync.in_transaction());
      CHECK(prepared(engine, xid) == 1);
      CHECK(database::count(engine) == 3);
      commits ? transaction.commit() : transaction.rollback();
    });

    CHECK(prepared(engine, xid) == 0);
    CHECK(database::count(engine) == (commits ? 0 : 3));
    CHECK(connection.scalar<int>(text("SELECT 1")) == 1);
    CHECK(connection.in_transaction());  // the connection begins transactions as before
  });
}

TEST_CASE("a prepared transaction outlives its session, and another one ends it") {
  on_postgresql([](const Engine& engine) {
    database::make_table(engine);
    const std::string xid = own("orphan");
    {
      Connection connection = engine.connect();
      run_sync(connection, [&](gw::Connection& sync) {
        TwoPhaseTransaction transaction(sync, xid);
        sync.execute(text("DELETE FROM t"));
        transaction.prepare();
      });
      connection.invalidate();
    }
    CHECK(prepared(engine, xid) == 1);
    engine.connect([&](gw::Connection& connection) {
      commit_prepared(connection, xid);
      CHECK(database::count(engine) == 0);
      CHECK_THROWS_AS(commit_prepared(connection, xid), DBAPIError);
    });
  });
}

TEST_CASE("an unprepared two-phase transaction is an ordinary one") {
  on_postgresql([](const Engine& engine) {
    database::make_table(engine);
    engine.connect([&](gw::Connection& connection) {
      {
        TwoPhaseTransaction dropped(connection, own("dropped"));
        connection.execute(text("DELETE FROM t"));
      }
      CHECK(database::count(engine) == 3);
      TwoPhaseTransaction whole(connection, own("whole"));
      connection.execute(text("DELETE FROM t"));
      whole.commit();
      CHECK(database::count(engine) == 0);
      CHECK_THROWS_AS(whole.prepare(), InvalidRequestError);
    });
  });
}

TEST_CASE("SQLite has no two-phase transactions") {
  on_sqlite([](const Engine& engine) {
    engine.connect([](gw::Connection& connection) {
      CHECK_THROWS_AS(TwoPhaseTransaction(connection, "x"), NotSupportedError);
    });
  });
}

TEST_CASE("the names of two-phase transactions have a length") {
  on_postgresql([](const Engine& engine) {
    engine.connect([](gw::Connection& connection) {
      CHECK_THROWS_AS(TwoPhaseTransaction(connection, ""), ArgumentError);
      CHECK_THROWS_AS(TwoPhaseTransaction(connection, std::string(200, 'x')), ArgumentError);
    });
  });
}

}  // namespace conformance
