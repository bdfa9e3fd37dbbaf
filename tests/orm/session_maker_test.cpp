// SPDX-License-Identifier: BSL-1.0
#include <any>
#include <stdexcept>
#include <string>

#include "family.hpp"

using namespace family;

namespace {

std::int64_t parents(const Engine& engine) {
  return engine.scalar<std::int64_t>(gw::text("SELECT count(*) FROM parent"));
}

gw::OperationalError lost_race() {
  gw::Diagnostics fields;
  fields.message = "could not serialize access";
  fields.sqlstate = "40001";
  return gw::OperationalError(std::move(fields));
}

}  // namespace

TEST_CASE("a session maker makes sessions that are alike, and runs functions with one, in a transaction") {
  everywhere([](const Engine& engine) {
    SessionMaker maker = sessionmaker(engine, {.autoflush = false, .info = {{"a", 1}, {"b", 2}}});
    Session session = maker();
    session.add(Parent{.name = "p"});
    CHECK(session.scalars(gw::select<Parent>()).all().empty());
    session.close();
    maker.configure({.info = {{"b", 3}}});
    Session other = maker();
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
    }),
                    std::runtime_error);
    CHECK(parents(engine) == 1);
    Connection connection = engine.connect();
    Session bound = maker(connection);
    bound.add(Parent{.name = "s"});
    bound.commit();
    CHECK(parents(engine) == 2);
    CHECK(engine.pool_status().in_use == 1);
  });
}

TEST_CASE("a transaction that lost against another one runs again with a new session, and only that one") {
  everywhere([](const Engine& engine) {
    const SessionMaker maker(engine);
    int tries = 0;
    const gw::Session* before = nullptr;
    const auto parent = run_transaction(maker, [&](gw::Session& session) {
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
    CHECK_THROWS_AS(run_transaction(
                        maker,
                        [&](gw::Session&) {
                          ++tries;
                          throw lost_race();
                        },
                        2),
                    gw::OperationalError);
    CHECK(tries == 3);
    tries = 0;
    CHECK_THROWS_AS(run_transaction(maker,
                                    [&](gw::Session& session) {
                                      ++tries;
                                      session.add(Child{.parent_id = 99});
                                    }),
                    gw::IntegrityError);
    CHECK(tries == 1);
    tries = 0;
    CHECK_THROWS_AS(run_transaction(maker,
                                    [&](gw::Session&) {
                                      ++tries;
                                      throw gw::OutcomeUnknown(lost_race().diagnostics());
                                    }),
                    gw::OutcomeUnknown);
    CHECK(tries == 1);
  });
}
