// SPDX-License-Identifier: BSL-1.0
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "family.hpp"

using namespace family;
using database::error_of;

namespace {

// A session with parents 1 and 2, committed; 1 has children 1 and 2.
Session session_with_two(const Engine& engine, const gw::SessionOptions& options = {}) {
  Session session(engine, options);
  session.add_all(Parent{.name = "one", .age = 1, .children = {Child{.name = "a"}, Child{.name = "b"}}},
                  Parent{.name = "two", .age = 2});
  session.commit();
  return session;
}

}  // namespace

TEST_CASE("an entity goes from transient to pending to persistent, and is what its row is") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto parent = std::make_shared<Parent>(Parent{.name = "p", .age = 3});
    CHECK(session.state(parent) == gw::EntityState::transient);
    session.add(parent);
    CHECK(session.state(parent) == gw::EntityState::pending);
    CHECK_FALSE(session.in_transaction());
    session.flush();
    CHECK(session.state(parent) == gw::EntityState::persistent);
    CHECK(parent->id == 1);
    CHECK(parent->rank == 7);
    CHECK_FALSE(session.is_modified(parent));
    parent->age = 4;
    CHECK(session.is_modified(parent));
    session.commit();
    CHECK_FALSE(session.in_transaction());

    Session other(engine);
    const auto same = other.get<Parent>(1);
    REQUIRE(same != nullptr);
    CHECK(same->name == "p");
    CHECK(same->age == 4);
    CHECK(other.get<Parent>(2) == nullptr);
    CHECK_THROWS_AS(other.get<Parent>(1, 2), gw::ArgumentError);
  });
}

TEST_CASE("a row is one entity in a session, whose changes a second select leaves alone") {
  everywhere([](const Engine& engine) {
    Session session = session_with_two(engine, {.autoflush = false});
    const auto one = session.get<Parent>(1);
    one->age = 10;
    const auto all = session.scalars(gw::select<Parent>().order_by(&Parent::id)).all();
    REQUIRE(all.size() == 2);
    CHECK(all[0] == one);
    CHECK(one->age == 10);
    session.refresh(one);
    CHECK(one->age == 1);
    one->age = 11;
    session.expire(one);
    CHECK(one->age == 11);  // stale, and readable
    CHECK(session.scalars(gw::select<Parent>().where(gw::attr(&Parent::id) == 1)).one() == one);
    CHECK(one->age == 1);
    CHECK_THROWS_AS(session.scalars(gw::select<Parent>()).one(), gw::MultipleResultsFound);
    CHECK_THROWS_AS(session.scalars(gw::select<Parent>().where(gw::attr(&Parent::id) == 9)).one(), gw::NoResultFound);
    CHECK(session.scalars(gw::select<Parent>().where(gw::attr(&Parent::id) == 9)).first() == nullptr);
  });
}

TEST_CASE("changes are written before a statement that may need to see them, unless the session is told not to") {
  everywhere([](const Engine& engine) {
    Session session = session_with_two(engine);
    session.get<Parent>(1)->name = "changed";
    CHECK(session.scalars(gw::select<Parent>().where(gw::attr(&Parent::name) == "changed")).all().size() == 1);
    Session other(engine, {.autoflush = false});
    session.rollback();
    other.get<Parent>(1)->name = "changed";
    CHECK(other.scalars(gw::select<Parent>().where(gw::attr(&Parent::name) == "changed")).all().empty());
  });
}

TEST_CASE("after a commit entities are what they were, or stale, as the session is told") {
  const bool expires = GENERATE(false, true);
  everywhere([&](const Engine& engine) {
    Session session = session_with_two(engine, {.expire_on_commit = expires});
    const auto one = session.get<Parent>(1);
    session.commit();
    database::run_sql(engine, "UPDATE parent SET age = 10");
    CHECK(one->age == 1);
    Statements statements(engine);
    CHECK(session.get<Parent>(1) == one);
    CHECK(statements.take("SELECT") == (expires ? 1 : 0));
    CHECK(one->age == (expires ? 10 : 1));
  });
}

TEST_CASE("rollback gives each entity its values of before the transaction, and knows new ones no more") {
  everywhere([](const Engine& engine) {
    Session session = session_with_two(engine);
    const auto one = session.get<Parent>(1);
    const auto two = session.get<Parent>(2);
    const auto made = session.add(Parent{.name = "three"});
    one->age = 10;
    session.flush();
    one->age = 20;
    session.delete_(two);
    session.flush();
    CHECK(made->id == 3);
    CHECK(session.state(two) == gw::EntityState::deleted);
    one->name = "unwritten";

    Statements statements(engine);
    session.rollback();
    CHECK(statements.all().empty());
    CHECK(one->age == 1);
    CHECK(one->name == "one");
    CHECK(made->id == 0);
    CHECK_FALSE(made->rank.has_value());
    CHECK(session.state(made) == gw::EntityState::transient);
    CHECK(session.state(two) == gw::EntityState::persistent);
    CHECK(session.scalars(gw::select<Parent>()).all().size() == 2);
    session.add(made);
    session.commit();
    CHECK(made->id > 0);
  });
}

TEST_CASE("a flush that fails leaves the session to be rolled back, and nothing else") {
  everywhere([](const Engine& engine) {
    Session session = session_with_two(engine);
    session.add(Child{.parent_id = 99});
    CHECK_THROWS_AS(session.flush(), gw::IntegrityError);
    CHECK_THROWS_AS(session.flush(), gw::PendingRollbackError);
    CHECK_THROWS_AS(session.get<Parent>(7), gw::PendingRollbackError);
    session.rollback();
    CHECK(session.scalars(gw::select<Parent>()).all().size() == 2);
  });
}

TEST_CASE("a scope commits when it returns and rolls back when it throws") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const int value = session.begin([&] {
      session.add(Parent{.name = "kept"});
      return 5;
    });
    CHECK(value == 5);
    CHECK_THROWS_AS(session.begin([&] {
      session.add(Parent{.name = "lost"});
      session.flush();
      throw std::runtime_error("no");
    }),
                    std::runtime_error);
    CHECK(session.scalars(gw::select<Parent>()).all().size() == 1);
    CHECK_THROWS_AS(session.begin([] {}), gw::InvalidRequestError);
    session.rollback();
    session.begin([] {});
  });
}

TEST_CASE("what was loaded stays readable when its session is closed, and what was not says so") {
  everywhere([](const Engine& engine) {
    std::shared_ptr<Parent> one;
    std::shared_ptr<Parent> two;
    {
      Session session(engine);
      session.add_all(Parent{.name = "one", .children = {Child{.name = "a"}}}, Parent{.name = "two"});
      session.commit();
      Session reading(engine);
      one = reading.get<Parent>(1);
      two = reading.get<Parent>(2);
      CHECK(touching(reading, [&] { return one->children.size(); }) == 1);
      CHECK(one->children[0]->parent.get() == one);
      CHECK(engine.pool_status().in_use == 1);
    }
    CHECK(engine.pool_status().in_use == 0);
    CHECK(one->children[0]->name == "a");
    CHECK(one->children[0]->parent.get() == one);
    CHECK_THROWS_AS(two->children.size(), gw::DetachedInstanceError);
    const Parent copy = *one;
    CHECK(copy.name == "one");
    CHECK(copy.children.empty());

    Session session(engine);
    session.close();
    CHECK_THROWS_AS(session.flush(), gw::ResourceClosedError);
    CHECK_THROWS_AS(session.add(one), gw::ResourceClosedError);
  });
}
