// SPDX-License-Identifier: BSL-1.0
//
// sqlalchemy_aio's first example, line for line: a connection whose calls are made by a thread of its own, while the loop
// goes on.
//
//   seed_thread_worker [--asio] [--keep] [URL]
//
// On the SQLite file test.db and Greenway's own loop unless told otherwise. --keep leaves the table there.

#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio.hpp>
#include <greenway/asio/asio.hpp>
#include <greenway/greenway.hpp>
#include <greenway/runtime/task.hpp>
#include <greenway/sql/ddl.hpp>
#include <greenway/sql/dml.hpp>
#include <greenway/sql/schema.hpp>
#include <greenway/sql/select.hpp>

namespace gw = greenway;

gw::Task<void> run(std::string url, bool keeps_table) {
  // As in SQLAlchemy 1.3, each statement outside of begin() commits by itself.
  const auto engine = gw::create_async_engine(url, {.autobegin = false});

  gw::MetaData metadata;
  const gw::Table users("users", metadata, gw::Column("id", gw::Integer(), gw::primary_key), gw::Column("name", gw::Text()));

  // Create the table
  co_await engine.execute(gw::CreateTable(users));

  auto conn = co_await engine.connect();

  // Insert some users
  co_await conn.execute(gw::insert(users).values("name", "Jeremy Goodwin"));
  co_await conn.execute(gw::insert(users).values("name", "Natalie Hurley"));
  co_await conn.execute(gw::insert(users).values("name", "Dan Rydell"));
  co_await conn.execute(gw::insert(users).values("name", "Casey McCall"));
  co_await conn.execute(gw::insert(users).values("name", "Dana Whitaker"));

  auto result = co_await conn.execute(gw::select(users).where(users.c("name").startswith("D")));
  const auto d_users = result.fetchall();

  co_await conn.close();

  // Print out the users
  for (const gw::Row& user : d_users) {
    std::cout << "Username: " << user.get<std::string>(users.c("name")) << '\n';
  }

  // A connection, and a transaction in it
  {
    auto scoped = co_await engine.connect();
    auto trans = co_await scoped.begin();
    if (co_await scoped.scalar<int>(gw::select(gw::literal(1))) != 1) {
      throw std::logic_error("1 is not 1");
    }
    co_await trans.commit();
    co_await scoped.close();
  }

  if (!keeps_table) {
    co_await engine.execute(gw::DropTable(users));
  }
}

int main(int argc, char** argv) {
  std::string url = "sqlite:///test.db?strategy=thread";
  bool on_asio = false;
  bool keeps_table = false;
  for (const std::string_view argument : std::vector<std::string_view>(argv + 1, argv + argc)) {
    on_asio = on_asio || argument == "--asio";
    keeps_table = keeps_table || argument == "--keep";
    if (!argument.starts_with("--")) {
      url = argument;
    }
  }

  // To use another loop, change the runner.
  if (on_asio) {
    boost::asio::io_context loop;
    auto done = run(url, keeps_table)(boost::asio::bind_executor(loop, boost::asio::use_future));
    loop.run();
    done.get();
  } else {
    gw::run(run(url, keeps_table));
  }
}
