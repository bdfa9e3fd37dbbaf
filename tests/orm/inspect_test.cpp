// SPDX-License-Identifier: BSL-1.0
#include <sstream>
#include <string>
#include <vector>

#include <greenway/orm/async_session.hpp>
#include <greenway/orm/inspect.hpp>

#include "family.hpp"

using namespace family;
using Strings = std::vector<std::string>;

TEST_CASE("inspect tells where an entity stands, which row it is, what has changed and what is not loaded") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto parent = std::make_shared<Parent>(Parent{.name = "p", .age = 3});
    CHECK(gw::inspect(sync_session(session), parent).state == gw::EntityState::transient);
    session.add(parent);
    const gw::InstanceState pending = gw::inspect(sync_session(session), parent);
    CHECK(pending.state == gw::EntityState::pending);
    CHECK_FALSE(pending.identity.has_value());
    REQUIRE(pending.changed.size() == 2);  // the database gives the others
    CHECK_FALSE(pending.changed[0].old.has_value());
    session.commit();

    Session other(engine);
    const auto same = other.get_one<Parent>(1);
    const gw::InstanceState clean = gw::inspect(sync_session(other), same);
    CHECK(clean.state == gw::EntityState::persistent);
    CHECK(clean.mapper == "Parent");
    CHECK(clean.table.data().name == "parent");
    CHECK(clean.identity == gw::identity_key<Parent>(std::int64_t{1}));
    CHECK(clean.identity == gw::identity_key(same));
    CHECK_FALSE(clean.modified());
    CHECK(clean.unloaded == Strings{"children", "toys"});
    std::ostringstream text;
    text << *clean.identity;
    CHECK(text.str() == "Parent(1)");

    touching(other, [&] { same->children.append(Child{.name = "c"}); });  // which loads, and so would write
    same->age = 4;
    const gw::InstanceState changed = gw::inspect(sync_session(other), same);
    REQUIRE(changed.changed.size() == 1);
    CHECK(changed.changed[0].name == "age");
    CHECK(changed.changed[0].old == gw::Value(3));
    CHECK(changed.changed[0].now == gw::Value(4));
    CHECK(changed.changed_relationships == Strings{"children"});
    CHECK(changed.unloaded == Strings{"toys"});
    other.flush();
    CHECK_FALSE(gw::inspect(sync_session(other), same).modified());
    other.expire(same);
    CHECK(gw::inspect(sync_session(other), same).is_expired);
    other.delete_(same);
    CHECK(gw::inspect(sync_session(other), same).state == gw::EntityState::deleted);
    CHECK_THROWS_AS(other.get_one<Parent>(7), gw::NoResultFound);
  });
}

TEST_CASE("an entity with a relationship knows the session that has it, wherever that moves") {
  everywhere([](const Engine& engine) {
    const auto parent = std::make_shared<Parent>();
    CHECK(gw::object_session(parent) == nullptr);
    Session first(engine);
    first.add(parent);
    CHECK(gw::object_session(parent) == &sync_session(first));
    Session second(std::move(first));
    CHECK(gw::object_session(parent) == &sync_session(second));
    second.expunge(parent);
    CHECK(gw::object_session(parent) == nullptr);
    CHECK_THROWS_AS(gw::object_session(std::make_shared<Place>()), gw::InvalidRequestError);
  });
}

TEST_CASE("an entity that has left its session tells whether it stood for a row") {
  everywhere([](const Engine& engine) {
    const auto parent = std::make_shared<Parent>(Parent{.name = "p"});
    CHECK(gw::inspect(parent).state == gw::EntityState::transient);
    Session session(engine);
    session.add(parent);
    CHECK(gw::inspect(parent).state == gw::EntityState::pending);
    session.expunge(parent);
    CHECK(gw::inspect(parent).state == gw::EntityState::transient);
    session.add(parent);
    session.flush();
    CHECK(gw::inspect(parent).state == gw::EntityState::persistent);
    session.rollback();
    CHECK(gw::inspect(parent).state == gw::EntityState::transient);
    session.add(parent);
    session.commit();
    session.expunge(parent);
    CHECK(gw::inspect(parent).state == gw::EntityState::detached);
    CHECK(gw::inspect(parent).identity == gw::identity_key(parent));
    CHECK(gw::inspect(sync_session(session), parent).state == gw::EntityState::detached);
    CHECK(gw::inspect(std::make_shared<Parent>(*parent)).state == gw::EntityState::transient);

    const auto same = session.get<Parent>(parent->id);
    session.delete_(same);
    session.commit();
    CHECK(gw::inspect(same).state == gw::EntityState::detached);
    const auto place = session.add(Place{.row = 1, .column = 1});
    session.commit();
    session.close();
    CHECK(gw::inspect(sync_session(session), place).state ==
          gw::EntityState::transient);  // which has no place to remember it
    CHECK_THROWS_AS(gw::inspect(place), gw::InvalidRequestError);
  });
}

TEST_CASE("an entity of a coroutine's session knows that, and one of another session does not") {
  everywhere([](const Engine& engine) {
    gw::Session plain(sync_engine(engine));
    const auto own = plain.add(Parent{});
    CHECK_FALSE(gw::async_object_session(own).has_value());
    CHECK(gw::inspect(own).async_session == nullptr);
    const auto parent = std::make_shared<Parent>();
    {
      gw::AsyncSession session{gw::AsyncEngine(sync_engine(engine))};
      session.add(parent);
      const std::optional<gw::AsyncSession> found = gw::async_object_session(parent);
      REQUIRE(found.has_value());
      CHECK(&found->sync_session() == &session.sync_session());
      CHECK(gw::object_session(parent) == &session.sync_session());
      CHECK(gw::inspect(parent).async_session.get() == &session.sync_session());
    }
    CHECK_FALSE(gw::async_object_session(parent).has_value());
  });
}

TEST_CASE("the history of a relationship says who came, who stayed and who left") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto parent = session.add(Parent{.children = {Child{.name = "a"}, Child{.name = "b"}}});
    session.commit();
    const auto left = parent->children[0];
    const auto stayed = parent->children[1];
    parent->children.remove(left);
    const auto came = parent->children.append(Child{.name = "c"});
    const auto history = gw::get_history(sync_session(session), parent, &Parent::children);
    CHECK(history.added == std::vector{came});
    CHECK(history.unchanged == std::vector{stayed});
    CHECK(history.deleted == std::vector{left});
    session.flush();
    CHECK_FALSE(gw::get_history(sync_session(session), parent, &Parent::children).has_changes());
    session.expire(parent);
    CHECK(gw::get_history(sync_session(session), parent, &Parent::children).unchanged.empty());
    CHECK_FALSE(parent->children.is_loaded());
    session.expire(came);
    came->parent = nullptr;
    CHECK(gw::get_history(sync_session(session), came, &Child::parent).added.empty());
  });
}

TEST_CASE("a session shows what is new, dirty and deleted, and lets go of all at once") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto a = session.add(Parent{.name = "a"});
    const auto b = session.add(Parent{.name = "b"});
    session.commit();
    a->name = "changed";
    session.delete_(b);
    const auto node = session.add(Node{});
    REQUIRE(session.new_entities().size() == 1);
    CHECK(session.new_entities()[0].as<Node>() == node);
    CHECK(session.new_entities()[0].as<Parent>() == nullptr);
    CHECK(session.new_entities()[0].class_name() == "Node");
    REQUIRE(session.dirty().size() == 1);
    CHECK(session.dirty()[0].as<Parent>() == a);
    REQUIRE(session.deleted().size() == 1);
    CHECK(session.deleted()[0].as<Parent>() == b);
    CHECK(session.entities().size() == 3);
    session.expire_all();
    CHECK(a->name == "changed");  // readable, and not written
    CHECK(session.scalars(gw::select<Parent>().where(gw::attr(&Parent::id) == a->id)).one() == a);
    CHECK(a->name == "a");
    session.add(Parent{.name = "forgotten"});
    session.expunge_all();
    CHECK(session.entities().empty());
    session.commit();
    CHECK(session.scalar<int>(gw::text("SELECT count(*) FROM parent")) == 1);
  });
}

TEST_CASE("a session writes nothing by itself while it is told not to") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    session.add(Parent{.name = "p"});
    const auto count = [&] { return session.scalar<int>(gw::text("SELECT count(*) FROM parent")); };
    {
      const gw::NoAutoflush outer = session.no_autoflush();
      CHECK(session.no_autoflush(count) == 0);
      CHECK(count() == 0);
    }
    CHECK(count() == 1);
    session.add(Parent{.name = "q"});
    CHECK(session.no_autoflush([&] {
      session.flush();
      return count();
    }) == 2);
  });
}
