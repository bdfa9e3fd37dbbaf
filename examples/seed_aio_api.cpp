// SPDX-License-Identifier: BSL-1.0
//
// sqlalchemy_aio's API, each class and each member once, in the order of its reference.
//
//   seed_aio_api [URL]     on the SQLite file api.db, whose calls a thread of its own makes, unless told otherwise

#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <greenway/greenway.hpp>
#include <greenway/runtime/offload.hpp>
#include <greenway/runtime/task.hpp>
#include <greenway/sql/ddl.hpp>
#include <greenway/sql/dml.hpp>
#include <greenway/sql/func.hpp>
#include <greenway/sql/schema.hpp>
#include <greenway/sql/select.hpp>

namespace gw = greenway;

gw::MetaData meta;

const gw::Table users("users", meta, gw::Column("id", gw::Integer(), gw::primary_key), gw::Column("name", gw::Text()));

const auto count = gw::select(gw::func::count()).select_from(users);
const auto by_id = gw::select(users).order_by(users.c("id"));

// Anything that blocks.
int add(int a, int b) { return a + b; }
int count_with(gw::Connection& conn) { return conn.scalar<int>(count); }

template <class T>
void show(std::string_view what, const T& value) {
  std::cout << what << ": " << value << '\n';
}
void show(std::string_view what, const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) {
    all += (all.empty() ? "" : ", ") + name;
  }
  show(what, "[" + all + "]");
}
void show(std::string_view what, const std::vector<gw::Row>& rows) {
  for (const gw::Row& row : rows) {
    show(what, row);
  }
}

gw::Task<void> delete_two(gw::AsyncConnection& conn) {
  const std::vector<int> first_two{1, 2};
  const auto result = co_await conn.execute(gw::delete_(users).where(users.c("id").in_(first_two)));
  show("engine.begin: rowcount", result.rowcount());
  show("engine.begin: returns_rows", result.returns_rows());
}

gw::Task<void> engine_tour(gw::AsyncEngine engine) {
  co_await engine.execute(gw::CreateTable(users));
  auto result = co_await engine.execute(gw::insert(users).values("name", "Jeremy Goodwin"));
  for (const char* const name : {"Natalie Hurley", "Dan Rydell", "Casey McCall", "Dana Whitaker"}) {
    result = co_await engine.execute(gw::insert(users).values("name", name));
  }
  const gw::Value& id = result.inserted_primary_key().front();
  show("inserted_primary_key", *id.get_if<std::int64_t>());
  show("rowcount", result.rowcount());

  const bool has_users = co_await engine.has_table("users");
  show("engine.has_table(users)", has_users);
  const bool has_others = co_await engine.has_table("others");
  show("engine.has_table(others)", has_others);
  const auto names = co_await engine.table_names();
  show("engine.table_names", names);
  const int users_now = co_await engine.scalar<int>(count);
  show("engine.scalar", users_now);
  const int sum = co_await engine.run_in_thread(add, 1, 2);
  show("engine.run_in_thread", sum);
  co_await engine.begin(delete_two);
}

gw::Task<void> result_tour(gw::AsyncConnection& conn) {
  auto result = co_await conn.stream(by_id);
  show("result.keys", result.keys());
  show("result.returns_rows", result.returns_rows());
  const auto first = co_await result.first();
  show("result.first", *first);

  result = co_await conn.stream(by_id);
  const auto one = co_await result.fetchone();
  show("result.fetchone", *one);
  const auto next = co_await result.fetchmany();
  show("result.fetchmany", next);
  const auto rest = co_await result.fetchmany(5);
  show("result.fetchmany(5)", rest);
  const auto none = co_await result.fetchone();
  show("result.fetchone", none.has_value());

  result = co_await conn.stream(by_id);
  const auto all = co_await result.fetchall();
  show("result.fetchall", all.size());
  result = co_await conn.stream(count);
  const int scalar = co_await result.scalar<int>();
  show("result.scalar", scalar);
  result = co_await conn.stream(by_id);
  co_await result.close();
  show("result.closed", result.closed());
}

gw::Task<void> connection_tour(gw::AsyncEngine engine) {
  auto conn = co_await engine.connect();
  co_await result_tour(conn);
  co_await conn.rollback();

  auto trans = co_await conn.begin();
  show("conn.in_transaction", conn.in_transaction());
  auto nested = co_await conn.begin_nested();
  co_await conn.execute(gw::delete_(users));
  co_await nested.rollback();
  const int kept = co_await conn.scalar<int>(count);
  show("conn.scalar", kept);
  co_await trans.close();
  show("conn.in_transaction", conn.in_transaction());
  trans = co_await conn.begin();
  co_await conn.execute(gw::insert(users).values("name", "Isaac Jaffe"));
  co_await trans.commit();

  auto branch = conn.connect();
  co_await branch.close();
  show("branch.closed", branch.closed());
  show("conn.closed", conn.closed());
  const int product = co_await conn.run_in_thread(add, 3, 4);
  show("conn.run_in_thread", product);
  show("conn.sync_connection", conn.sync_connection().closed());

  co_await conn.close();
  show("conn.closed", conn.closed());
  try {
    co_await conn.execute(by_id);
  } catch (const gw::ResourceClosedError& error) {
    show("conn.execute", error.what());
  }
}

gw::Task<void> drop(gw::AsyncEngine engine) { co_await engine.execute(gw::DropTable(users)); }

int main(int argc, char** argv) {
  std::cout << std::boolalpha;
  gw::set_log_sink([](gw::LogLevel, std::string_view, std::string_view line) { std::cout << line << '\n'; });
  const std::string url = argc > 1 ? argv[1] : "sqlite:///api.db?strategy=thread";
  const auto engine = gw::create_async_engine(url, {.autobegin = false});

  gw::run(engine_tour(engine));
  gw::run(connection_tour(engine));

  // These block their thread, and say so.
  show("engine.run_callable", engine.run_callable(count_with));
  auto conn = engine.connect().get();
  show("conn.run_callable", conn.run_callable(count_with));
  conn.close().get();
  show("engine.sync_engine", engine.sync_engine().name() == engine.name());

  gw::run(drop(engine));

  gw::ThreadWorker worker;
  worker.quit();
  try {
    worker.run([] {});
  } catch (const gw::AlreadyQuit& error) {
    show("AlreadyQuit", error.what());
  }
}
