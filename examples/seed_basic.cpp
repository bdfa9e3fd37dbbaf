// SPDX-License-Identifier: BSL-1.0
//
// SQLAlchemy's examples/asyncio/basic.py, line for line: the engine and connection interface in a coroutine.
//
//   seed_basic [URL]     on SQLite's memory unless told otherwise

#include <iostream>
#include <string>

#include <greenway/db/schema_changes.hpp>
#include <greenway/greenway.hpp>
#include <greenway/runtime/task.hpp>
#include <greenway/sql/dml.hpp>
#include <greenway/sql/schema.hpp>
#include <greenway/sql/select.hpp>

namespace gw = greenway;

gw::MetaData meta;

const gw::Table t1("t1", meta, gw::Column("id", gw::Integer(), gw::primary_key), gw::Column("name", gw::String()));

// What is called with the connection is ordinary synchronous code; its I/O lets the loop go on.
void drop_all(gw::Connection& conn) { meta.drop_all(conn); }
void create_all(gw::Connection& conn) { meta.create_all(conn); }

gw::Task<void> prepare(gw::AsyncConnection& conn) {
  co_await conn.run_sync(drop_all);
  co_await conn.run_sync(create_all);

  // For normal execution of statements: co_await conn.execute().
  const auto names = gw::rows(gw::params("name", "some name 1"), gw::params("name", "some name 2"));
  co_await conn.execute(gw::insert(t1), names);
}

gw::Task<void> show(gw::AsyncConnection& conn) {
  // The result is buffered: its rows need no co_await.
  auto result = co_await conn.execute(gw::select(t1));
  std::cout << '[';
  const char* between = "";
  for (const gw::Row& row : result.all()) {
    std::cout << between << row;
    between = ", ";
  }
  std::cout << "]\n";

  // A streaming result buffers only segments at a time.
  auto async_result = co_await conn.stream(gw::select(t1));
  while (auto row = co_await async_result.fetchone()) {
    std::cout << *row << '\n';
  }
}

gw::Task<void> async_main(std::string url) {
  // An AsyncEngine.
  const gw::AsyncEngine engine = gw::create_async_engine(url, {.echo = true});

  // conn is an AsyncConnection; the scope commits.
  co_await engine.begin(prepare);

  co_await engine.connect(show);
}

int main(int argc, char** argv) { gw::run(async_main(argc > 1 ? argv[1] : "sqlite://")); }
