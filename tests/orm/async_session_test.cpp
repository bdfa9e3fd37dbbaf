// SPDX-License-Identifier: BSL-1.0
#include <string>

#include <greenway/orm/async_session.hpp>
#include <greenway/runtime/task.hpp>

#include "family.hpp"

using namespace family;

namespace {

void add_one(gw::Session& session) { session.add(Parent{.name = "one", .children = {Child{.name = "a"}, Child{.name = "b"}}}); }

std::size_t children_of(gw::Session& session, std::int64_t id) { return session.get<Parent>(id)->children.size(); }

// Runs a coroutine with an engine on each database, with the tables there.
template <class F>
void as_task(F&& body) {
  gw::Registry registry;
  map_all(registry);
  const database::Scratch scratch = database::each();
  const gw::AsyncEngine engine = gw::create_async_engine(scratch.url());
  engine.sync_engine().begin([&](gw::Connection& connection) { registry.metadata().create_all(connection); });
  gw::run(body(engine));
  CHECK(engine.pool_status().in_use == 0);
}

}  // namespace

TEST_CASE("synchronous code loads lazily in a coroutine's session, and the coroutine itself is told how") {
  as_task([](gw::AsyncEngine engine) -> gw::Task<void> {
    gw::AsyncSession writing(engine);
    co_await writing.begin(add_one);
    gw::AsyncSession session(engine);
    const std::size_t in_greenlet = co_await session.run_sync(children_of, 1);
    CHECK(in_greenlet == 2);
    co_await session.close();

    gw::AsyncSession other(engine);
    const auto parent = co_await other.get<Parent>(1);
    const std::string error = database::error_of<gw::MissingGreenlet>([&] { return parent->children.size(); });
    CHECK(error == "loading Parent::children needs a greenlet: load it with its entity by "
                   ".options(selectinload(&Parent::children)), or run what touches it with AsyncSession::run_sync()");
    co_await other.load(parent, &Parent::children);
    CHECK(parent->children.size() == 2);
    co_await other.load(parent->children[0], &Child::parent);
    CHECK(parent->children[0]->parent.get() == parent);
    co_await other.close();
  });
}

TEST_CASE("each function of an asynchronous session does what its namesake does") {
  as_task([](gw::AsyncEngine engine) -> gw::Task<void> {
    gw::AsyncSession session(engine);
    const auto parent = session.add(Parent{.name = "p"});
    co_await session.flush();
    CHECK(parent->id == 1);
    CHECK(session.in_transaction());
    co_await session.rollback();
    CHECK(session.state(parent) == gw::EntityState::transient);
    session.add_all(parent, Parent{.name = "q", .children = {Child{}}});
    co_await session.commit();
    const auto all = co_await session.scalars(gw::select<Parent>().order_by(&Parent::id));
    CHECK(all.size() == 2);
    auto result = co_await session.stream(gw::select<Parent>().options(gw::selectinload(&Parent::children)));
    int count = 0;
    while (const auto one = co_await result.fetchone()) {
      count += one->children.is_loaded() ? 1 : 0;
    }
    CHECK(count == 2);
    session.delete_(parent);
    co_await session.commit();
    const auto left = co_await session.scalars(gw::select<Parent>());
    REQUIRE(left.size() == 1);
    left[0]->name = "unwritten";
    co_await session.refresh(left[0]);
    CHECK(left[0]->name == "unwritten");  // written first
    co_await session.close();
  });
}
