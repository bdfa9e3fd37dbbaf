// SPDX-License-Identifier: BSL-1.0
#include <any>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <greenway/orm/async_session.hpp>
#include <greenway/runtime/semaphore.hpp>
#include <greenway/runtime/task.hpp>

#include "family.hpp"

using namespace family;
using database::error_of;

namespace {

std::vector<std::string> names(const gw::Engine& engine) {
  std::vector<std::string> names;
  gw::Session session(engine);
  for (const auto& parent : session.scalars(gw::select<Parent>().order_by(&Parent::id))) {
    names.push_back(parent->name.value_or("none"));
  }
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a session's transaction rolls back unless it is committed, and says so when it is over") {
  everywhere([](const gw::Engine& engine) {
    gw::Session session(engine);
    {
      const gw::SessionTransaction lost = session.begin();
      session.add(Parent{.name = "lost"});
      session.flush();
      CHECK(session.in_transaction());
      CHECK_THROWS_AS(session.begin(), gw::InvalidRequestError);
    }
    CHECK_FALSE(session.in_transaction());
    CHECK_FALSE(session.get_transaction().has_value());
    gw::SessionTransaction kept = session.begin();
    CHECK(kept.is_active());
    CHECK(session.get_transaction()->is_active());  // which may go without rolling back
    CHECK(kept.is_active());
    session.add(Parent{.name = "kept"});
    kept.commit();
    CHECK_FALSE(kept.is_active());
    CHECK(error_of<gw::ResourceClosedError>([&] { return kept.commit(), 0; }) == "This transaction is closed");
    kept.rollback();
    CHECK(names(engine) == Names{"kept"});

    std::optional<gw::SessionTransaction> orphan;
    {
      gw::Session gone(engine);
      orphan = gone.begin();
    }
    CHECK_FALSE(orphan->is_active());
  });
}

TEST_CASE("back to a savepoint each entity is what it was, new ones are transient and deleted ones persistent, without I/O") {
  everywhere([](const gw::Engine& engine) {
    gw::Session session(engine);
    const auto changed = session.add(Parent{.name = "a", .age = 1, .children = {Child{.name = "c"}}});
    const auto deleted = session.add(Parent{.name = "b"});
    const auto untouched = session.add(Parent{.name = "u", .children = {Child{}}});
    session.commit();
    changed->age = 2;
    session.flush();
    changed->age = 3;  // which begin_nested() writes

    gw::SessionTransaction savepoint = session.begin_nested();
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
    gw::Session reading(engine);
    CHECK(reading.get<Parent>(changed->id)->age == 3);
    CHECK(reading.get<Parent>(changed->id)->children.size() == 1);
  });
}

TEST_CASE("savepoints nest: one that is released is the enclosing one's, and goes back with that") {
  everywhere([](const gw::Engine& engine) {
    gw::Session session(engine);
    const auto parent = session.add(Parent{.name = "p", .age = 1});
    gw::SessionTransaction first = session.begin_nested();
    parent->age = 2;
    gw::SessionTransaction second = session.begin_nested();
    parent->age = 3;
    const auto kept = session.add(Parent{.name = "q"});
    gw::SessionTransaction third = session.begin_nested();
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

    gw::SessionTransaction outer = session.begin_nested();
    parent->age = 5;
    gw::SessionTransaction inner = session.begin_nested();
    parent->age = 6;
    session.commit();  // all of it
    CHECK_FALSE(inner.is_active());
    CHECK_FALSE(outer.is_active());
    CHECK(gw::Session(engine).get<Parent>(parent->id)->age == 6);
  });
}

TEST_CASE("a flush that fails in a savepoint leaves the transaction usable after going back to it") {
  everywhere([](const gw::Engine& engine) {
    gw::Session session(engine);
    const auto parent = session.add(Parent{.name = "p"});
    CHECK_THROWS_AS(session.begin_nested([&] {
      parent->name = "changed";
      session.add(Child{.parent_id = 99});
    }), gw::IntegrityError);
    CHECK(session.is_active());
    CHECK(parent->name == "p");
    CHECK(session.begin_nested([&] {
      parent->age = 7;
      return 5;
    }) == 5);
    session.commit();
    CHECK(gw::Session(engine).get<Parent>(parent->id)->age == 7);
    CHECK(names(engine) == Names{"p"});

    session.add(Child{.parent_id = 99});
    CHECK_THROWS_AS(session.begin_nested(), gw::IntegrityError);
    CHECK_FALSE(session.is_active());
    session.rollback();
    CHECK(session.is_active());
  });
}

TEST_CASE("rollback() of the session undoes savepoints too, and a scope whose transaction is over refuses statements") {
  everywhere([](const gw::Engine& engine) {
    gw::Session session(engine);
    const auto parent = session.add(Parent{.name = "p", .age = 1});
    session.commit();
    parent->age = 2;
    const gw::SessionTransaction savepoint = session.begin_nested();
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
          }) == "Can't operate on closed transaction inside context manager.  Please complete the context manager before "
                "emitting further commands.");
    session.begin([&] { session.commit(); });
    CHECK_FALSE(session.in_transaction());
    CHECK(names(engine) == Names{"p"});
  });
}

TEST_CASE("a session on a connection takes part in its transaction, as it is told to") {
  using Mode = gw::JoinTransactionMode;
  everywhere([](const gw::Engine& engine) {
    gw::Connection connection = engine.connect();
    const auto count = [&] { return connection.scalar<std::int64_t>(gw::text("SELECT count(*) FROM parent")); };
    {
      gw::Transaction outer = connection.begin();
      gw::Session session(connection);
      session.add(Parent{.name = "a"});
      session.commit();
      CHECK(outer.is_active());
      session.add(Parent{.name = "b"});
      session.begin_nested().rollback();
      session.close();
      CHECK(outer.is_active());
      CHECK(count() == 1 + 1);
      gw::Session ending(connection);
      ending.add(Parent{.name = "c"});
      ending.flush();
      ending.rollback();  // rollback_only
      CHECK_FALSE(outer.is_active());
    }
    CHECK(count() == 0);
    connection.rollback();
    {
      gw::Transaction outer = connection.begin();
      gw::Session session(connection, {.join_transaction_mode = Mode::create_savepoint});
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
      gw::Transaction nested = connection.begin_nested();
      gw::Session conditional(connection);
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
      gw::Transaction outer = connection.begin();
      gw::Session session(connection, {.join_transaction_mode = Mode::control_fully});
      session.add(Parent{.name = "h"});
      session.commit();
      CHECK_FALSE(outer.is_active());
    }
    {
      gw::Session session(connection);  // in no transaction: its own
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
  everywhere([](const gw::Engine& engine) {
    gw::Session session(engine, {.info = {{"who", 7}}});
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

TEST_CASE("a greenlet that calls a session in which another one waits gets an error that names both") {
  const database::Scratch scratch = database::each();
  gw::Registry registry;
  map_all(registry);
  const gw::Engine engine = gw::create_engine(scratch.url());
  engine.begin([&](gw::Connection& connection) { registry.metadata().create_all(connection); });
  gw::run([&] {
    gw::Session session(engine);
    gw::Semaphore is_inside(0);
    gw::Semaphore may_go_on(0);
    engine.events().before_execute.listen([&](gw::Connection&, gw::StatementContext&) {
      is_inside.release();
      may_go_on.acquire();
    });
    auto first = gw::greenlet_spawn([&] {
      gw::Greenlet::current().set_name("first");
      session.add(Parent{.name = "p"});
      session.commit();
    }).to_future();
    is_inside.acquire();
    gw::Greenlet::current().set_name("second");
    const std::string error = error_of<gw::IllegalStateChangeError>([&] { return session.flush(), 0; });
    CHECK(error.find("being used by greenlet 'first' (") != std::string::npos);
    CHECK(error.find("greenlet 'second' (") != std::string::npos);
    CHECK_THROWS_AS(session.add(Parent{}), gw::IllegalStateChangeError);
    CHECK_THROWS_AS(session.close(), gw::IllegalStateChangeError);
    std::string elsewhere;
    std::thread([&] { elsewhere = error_of<gw::IllegalStateChangeError>([&] { return session.rollback(), 0; }); }).join();
    CHECK(elsewhere.find("being used by thread ") != std::string::npos);
    CHECK(elsewhere.find(" needs a session of its own") != std::string::npos);
    may_go_on.release();
    first.get();
    CHECK(session.get<Parent>(1) != nullptr);
  });
}

TEST_CASE("transactions and savepoints of a session are awaited in a coroutine") {
  gw::Registry registry;
  map_all(registry);
  const database::Scratch scratch = database::each();
  const gw::AsyncEngine engine = gw::create_async_engine(scratch.url());
  engine.sync_engine().begin([&](gw::Connection& connection) { registry.metadata().create_all(connection); });
  gw::run([](gw::AsyncEngine async) -> gw::Task<void> {
    gw::AsyncSession session(async);
    gw::AsyncSessionTransaction outer = co_await session.begin();
    const auto parent = session.add(Parent{.name = "p"});
    gw::AsyncSessionTransaction savepoint = co_await session.begin_nested();
    CHECK(session.in_nested_transaction());
    CHECK(session.get_transaction()->is_active());
    CHECK(session.get_nested_transaction()->nested());
    CHECK(session.get_bind().url() == async.url());
    parent->name = "changed";
    co_await session.flush();
    co_await savepoint.rollback();
    CHECK(parent->name == "p");
    co_await session.begin_nested([](gw::Session& sync) { sync.add(Parent{.name = "q"}); });
    co_await outer.commit();
    CHECK_FALSE(outer.is_active());
    CHECK_FALSE(session.get_transaction().has_value());
    const gw::GetOptions options{.populate_existing = true};
    const auto same = co_await session.get<Parent>(options, parent->id);
    CHECK(same == parent);
    co_await session.aclose();

    gw::AsyncConnection connection = co_await async.connect();
    gw::AsyncTransaction whole = co_await connection.begin();
    gw::AsyncSession joined(connection);
    joined.add(Parent{.name = "r"});
    co_await joined.commit();
    CHECK(whole.is_active());
    co_await joined.close();
    co_await whole.rollback();
    co_await connection.close();
  }(engine));
  CHECK(engine.pool_status().in_use == 0);
  CHECK(names(engine.sync_engine()) == Names{"p", "q"});
}
