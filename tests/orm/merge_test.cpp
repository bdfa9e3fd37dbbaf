// SPDX-License-Identifier: BSL-1.0
#include <string>

#include "family.hpp"

using namespace family;

TEST_CASE("merge finds the row of an entity of elsewhere and gives it what that says, children included") {
  everywhere([](const Engine& engine) {
    std::shared_ptr<Parent> detached;
    {
      Session session(engine);
      detached = session.add(Parent{.name = "p", .age = 1, .children = {Child{.name = "a"}, Child{.name = "b"}}});
      session.commit();
    }
    detached->name = "changed";
    detached->children[0]->name = "changed too";
    Session session(engine);
    Statements statements(engine);
    const auto mine = session.merge(detached);
    CHECK(mine != detached);
    CHECK(session.merge(detached) == mine);
    CHECK(session.merge(mine) == mine);
    CHECK(mine->name == "changed");
    REQUIRE(mine->children.size() == 2);
    CHECK(mine->children[0]->name == "changed too");
    CHECK(mine->children[0] != detached->children[0]);
    session.commit();
    CHECK(statements.take("UPDATE") == 2);

    Session reading(engine);
    const auto read = reading.get_one<Parent>(detached->id);
    CHECK(read->name == "changed");
    CHECK(touching(reading, [&] { return read->children.size(); }) == 2);
  });
}

TEST_CASE("merge adds what has no row, takes out what is not given, and leaves what is not said") {
  everywhere([](const Engine& engine) {
    Session writing(engine);
    const auto parent =
        writing.add(Parent{.name = "p", .rank = 3, .children = {Child{.name = "a"}, Child{.name = "b"}}});
    const auto second = parent->children[1];
    writing.commit();

    Session session(engine);
    const auto made = session.merge(Parent{.id = parent->id, .name = "q"});
    CHECK(made->rank == 3);  // the database gives it where an INSERT does not say it
    CHECK(touching(session, [&] { return made->children.size(); }) == 2);  // of a transient one nobody knows
    const auto fewer = std::make_shared<Parent>(Parent{.id = parent->id, .name = "r"});
    fewer->children.append(Child{.id = second->id, .name = "kept"});
    fewer->children.append(Child{.name = "new"});
    CHECK(session.merge(fewer) == made);
    session.commit();
    const auto fresh = session.merge(Parent{.name = "none"});
    CHECK(session.state(fresh) == gw::EntityState::pending);
    const auto known = session.merge(Parent{.id = 77, .name = "chosen"});
    session.commit();
    CHECK(known->id == 77);
    CHECK(session.scalar<int>(gw::text("SELECT count(*) FROM child WHERE parent_id IS NOT NULL")) == 2);
    CHECK(session.scalar<int>(gw::text("SELECT count(*) FROM child WHERE name = 'kept'")) == 1);
    CHECK(session.scalar<int>(gw::text("SELECT count(*) FROM parent")) == 3);
  });
}

TEST_CASE("merge without loading takes an entity for its row, and sends nothing") {
  everywhere([](const Engine& engine) {
    Session writing(engine);
    const auto parent = writing.add(Parent{.name = "p", .children = {Child{.name = "a"}}});
    writing.commit();
    Session session(engine);
    Statements statements(engine);
    const auto mine = session.merge(parent, false);
    CHECK(mine->name == "p");
    CHECK(mine->children[0]->name == "a");
    CHECK(session.state(mine) == gw::EntityState::persistent);
    CHECK_FALSE(session.is_modified(mine));
    CHECK(session.get<Parent>(parent->id) == mine);
    session.commit();
    CHECK(statements.all().empty());
    CHECK_THROWS_AS(session.merge(Parent{.name = "no key"}, false), gw::InvalidRequestError);
    mine->name = "q";
    session.commit();
    CHECK(statements.take("UPDATE") == 1);
  });
}
