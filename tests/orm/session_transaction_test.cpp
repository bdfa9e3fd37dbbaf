// SPDX-License-Identifier: BSL-1.0
#include <any>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "family.hpp"

using namespace family;
using database::error_of;

namespace {

std::vector<std::string> names(const Engine& engine) {
  std::vector<std::string> names;
  Session session(engine);
  for (const auto& parent : session.scalars(gw::select<Parent>().order_by(&Parent::id))) {
    names.push_back(parent->name.value_or("none"));
  }
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a session's transaction rolls back unless it is committed, and says so when it is over") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    {
      const SessionTransaction lost = session.begin();
      session.add(Parent{.name = "lost"});
      session.flush();
      CHECK(session.in_transaction());
      CHECK_THROWS_AS(session.begin(), gw::InvalidRequestError);
    }
    CHECK_FALSE(session.in_transaction());
    CHECK_FALSE(session.get_transaction().has_value());
    SessionTransaction kept = session.begin();
    CHECK(kept.is_active());
    CHECK(session.get_transaction()->is_active());  // which may go without rolling back
    CHECK(kept.is_active());
    session.add(Parent{.name = "kept"});
    kept.commit();
    CHECK_FALSE(kept.is_active());
    CHECK(error_of<gw::ResourceClosedError>([&] { return kept.commit(), 0; }) == "This transaction is closed");
    kept.rollback();
    CHECK(names(engine) == Names{"kept"});

    std::optional<SessionTransaction> orphan;
    {
      Session gone(engine);
      orphan = gone.begin();
    }
    CHECK_FALSE(orphan->is_active());
  });
}

TEST_CASE(
    "back to a savepoint each entity is what it was, new ones are transient and deleted ones persistent, without I/O") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto changed = session.add(Parent{.name = "a", .age = 1, .children = {Child{.name = "c"}}});
    const auto deleted = session.add(Parent{.name = "b"});
    const auto untouched = session.add(Parent{.name = "u", .children = {Child{}}});
    session.commit();
    changed->age = 2;
    session.flush();
    changed->age = 3;  // which begin_nested() writes

    SessionTransaction savepoint = session.begin_nested();
    CHECK(savepoint.nested());
    CHECK(session.in_nested_transaction());
    const auto made = session.add(Parent{.name = "new"});
    const auto child = changed->children.append(Child{.name = "d"});
    changed->age = 4;
    session.delete_(deleted);
    session.flush();
    CHECK(made->id != 0);
    CHECK(session.state(deleted) == gw::EntityState::deleted);
    changed->name = "unwritten";
    const auto pending = session.add(Parent{.name = "pending"});

    Statements statements(engine);
    savepoint.rollback();
    CHECK(changed->age == 3);
    CHECK(changed->name == "a");
    CHECK(changed->children.size() == 1);
    CHECK(untouched->children.size() == 1);
    CHECK(made->id == 0);
    CHECK(session.state(made) == gw::EntityState::transient);
    CHECK(session.state(child) == gw::EntityState::transient);
    CHECK(session.state(pending) == gw::EntityState::transient);
    CHECK(session.state(deleted) == gw::EntityState::persistent);
    CHECK_FALSE(session.is_modified(changed));
    CHECK(session.get<Parent>(deleted->id) == deleted);
    CHECK(statements.all().empty());
    CHECK_FALSE(session.in_nested_transaction());
    CHECK(session.in_transaction());

    session.add(made);
    session.commit();
    CHECK(names(engine) == Names{"a", "b", "u", "new"});
    Session reading(engine);
    CHECK(reading.get<Parent>(changed->id)->age == 3);
    CHECK(touching(reading, [&] { return reading.get<Parent>(changed->id)->children.size(); }) == 1);
  });
}

TEST_CASE("savepoints nest: one that is released is the enclosing one's, and goes back with that") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto parent = session.add(Parent{.name = "p", .age = 1});
    SessionTransaction first = session.begin_nested();
    parent->age = 2;
    SessionTransaction second = session.begin_nested();
    parent->age = 3;
    const auto kept = session.add(Parent{.name = "q"});
    SessionTransaction third = session.begin_nested();
    parent->age = 4;
    session.flush();
    third.rollback();
    CHECK(parent->age == 3);
    CHECK(second.is_active());
    second.commit();
    CHECK(parent->age == 3);
    CHECK(session.state(kept) == gw::EntityState::persistent);
    CHECK(session.get_nested_transaction()->is_active());
    first.rollback();
    CHECK(parent->age == 1);
    CHECK(session.state(kept) == gw::EntityState::transient);
    CHECK(session.state(parent) == gw::EntityState::persistent);

    SessionTransaction outer = session.begin_nested();
    parent->age = 5;
    SessionTransaction inner = session.begin_nested();
    parent->age = 6;
    session.commit();  // all of it
    CHECK_FALSE(inner.is_active());
    CHECK_FALSE(outer.is_active());
    CHECK(Session(engine).get<Parent>(parent->id)->age == 6);
  });
}

TEST_CASE("a flush that fails in a savepoint leaves the transaction usable after going back to it") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto parent = session.add(Parent{.name = "p"});
    CHECK_THROWS_AS(session.begin_nested([&] {
      parent->name = "changed";
      session.add(Child{.parent_id = 99});
    }),
                    gw::IntegrityError);
    CHECK(session.is_active());
    CHECK(parent->name == "p");
    CHECK(session.begin_nested([&] {
      parent->age = 7;
      return 5;
    }) == 5);
    session.commit();
    CHECK(Session(engine).get<Parent>(parent->id)->age == 7);
    CHECK(names(engine) == Names{"p"});

    session.add(Child{.parent_id = 99});
    CHECK_THROWS_AS(session.begin_nested(), gw::IntegrityError);
    CHECK_FALSE(session.is_active());
    session.rollback();
    CHECK(session.is_active());
  });
}

TEST_CASE("rollback() of the session undoes savepoints too, and a scope whose transaction is over refuses statements") {
  everywhere([](const Engine& engine) {
    Session session(engine);
    const auto parent = session.add(Parent{.name = "p", .age = 1});
    session.commit();
    parent->age = 2;
    const SessionTransaction savepoint = session.begin_nested();
    parent->age = 3;
    session.flush();
    session.rollback();
    CHECK(parent->age == 1);
    CHECK_FALSE(savepoint.is_active());

    CHECK(error_of<gw::InvalidRequestError>([&] {
            session.begin([&] {
              session.rollback();
              session.add(Parent{.name = "nowhere"});
            });
            return 0;
          }) ==
          "Can't operate on closed transaction inside context manager.  Please complete the context manager before "
          "emitting further commands.");
    session.begin([&] { session.commit(); });
    CHECK_FALSE(session.in_transaction());
    CHECK(names(engine) == Names{"p"});
  });
}

TEST_CASE("a session on a connection takes part in its transaction, as it is told to") {
  using Mode = gw::JoinTransactionMode;
  everywhere([](const Engine& engine) {
    Connection connection = engine.connect();
    const auto count = [&] { return connection.scalar<std::int64_t>(gw::text("SELECT count(*) FROM parent")); };
    {
      Transaction outer = connection.begin();
      Session session(connection);
      session.add(Parent{.name = "a"});
      session.commit();
      CHECK(outer.is_active());
      session.add(Parent{.name = "b"});
      session.begin_nested().rollback();
      session.close();
      CHECK(outer.is_active());
      CHECK(count() == 1 + 1);
      Session ending(connection);
      ending.add(Parent{.name = "c"});
      ending.flush();
      ending.rollback();  // rollback_only
      CHECK_FALSE(outer.is_active());
    }
    CHECK(count() == 0);
    connection.rollback();
    {
      Transaction outer = connection.begin();
      Session session(connection, {.join_transaction_mode = Mode::create_savepoint});
      session.add(Parent{.name = "d"});
      session.commit();
      session.add(Parent{.name = "e"});
      session.flush();
      session.rollback();
      session.add(Parent{.name = "f"});
      session.flush();
      session.close();
      CHECK(count() == 1);
      CHECK(outer.is_active());
      Transaction nested = connection.begin_nested();
      Session conditional(connection);
      conditional.add(Parent{.name = "g"});
      conditional.flush();
      conditional.rollback();
      CHECK(nested.is_active());
      CHECK(count() == 1);
      outer.rollback();
    }
    CHECK(count() == 0);
    connection.rollback();
    {
      Transaction outer = connection.begin();
      Session session(connection, {.join_transaction_mode = Mode::control_fully});
      session.add(Parent{.name = "h"});
      session.commit();
      CHECK_FALSE(outer.is_active());
    }
    {
      Session session(connection);  // in no transaction: its own
      session.add(Parent{.name = "i"});
      session.commit();
      CHECK_FALSE(connection.in_transaction());
      session.add(Parent{.name = "j"});
      session.flush();
    }
    CHECK_FALSE(connection.in_transaction());
    CHECK(names(engine) == Names{"h", "i"});
  });
}

TEST_CASE("reset leaves a session as new, invalidate closes it with its connection") {
  everywhere([](const Engine& engine) {
    Session session(engine, {.info = {{"who", 7}}});
    CHECK(std::any_cast<int>(session.info().at("who")) == 7);
    CHECK(session.get_bind().url() == engine.url());
    const auto parent = session.add(Parent{.name = "p"});
    session.flush();
    session.reset();
    CHECK_FALSE(session.in_transaction());
    CHECK(session.state(parent) == gw::EntityState::transient);
    CHECK(engine.pool_status().in_use == 0);
    session.add(Parent{.name = "q"});
    session.commit();
    CHECK(names(engine) == Names{"q"});

    session.add(Parent{.name = "r"});
    session.flush();
    session.invalidate();
    CHECK(engine.pool_status().in_use == 0);
    CHECK_FALSE(session.is_active());
    CHECK_THROWS_AS(session.flush(), gw::ResourceClosedError);
    CHECK(names(engine) == Names{"q"});
  });
}
