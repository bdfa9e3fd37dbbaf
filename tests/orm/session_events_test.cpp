// SPDX-License-Identifier: BSL-1.0
#include <stdexcept>
#include <string>
#include <vector>

#include <greenway/orm/mapper_events.hpp>
#include <greenway/orm/session_events.hpp>
#include <greenway/orm/session_maker.hpp>

#include "family.hpp"

using namespace family;
using Strings = std::vector<std::string>;

TEST_CASE("a class tells what happens to its entities, and a handler may still change what is written") {
  everywhere([](const Engine& engine) {
    Strings told;
    const auto events = gw::mapper_events<Parent>();
    std::vector<std::pair<const gw::MapperEvent<Parent>*, std::uint64_t>> handlers;
    const auto note = [&](const gw::MapperEvent<Parent>& event, const char* what) {
      handlers.emplace_back(&event,
                            event.listen([&told, what](gw::Session&, Parent& p) { told.push_back(what + *p.name); }));
    };
    note(events.after_insert, "after insert ");
    note(events.before_update, "before update ");
    note(events.after_update, "after update ");
    note(events.before_delete, "before delete ");
    note(events.after_delete, "after delete ");
    note(events.load, "load ");
    note(events.refresh, "refresh ");
    handlers.emplace_back(&events.before_insert, events.before_insert.listen([&](gw::Session& session, Parent& p) {
      told.push_back("before insert");
      CHECK(session.in_transaction() == false);
      p.name = "made";
    }));
    Session session(engine);
    const auto parent = session.add(Parent{});
    session.commit();
    parent->age = 4;
    session.commit();
    CHECK(told == Strings{"before insert", "after insert made", "before update made", "after update made"});
    told.clear();
    session.refresh(parent);
    Session other(engine);
    const auto same = other.get_one<Parent>(parent->id);
    CHECK(same->name == "made");
    other.delete_(same);
    other.commit();
    CHECK(told == Strings{"refresh made", "load made", "before delete made", "after delete made"});
    for (const auto& [event, number] : handlers) {
      event->remove(number);
    }
    session.reset();
    session.add(Parent{});
    session.flush();
    CHECK(told.size() == 4);
  });
}

TEST_CASE("a validator sees what is new or has changed before anything is written, and refuses it without harm") {
  everywhere([](const Engine& engine) {
    int calls = 0;
    gw::validates(&Place::what, [&calls](const Place& place, const std::optional<std::string>& what) {
      ++calls;
      if (what == "nothing") {
        throw std::invalid_argument("row " + std::to_string(place.row));
      }
    });
    Session session(engine);
    const auto place = session.add(Place{.row = 1, .column = 1, .what = "corner"});
    session.commit();
    CHECK(calls == 1);
    place->column = 1;
    session.commit();
    CHECK(calls == 1);
    place->what = "nothing";
    Statements statements(engine);
    CHECK(database::error_of<std::invalid_argument>([&] { return session.flush(), 0; }) == "row 1");
    CHECK(statements.all().empty());
    CHECK(session.is_active());
    CHECK(place->what == "nothing");
    place->what = "edge";
    session.commit();
    CHECK(calls == 3);
  });
}

TEST_CASE("a session tells of its flushes and transactions, in their order") {
  everywhere([](const Engine& engine) {
    Strings told;
    SessionMaker maker(engine);
    const auto say = [&](const char* what) { return [&told, what](gw::Session&) { told.emplace_back(what); }; };
    maker.events().before_flush.listen([&](gw::Session& session) {
      told.emplace_back("before flush");
      if (session.new_entities().size() == 1) {
        session.add(Parent{.name = "added by a handler"});
      }
    });
    maker.events().after_flush.listen(say("after flush"));
    maker.events().before_commit.listen(say("before commit"));
    maker.events().after_commit.listen(say("after commit"));
    maker.events().after_rollback.listen(say("after rollback"));
    Session session = maker();
    session.events().after_soft_rollback.listen(say("after soft rollback"));
    session.events().after_begin.listen([&](gw::Session&, gw::Connection& connection) {
      told.emplace_back("after begin");
      CHECK(connection.in_transaction() == false);  // which the first statement sends
    });
    session.add(Parent{.name = "p"});
    session.commit();
    CHECK(told == Strings{"before commit", "before flush", "after begin", "after flush", "after commit"});
    told.clear();
    CHECK(session.scalar<int>(gw::text("SELECT count(*) FROM parent")) == 2);
    session.begin_nested().rollback();
    session.rollback();
    CHECK(told == Strings{"after begin", "after soft rollback", "after rollback", "after soft rollback"});
  });
}

TEST_CASE("a session tells how its entities pass from state to state") {
  everywhere([](const Engine& engine) {
    Strings told;
    Session session(engine);
    gw::SessionEvents& events = session.events();
    const auto note = [&](auto& event, const char* what) {
      event.listen([&told, what](gw::Session&, const gw::AnyEntity& entity) {
        told.push_back(what + entity.as<Parent>()->name.value_or(""));
      });
    };
    note(events.transient_to_pending, "pending ");
    note(events.pending_to_persistent, "persistent ");
    note(events.pending_to_transient, "given up ");
    note(events.persistent_to_transient, "undone ");
    note(events.persistent_to_deleted, "deleted ");
    note(events.deleted_to_persistent, "back ");
    note(events.deleted_to_detached, "gone ");
    note(events.persistent_to_detached, "expunged ");
    const auto take = [&] { return std::exchange(told, {}); };

    const auto a = session.add(Parent{.name = "a"});
    session.flush();
    CHECK(take() == Strings{"pending a", "persistent a"});
    session.rollback();
    CHECK(take() == Strings{"undone a"});
    session.add(a);
    session.rollback();
    CHECK(take() == Strings{"pending a", "given up a"});
    session.add(a);
    session.commit();
    session.delete_(a);
    session.flush();
    CHECK(take() == Strings{"pending a", "persistent a", "deleted a"});
    session.rollback();
    CHECK(take() == Strings{"back a"});
    SessionTransaction savepoint = session.begin_nested();
    session.delete_(a);
    session.flush();
    savepoint.rollback();
    CHECK(take() == Strings{"deleted a", "back a"});
    session.delete_(a);
    session.commit();
    CHECK(take() == Strings{"deleted a", "gone a"});
    const auto b = session.add(Parent{.name = "b"});
    session.commit();
    take();
    session.expunge(b);
    CHECK(take() == Strings{"expunged b"});
  });
}
