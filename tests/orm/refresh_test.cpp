// SPDX-License-Identifier: BSL-1.0
#include <string>

#include "family.hpp"

using namespace family;

namespace {

void elsewhere(const Engine& engine, const char* sql) { database::run_sql(engine, sql); }

}  // namespace

TEST_CASE("refresh overwrites what it is told to, and loads a relationship that it names") {
  everywhere([](const Engine& engine) {
    Session session(engine, {.autoflush = false});
    const auto parent = session.add(Parent{.name = "p", .age = 1, .children = {Child{.name = "c"}}});
    session.commit();
    elsewhere(engine, "UPDATE parent SET name = 'q', age = 2");
    elsewhere(engine, "INSERT INTO child (id, parent_id, name) VALUES (50, 1, 'd')");
    parent->name = "mine";
    session.refresh(parent, {&Parent::age, &Parent::children});
    CHECK(parent->age == 2);
    CHECK(parent->name == "mine");
    REQUIRE(parent->children.is_loaded());
    CHECK(parent->children.size() == 2);
    CHECK(session.is_modified(parent));
    session.refresh(parent);
    CHECK(parent->name == "q");
    CHECK_FALSE(session.is_modified(parent));

    parent->age = 9;
    session.rollback();
    CHECK(parent->age == 1);  // as it was before this transaction looked
    session.refresh(parent);
    CHECK(parent->age == 2);
    CHECK_THROWS_AS(session.refresh(session.add(Parent{}), {&Parent::age}), gw::InvalidRequestError);
    elsewhere(engine, "DELETE FROM child");
    session.rollback();
    elsewhere(engine, "DELETE FROM parent");
    CHECK_THROWS_AS(session.refresh(parent, {&Parent::age}), gw::InvalidRequestError);
  });
}

TEST_CASE("get overwrites or locks the row if it is told to, and loads with it what it is told to") {
  everywhere([](const Engine& engine) {
    Session session(engine, {.autoflush = false});
    const auto parent = session.add(Parent{.name = "p", .age = 1, .children = {Child{.name = "c"}}});
    session.commit();
    session.expire(parent);
    CHECK(session.get<Parent>(gw::GetOptions{.options = {gw::selectinload(&Parent::children)}}, parent->id) == parent);
    CHECK(parent->children.is_loaded());
    session.commit();
    elsewhere(engine, "UPDATE parent SET age = 2");
    Statements statements(engine);
    CHECK(session.get<Parent>(parent->id)->age == 1);
    CHECK(statements.all().empty());
    CHECK(session.get<Parent>(gw::GetOptions{.populate_existing = true}, parent->id) == parent);
    CHECK(parent->age == 2);
    parent->age = 3;
    CHECK(session.get<Parent>(gw::GetOptions{.with_for_update = gw::ForUpdate{}}, parent->id)->age == 3);
    session.refresh(parent, {}, gw::ForUpdate{});
    CHECK(parent->age == 2);
    CHECK(session.get<Parent>(gw::GetOptions{.populate_existing = true}, 77) == nullptr);
    CHECK_THROWS_AS(session.get<Parent>(gw::GetOptions{.populate_existing = true}, 1, 2), gw::ArgumentError);
    const bool is_postgresql = engine.name() == "postgresql";
    for (const std::string& statement : statements.all()) {
      const bool locks = statement.find("FOR UPDATE") != std::string::npos;
      CHECK(locks == (is_postgresql && (&statement == &statements.all()[1] || &statement == &statements.all()[2])));
    }
  });
}

TEST_CASE("what is expired of an entity is taken from the next row, and what is not stays") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto parent = session.add(Parent{.name = "p", .age = 1, .children = {Child{}}});
    session.commit();
    elsewhere(engine, "UPDATE parent SET name = 'q', age = 2");
    parent->name = "forgotten";
    session.expire(parent, {&Parent::name, &Parent::children});
    CHECK_FALSE(session.is_modified(parent));
    CHECK_FALSE(parent->children.is_loaded());
    CHECK(session.scalars(gw::select<Parent>()).one() == parent);
    CHECK(parent->name == "q");
    CHECK(parent->age == 1);
    parent->name = "r";
    session.commit();
    CHECK(Session(engine).get<Parent>(parent->id)->name == "r");
    CHECK(Session(engine).get<Parent>(parent->id)->age == 2);
  });
}
