// SPDX-License-Identifier: BSL-1.0
#include <string>
#include <vector>

#include <greenway/orm/entity_dml.hpp>

#include "family.hpp"

using namespace family;

namespace {

std::vector<Parent> three() {
  return {Parent{.name = "a", .age = 1}, Parent{.name = "b", .rank = 5}, Parent{.name = "c", .age = 3}};
}

}  // namespace

TEST_CASE("an insert of entities takes a statement for each set of columns, and returns them in their order") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    Statements statements(engine);
    const auto made = session.scalars(gw::insert<Parent>(), three());
    CHECK(statements.take("INSERT") == 2);
    REQUIRE(made.size() == 3);
    CHECK(made[0]->name == "a");
    CHECK(made[1]->name == "b");
    CHECK(made[1]->rank == 5);
    CHECK(made[2]->name == "c");
    CHECK(made[2]->rank == 7);
    CHECK(session.state(made[0]) == gw::EntityState::persistent);
    CHECK(session.get<Parent>(made[2]->id) == made[2]);
    CHECK(session.execute(gw::insert<Parent>(), three()).rowcount == 3);
    CHECK(session
              .execute(gw::insert<Parent>(),
                       gw::rows(gw::params("name", "d", "age", 4), gw::params("name", "e", "age", 5)))
              .rowcount == 2);
    CHECK(session.execute(gw::insert<Parent>().values(Parent{.name = "f"})).rowcount == 1);
    session.commit();
    CHECK(session.scalar<int>(gw::text("SELECT count(*) FROM parent")) == 9);
  });
}

TEST_CASE("an upsert of entities returns them as they are in the database, and those of the session are that") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto known = session.add(Parent{.id = 1, .name = "old", .age = 1});
    session.commit();
    const auto upsert =
        gw::insert<Parent>().values(Parent{.id = 1, .name = "new", .age = 9}, Parent{.id = 2, .name = "two"});
    const auto both = session.scalars(upsert.on_conflict_do_update({&Parent::id}, {&Parent::name}));
    REQUIRE(both.size() == 2);
    CHECK(both[0] == known);
    CHECK(known->name == "new");
    CHECK(known->age == 1);
    CHECK(both[1]->name == "two");
    const auto again = gw::insert<Parent>().values(Parent{.id = 1, .age = 5});
    const auto added = session.scalars(again.on_conflict_do_update(
        {.index_elements = {"id"}}, {{"age", gw::attr(&Parent::age) + again.excluded(&Parent::age)}}));
    CHECK(added.at(0)->age == 6);
    CHECK(session.scalars(upsert.on_conflict_do_nothing({&Parent::id})).empty());
    CHECK(session.execute(upsert.on_conflict_do_nothing()).rowcount == 0);
    session.rollback();
    CHECK(known->name == "old");
    CHECK(known->age == 1);
  });
}

TEST_CASE("an update by class brings the session's entities up to date, and leaves what was changed in them") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto made = session.scalars(gw::insert<Parent>(), three());
    session.commit();
    const auto later = gw::update<Parent>()
                           .where(gw::attr(&Parent::age) > 0)
                           .values(&Parent::age, gw::attr(&Parent::age) + 10, &Parent::name, "later");
    CHECK(session.execute(later).rowcount == 2);
    CHECK(made[0]->age == 11);
    CHECK(made[0]->name == "later");
    CHECK(made[1]->name == "b");
    CHECK_FALSE(session.is_modified(made[0]));
    session.no_autoflush([&] {
      made[0]->name = "mine";
      return session.execute(later);
    });
    CHECK(made[0]->age == 21);
    CHECK(made[0]->name == "mine");
    CHECK(session.execute(later.synchronize_session(gw::SynchronizeSession::none)).rowcount == 2);
    CHECK(made[0]->age == 21);
    CHECK(session.scalars(later).size() == 2);
    CHECK(made[0]->age == 41);
    session.rollback();
    CHECK(made[0]->age == 1);
    CHECK(made[0]->name == "a");

    Session empty(engine);
    Statements statements(engine);
    CHECK(empty.execute(later).rowcount == 2);
    CHECK(statements.all().back().find("RETURNING") == std::string::npos);  // nobody to be told
  });
}

TEST_CASE("a delete by class deletes the session's entities, until it is rolled back") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto made = session.scalars(gw::insert<Parent>(), three());
    session.commit();
    CHECK(session.execute(gw::delete_<Parent>().where(gw::attr(&Parent::name) == "a")).rowcount == 1);
    CHECK(session.state(made[0]) == gw::EntityState::deleted);
    CHECK(session.state(made[1]) == gw::EntityState::persistent);
    CHECK(session.get<Parent>(made[0]->id) == nullptr);
    session.rollback();
    CHECK(session.state(made[0]) == gw::EntityState::persistent);
    CHECK(session.execute(gw::delete_<Parent>().synchronize_session(gw::SynchronizeSession::none)).rowcount == 3);
    CHECK(session.state(made[0]) == gw::EntityState::persistent);
    session.rollback();
    session.execute(gw::delete_<Parent>());
    session.commit();
    CHECK(session.state(made[0]) == gw::EntityState::transient);
  });
}
