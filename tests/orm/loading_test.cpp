// SPDX-License-Identifier: BSL-1.0
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "family.hpp"

using namespace family;

namespace {

void add_parents(const Engine& engine, int count, int children) {
  Session session(engine);
  for (int i = 0; i != count; ++i) {
    const auto parent = session.add(Parent{.name = "p" + std::to_string(i)});
    for (int k = 0; k != children; ++k) {
      parent->children.append(Child{.name = "c" + std::to_string(k)});
    }
  }
  session.commit();
}

struct Volume {
  std::int64_t id = 0;
  std::optional<std::int64_t> shelf_id = {};
  std::int32_t height = 0;
  std::string title = {};
};

struct Shelf {
  std::int64_t id = 0;
  gw::Many<Volume> volumes = {};
};

}  // namespace

TEST_CASE("touching a relationship loads it with one statement, and touching it again with none") {
  everywhere([](const Engine& engine) {
    add_parents(engine, 3, 2);
    Session session(engine);
    Statements statements(engine);
    const auto parents = session.scalars(gw::select<Parent>().order_by(&Parent::id)).all();
    CHECK(statements.take("SELECT") == 1);
    CHECK_FALSE(parents[0]->children.is_loaded());
    CHECK(touching(session, [&] { return parents[0]->children.size(); }) == 2);
    CHECK(parents[0]->children[1]->name == "c1");
    CHECK(statements.take("SELECT") == 1);
    CHECK(parents[0]->children.empty() == false);
    // The session has the parent: the other side needs no statement.
    CHECK(parents[0]->children[0]->parent.get() == parents[0]);
    CHECK(statements.take("SELECT") == 0);
    // It has not the parent of this one.
    Session other(engine);
    const auto child = other.get<Child>(3);
    CHECK(touching(other, [&] { return child->parent->id; }) == 2);
    CHECK(statements.take("SELECT") == 2);
  });
}

TEST_CASE("the loop over the children of a temporary reads them to the end") {
  everywhere([](const Engine& engine) {
    add_parents(engine, 1, 3);
    Session session(engine);
    int count = 0;
    touching(session, [&] {
      for (const auto& child : session.get<Parent>(1)->children) {
        count += child->name.has_value() ? 1 : 0;
      }
    });
    CHECK(count == 3);
  });
}

TEST_CASE("selectinload loads the children of all parents, with one statement for every 500") {
  everywhere([](const Engine& engine) {
    add_parents(engine, 1001, 1);
    const auto load = [&](int count) {
      Session session(engine);
      Statements statements(engine);
      const auto parents = session
                               .scalars(gw::select<Parent>()
                                            .where(gw::attr(&Parent::id) <= count)
                                            .options(gw::selectinload(&Parent::children)))
                               .all();
      const std::string text = statements.all().back();
      const int sent = statements.take("SELECT");
      REQUIRE(parents.size() == static_cast<std::size_t>(count));
      for (const auto& parent : parents) {
        REQUIRE(parent->children.size() == 1);
        REQUIRE(parent->children[0]->parent_id == parent->id);
      }
      CHECK(statements.take("SELECT") == 0);
      return std::pair(sent, text);
    };
    const auto [sent, text] = load(499);
    CHECK(sent == 2);
    CHECK(load(500) == std::pair(2, text));
    CHECK(load(501).first == 3);
    CHECK(load(1001).first == 4);
    CHECK(load(20).second == text);
  });
}

TEST_CASE("parents are loaded with their children, as many statements as there are parents that the session has not") {
  everywhere([](const Engine& engine) {
    add_parents(engine, 3, 2);
    Session session(engine);
    session.add(Child{.name = "orphan"});
    session.flush();
    Statements statements(engine);
    const auto children =
        session.scalars(gw::select<Child>().order_by(&Child::id).options(gw::selectinload(&Child::parent))).all();
    REQUIRE(children.size() == 7);
    CHECK(statements.take("SELECT") == 2);
    CHECK(children[5]->parent->name == "p2");
    CHECK_FALSE(children[6]->parent);
    CHECK(statements.take("SELECT") == 0);
  });
}

TEST_CASE("a collection is in the order that its relationship says, however it is loaded") {
  gw::Registry registry;
  registry.map<Volume>("volume", gw::mapped_column(&Volume::id, "id", gw::primary_key),
                       gw::mapped_column(&Volume::shelf_id, "shelf_id", gw::ForeignKey("shelf.id")),
                       gw::mapped_column(&Volume::height, "height"), gw::mapped_column(&Volume::title, "title"));
  registry.map<Shelf>("shelf", gw::mapped_column(&Shelf::id, "id", gw::primary_key),
                      gw::relationship(&Shelf::volumes, "volumes",
                                       {.order_by = {gw::attr(&Volume::height).desc(), gw::attr(&Volume::title)}}));
  ways::everywhere(registry, [](const Engine& engine) {
    Session writing(engine);
    for (int i = 0; i != 2; ++i) {
      writing.add(Shelf{.volumes = {Volume{.height = 1, .title = "z"}, Volume{.height = 1, .title = "a"},
                                    Volume{.height = 2, .title = "m"}}});
    }
    writing.commit();
    const auto titles = [](Session& session, const gw::Many<Volume>& volumes) {
      return touching(session, [&] {
        std::string all;
        for (const auto& volume : volumes) {
          all += volume->title;
        }
        return all;
      });
    };
    for (const auto& option : {gw::lazyload(&Shelf::volumes), gw::selectinload(&Shelf::volumes),
                               gw::joinedload(&Shelf::volumes), gw::immediateload(&Shelf::volumes)}) {
      Session session(engine);
      const auto shelves =
          session.scalars(gw::select<Shelf>().order_by(gw::attr(&Shelf::id).desc()).options(option)).unique().all();
      REQUIRE(shelves.size() == 2);
      CHECK(shelves[0]->id == 2);
      CHECK(titles(session, shelves[0]->volumes) == "maz");
      CHECK(titles(session, shelves[1]->volumes) == "maz");
    }
  });
}

TEST_CASE("a stream of entities gives some at a time, and may be left before its end") {
  everywhere([](const Engine& engine) {
    add_parents(engine, 2500, 0);
    Session session(engine);
    auto result = session.stream(gw::select<Parent>().order_by(&Parent::id));
    int count = 0;
    for (auto some = result.partition(400); !some.empty(); some = result.partition(400)) {
      count += static_cast<int>(some.size());
    }
    CHECK(count == 2500);
    CHECK(session.stream(gw::select<Parent>().order_by(&Parent::id)).first()->id == 1);
    CHECK(session.scalars(gw::select<Parent>().limit(3)).all().size() == 3);
  });
}
