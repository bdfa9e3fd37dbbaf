// SPDX-License-Identifier: BSL-1.0
//
// SQLAlchemy's examples/asyncio/async_orm.py, line for line: the asynchronous ORM.
//
//   seed_async_orm [URL]     on SQLite's memory unless told otherwise

#include <chrono>
#include <cstdint>
#include <functional>
#include <iostream>
#include <optional>
#include <string>

#include <greenway/db/schema_changes.hpp>
#include <greenway/greenway.hpp>
#include <greenway/orm/async_session.hpp>
#include <greenway/orm/registry.hpp>
#include <greenway/runtime/task.hpp>
#include <greenway/sql/func.hpp>

namespace gw = greenway;

using Moment = std::chrono::local_time<std::chrono::microseconds>;

struct B {
  std::int32_t id = 0;
  std::optional<std::int32_t> a_id = {};
  std::optional<std::string> data = {};
};

struct A {
  std::int32_t id = 0;
  std::optional<std::string> data = {};
  // What the server makes of it is there after the flush: no access needs another statement.
  std::optional<Moment> create_date = {};
  gw::Many<B> bs = {};
};

std::ostream& operator<<(std::ostream& out, const A& a) { return out << "A(id=" << a.id << ')'; }
std::ostream& operator<<(std::ostream& out, const Moment& moment) {
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(moment - day);
  return out << int(date.year()) << '-' << unsigned(date.month()) << '-' << unsigned(date.day()) << ' ' << time.hours().count()
             << ':' << time.minutes().count() << ':' << time.seconds().count();
}
std::ostream& operator<<(std::ostream& out, const B& b) { return out << "B(id=" << b.id << ')'; }

void map_all(gw::Registry& registry) {
  registry.map<A>("a", gw::mapped_column(&A::id, "id", gw::primary_key), gw::mapped_column(&A::data, "data"),
                  gw::mapped_column(&A::create_date, "create_date", gw::server_default(gw::func::now())),
                  gw::relationship(&A::bs, "bs"));
  registry.map<B>("b", gw::mapped_column(&B::id, "id", gw::primary_key),
                  gw::mapped_column(&B::a_id, "a_id", gw::ForeignKey("a.id")), gw::mapped_column(&B::data, "data"));
}

void drop_and_create(gw::Connection& conn, const gw::Registry& registry) {
  registry.metadata().drop_all(conn);
  registry.metadata().create_all(conn);
}

void add_all(gw::Session& session) {
  session.add_all(A{.data = "a1", .bs = {B(), B()}},
                  A{.data = "a2", .bs = {B()}},
                  A{.data = "a3", .bs = {B(), B()}});
}

gw::Task<void> async_main(std::string url, gw::Registry& registry) {
  const auto engine = gw::create_async_engine(url, {.echo = true});
  co_await engine.begin(drop_and_create, std::cref(registry));

  // Entities are not expired by a commit.
  gw::AsyncSession session(engine, {.expire_on_commit = false});
  co_await session.begin(add_all);

  // for relationship loading, eager loading should be applied.
  const auto stmt = gw::select<A>().options(gw::selectinload(&A::bs));

  // What scalars() gives is buffered.
  const auto all = co_await session.scalars(stmt);
  for (const auto& a1 : all) {
    std::cout << *a1 << '\n';
    std::cout << "created at: " << *a1->create_date << '\n';
    for (const auto& b1 : a1->bs) {
      std::cout << *b1 << '\n';
    }
  }

  // For streaming ORM results, stream() may be used.
  auto result = co_await session.stream(stmt);
  while (const auto a1 = co_await result.fetchone()) {
    std::cout << *a1 << '\n';
    for (const auto& b1 : a1->bs) {
      std::cout << *b1 << '\n';
    }
  }

  const auto ordered = co_await session.scalars(gw::select<A>().order_by(&A::id));
  const auto a1 = ordered.front();

  a1->data = "new data";

  co_await session.commit();
}

int main(int argc, char** argv) {
  gw::Registry registry;
  map_all(registry);
  gw::run(async_main(argc > 1 ? argv[1] : "sqlite://", registry));
}
