// SPDX-License-Identifier: BSL-1.0
//
// SQLAlchemy's examples/asyncio/greenlet_orm.py, line for line: synchronous ORM code, lazy loads and all, in a coroutine.
//
//   seed_greenlet_orm [URL]     on SQLite's memory unless told otherwise

#include <cstdint>
#include <iostream>
#include <optional>
#include <string>

#include <greenway/db/schema_changes.hpp>
#include <greenway/greenway.hpp>
#include <greenway/orm/async_session.hpp>
#include <greenway/orm/registry.hpp>
#include <greenway/runtime/task.hpp>

namespace gw = greenway;

struct B {
  std::int32_t id = 0;
  std::optional<std::int32_t> a_id = {};
  std::optional<std::string> data = {};
};

struct A {
  std::int32_t id = 0;
  std::optional<std::string> data = {};
  gw::Many<B> bs = {};
};

std::ostream& operator<<(std::ostream& out, const A& a) { return out << "A(id=" << a.id << ')'; }
std::ostream& operator<<(std::ostream& out, const B& b) { return out << "B(id=" << b.id << ')'; }

void map_all(gw::Registry& registry) {
  registry.map<A>("a", gw::mapped_column(&A::id, "id", gw::primary_key), gw::mapped_column(&A::data, "data"),
                  gw::relationship(&A::bs, "bs"));
  registry.map<B>("b", gw::mapped_column(&B::id, "id", gw::primary_key),
                  gw::mapped_column(&B::a_id, "a_id", gw::ForeignKey("a.id")), gw::mapped_column(&B::data, "data"));
}

// A function written in synchronous style, which is invoked within the event loop. What it is given is a traditional
// Session, with a synchronous interface.
void run_queries(gw::Session& session) {
  const auto stmt = gw::select<A>();

  for (const auto& a1 : session.execute(stmt).scalars().all()) {
    std::cout << *a1 << '\n';
    // lazy loads
    for (const auto& b1 : a1->bs) {
      std::cout << *b1 << '\n';
    }
  }

  const auto a1 = session.execute(gw::select<A>().order_by(&A::id)).scalars().first();

  a1->data = "new data";
}

void add_all(gw::Session& session) {
  session.add_all(A{.data = "a1", .bs = {B(), B()}},
                  A{.data = "a2", .bs = {B()}},
                  A{.data = "a3", .bs = {B(), B()}});
}

void drop_and_create(gw::Connection& conn, const gw::Registry& registry) {
  registry.metadata().drop_all(conn);
  registry.metadata().create_all(conn);
}

gw::Task<void> async_main(std::string url, gw::Registry& registry) {
  const auto engine = gw::create_async_engine(url, {.echo = true});
  co_await engine.begin(drop_and_create, std::cref(registry));

  gw::AsyncSession session(engine, {.expire_on_commit = true});
  co_await session.begin(add_all);

  // A function written in synchronous style, with the session; it can use traditional ORM patterns.
  co_await session.run_sync(run_queries);

  co_await session.commit();
}

int main(int argc, char** argv) {
  gw::Registry registry;
  map_all(registry);
  gw::run(async_main(argc > 1 ? argv[1] : "sqlite://", registry));
}
