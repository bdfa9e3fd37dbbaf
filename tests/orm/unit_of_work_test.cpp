// SPDX-License-Identifier: BSL-1.0
#include <cstdint>
#include <string>
#include <vector>

#include "family.hpp"

using namespace family;

namespace {

std::int64_t count(Session& session, const char* table) {
  return session.connection().scalar<std::int64_t>(gw::text(std::string("SELECT count(*) FROM ") + table));
}

}  // namespace

TEST_CASE("1000 new parents with three children each take four inserts, and each entity has its own key") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    std::vector<std::shared_ptr<Parent>> parents;
    for (int i = 0; i != 1000; ++i) {
      parents.push_back(session.add(Parent{.name = "p" + std::to_string(i), .age = i + 1}));
      for (int k = 0; k != 3; ++k) {
        parents.back()->children.append(Child{.name = std::to_string(3 * i + k)});
      }
    }
    Statements statements(engine);
    session.commit();
    CHECK(statements.take("INSERT") == 4);
    CHECK(statements.all().empty());

    Session reading(engine);
    const auto read =
        reading.scalars(gw::select<Parent>().order_by(&Parent::id).options(gw::selectinload(&Parent::children))).all();
    REQUIRE(read.size() == 1000);
    for (std::size_t i = 0; i != 1000; ++i) {
      const Parent& parent = *parents[i];
      const auto same = reading.get<Parent>(parent.id);
      REQUIRE(same->name == parent.name);
      REQUIRE(same->children.size() == 3);
      for (const auto& child : same->children) {
        const auto number = static_cast<std::size_t>(std::stoi(*child->name));
        REQUIRE(number / 3 == i);
        REQUIRE(child->id == parent.children[number % 3]->id);
      }
    }
  });
}

TEST_CASE("an update says the changed column alone, and nothing that has not changed is sent") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto parent = session.add(Parent{.name = "p", .age = 1});
    session.commit();
    Statements statements(engine);
    parent->name = "p";
    session.commit();
    CHECK(statements.all().empty());
    parent->age = 2;
    session.commit();
    REQUIRE(statements.all().size() == 1);
    CHECK(statements.all().front().find("UPDATE parent SET age = ") == 0);
    CHECK(statements.all().front().find("name") == std::string::npos);
  });
}

TEST_CASE("what is not set is left to the database, and what is set is sent") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto left = session.add(Parent{.age = 1});
    const auto said = session.add(Parent{.id = 50, .age = 1, .rank = 3});
    session.commit();
    CHECK(left->rank == 7);
    CHECK(said->rank == 3);
    CHECK(said->id == 50);
    CHECK(session.get<Parent>(50) == said);
    const auto place = session.add(Place{.row = 0, .column = 0, .what = "corner"});
    session.commit();
    CHECK(session.get<Place>(0, 0) == place);
  });
}

TEST_CASE("a member is inserted as it is made, 0 or NULL, where one says so, and else is the database's default") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto left = session.add(Parent{.name = "left"});
    const auto null = session.add(Parent{.name = "null", .rank = 1});
    session.set_null(null, &Parent::rank);
    session.flush();
    CHECK(left->rank == 7);
    CHECK_FALSE(null->rank.has_value());
    session.refresh(null);
    CHECK_FALSE(null->rank.has_value());
    CHECK(database::error_of<gw::InvalidRequestError>([&] { return session.set_null(null, &Parent::rank), 0; }) ==
          "set() is about the INSERT of an entity: add() it first, and call this before a flush");
    session.rollback();
    session.add(null);  // once more, of which nothing has been said
    session.flush();
    CHECK(null->rank == 7);

    const auto counted = session.add(Parent{.name = "0"});
    session.set(counted, &Parent::id);  // which is 0, and not counted
    session.flush();
    CHECK(counted->id == 0);
    CHECK(session.get<Parent>(0) == counted);
  });
}

TEST_CASE("a child goes from one parent to another, from either side, and is free when it is taken out") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto a = session.add(Parent{.name = "a"});
    const auto b = session.add(Parent{.name = "b"});
    const auto child = a->children.append(Child{.name = "c"});
    session.commit();
    CHECK(child->parent_id == a->id);

    a->children.remove(child);
    b->children.append(child);
    session.commit();
    CHECK(child->parent_id == b->id);

    b->children.remove(child);
    session.commit();
    CHECK_FALSE(child->parent_id.has_value());
    CHECK(count(session, "child") == 1);

    session.rollback();
    const auto other = session.add(Child{.name = "d", .parent = a});
    session.commit();
    CHECK(other->parent_id == a->id);
    other->parent = b;
    session.commit();
    CHECK(other->parent_id == b->id);
    other->parent = nullptr;
    session.commit();
    CHECK_FALSE(other->parent_id.has_value());
  });
}

TEST_CASE("what is deleted sets its children free, and takes along what cannot be without it") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    std::vector<std::shared_ptr<Parent>> parents;
    for (int i = 0; i != 100; ++i) {
      parents.push_back(session.add(Parent{.children = {Child{}}, .toys = {Toy{.kind = "ball"}, Toy{.kind = "car"}}}));
    }
    session.commit();
    Session deleting(engine);
    for (const auto& parent : deleting.scalars(gw::select<Parent>().where(gw::attr(&Parent::id) <= 99)).all()) {
      deleting.delete_(parent);
    }
    Statements statements(engine);
    deleting.commit();
    CHECK(statements.take("SELECT") == 2);
    CHECK(statements.take("DELETE") == 2);
    CHECK(count(deleting, "parent") == 1);
    CHECK(count(deleting, "toy") == 2);
    CHECK(count(deleting, "child") == 100);
    const auto last = deleting.get<Parent>(100);
    touching(deleting, [&] { last->toys.remove(last->toys[0]); });
    deleting.commit();
    CHECK(count(deleting, "toy") == 1);
  });
}

TEST_CASE("entities of a class that refers to itself are inserted from the root, and deleted") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto root = session.add(Node{.nodes = {Node{.nodes = {Node{}, Node{}}}, Node{}}});
    session.commit();
    CHECK(count(session, "node") == 5);
    CHECK(root->nodes[0]->nodes[1]->parent_id == root->nodes[0]->id);
    Session reading(engine);
    CHECK(touching(reading, [&] { return reading.get<Node>(root->id)->nodes.size(); }) == 2);
  });
}

TEST_CASE("a row that is gone, or whose key was changed, is not updated in silence") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto parent = session.add(Parent{.name = "p"});
    session.commit();
    engine.begin([](gw::Connection& connection) { connection.execute(gw::text("DELETE FROM parent")); });
    parent->age = 5;
    CHECK(database::error_of<gw::StaleDataError>([&] {
            session.flush();
            return 0;
          }) == "UPDATE statement on table 'parent' expected to match 1 row(s); 0 were matched.");
    session.rollback();
    CHECK_THROWS_AS(session.refresh(parent), gw::InvalidRequestError);
    parent->id = 7;
    CHECK_THROWS_AS(session.flush(), gw::InvalidRequestError);
  });
}
