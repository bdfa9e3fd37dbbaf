// SPDX-License-Identifier: BSL-1.0
#include <any>
#include <stdexcept>
#include <string>

#include <greenway/orm/async_session_maker.hpp>
#include <greenway/runtime/task.hpp>

#include "family.hpp"

using namespace family;

namespace {

std::int64_t parents(const gw::Engine& engine) {
  return engine.scalar<std::int64_t>(gw::text("SELECT count(*) FROM parent"));
}

gw::OperationalError lost_race() {
  gw::Diagnostics fields;
  fields.message = "could not serialize access";
  fields.sqlstate = "40001";
  return gw::OperationalError(std::move(fields));
}

gw::Task<std::int64_t> add_in_coroutine(gw::AsyncSession& session) {
  const auto parent = session.add(Parent{.name = "c"});
  co_await session.flush();
  co_return parent->id;
}

gw::Task<void> fail_in_coroutine(gw::AsyncSession& session) {
  session.add(Parent{.name = "d"});
  co_await session.flush();
  throw std::runtime_error("no");
}

}  // namespace

TEST_CASE("a session maker makes sessions that are alike, and runs functions with one, in a transaction") {
  everywhere([](const gw::Engine& engine) {
    gw::SessionMaker maker = gw::sessionmaker(engine, {.autoflush = false, .info = {{"a", 1}, {"b", 2}}});
    gw::Session session = maker();
    session.add(Parent{.name = "p"});
    CHECK(session.scalars(gw::select<Parent>()).all().empty());
    session.close();
    maker.configure({.info = {{"b", 3}}});
    gw::Session other = maker();
    CHECK(std::any_cast<int>(other.info().at("a")) == 1);
    CHECK(std::any_cast<int>(other.info().at("b")) == 3);
    other.add(Parent{.name = "p"});
    CHECK(other.scalars(gw::select<Parent>()).all().size() == 1);
    other.close();

    CHECK(maker.begin([](gw::Session& own) { return own.add(Parent{.name = "q"}); })->id != 0);
    CHECK_THROWS_AS(maker.begin([](gw::Session& own) {
      own.add(Parent{.name = "r"});
      own.flush();
      throw std::runtime_error("no");
    }), std::runtime_error);
    CHECK(parents(engine) == 1);
    gw::Connection connection = engine.connect();
    gw::Session bound = maker(connection);
    bound.add(Parent{.name = "s"});
    bound.commit();
    CHECK(parents(engine) == 2);
    CHECK(engine.pool_status().in_use == 1);
  });
}

TEST_CASE("a transaction that lost against another one runs again with a new session, and only that one") {
  everywhere([](const gw::Engine& engine) {
    const gw::SessionMaker maker(engine);
    int tries = 0;
    const gw::Session* before = nullptr;
    const auto parent = gw::run_transaction(maker, [&](gw::Session& session) {
      CHECK(session.scalars(gw::select<Parent>()).all().empty());
      CHECK_FALSE(session.info().contains("used"));
      session.info()["used"] = true;
      before = &session;
      auto made = session.add(Parent{.name = "p"});
      session.flush();
      if (++tries < 3) {
        throw lost_race();
      }
      return made;
    });
    CHECK(tries == 3);
    CHECK(parent->name == "p");
    CHECK(parents(engine) == 1);

    tries = 0;
    CHECK_THROWS_AS(gw::run_transaction(maker, [&](gw::Session&) {
      ++tries;
      throw lost_race();
    }, 2), gw::OperationalError);
    CHECK(tries == 3);
    tries = 0;
    CHECK_THROWS_AS(gw::run_transaction(maker, [&](gw::Session& session) {
      ++tries;
      session.add(Child{.parent_id = 99});
    }), gw::IntegrityError);
    CHECK(tries == 1);
    tries = 0;
    CHECK_THROWS_AS(gw::run_transaction(maker, [&](gw::Session&) {
      ++tries;
      throw gw::OutcomeUnknown(lost_race().diagnostics());
    }), gw::OutcomeUnknown);
    CHECK(tries == 1);
  });
}

TEST_CASE("a session maker for coroutines runs functions and coroutines with a session") {
  gw::Registry registry;
  map_all(registry);
  const database::Scratch scratch = database::each();
  const gw::AsyncEngine engine = gw::create_async_engine(scratch.url());
  engine.sync_engine().begin([&](gw::Connection& connection) { registry.metadata().create_all(connection); });
  gw::run([](gw::AsyncEngine async) -> gw::Task<void> {
    const gw::AsyncSessionMaker maker = gw::async_sessionmaker(async);
    gw::AsyncSession session = maker();
    session.add(Parent{.name = "a"});
    co_await session.commit();
    co_await session.close();
    co_await maker.begin([](gw::Session& sync) { sync.add(Parent{.name = "b"}); });
    const std::int64_t id = co_await maker.begin(add_in_coroutine);
    CHECK(id == 3);
    bool has_failed = false;
    try {
      co_await maker.begin(fail_in_coroutine);
    } catch (const std::runtime_error&) {
      has_failed = true;
    }
    CHECK(has_failed);
    int tries = 0;
    const int answer = co_await gw::run_transaction(maker, [&tries](gw::Session&) { return ++tries < 2 ? throw lost_race() : 5; });
    CHECK(answer == 5);
  }(engine));
  CHECK(parents(engine.sync_engine()) == 3);
  CHECK(engine.pool_status().in_use == 0);
}
