// SPDX-License-Identifier: BSL-1.0
#include <iostream>
#include <boost/asio.hpp>
#include <greenway/asio/asio.hpp>
#include <greenway/greenway.hpp>
namespace gw = greenway;

std::int64_t deposit(gw::Connection& conn, std::int64_t cents) {  // synchronous: knows no event loop
  return conn.begin([&] {
    conn.execute(gw::text("INSERT INTO deposit VALUES (:cents)").bind("cents", cents));
    return conn.scalar<std::int64_t>(gw::text("SELECT sum(cents) FROM deposit"));
  });
}

boost::asio::awaitable<void> serve(gw::AsyncEngine engine) {
  auto conn = co_await engine.connect();
  std::cout << "a coroutine deposits 250: " << co_await conn.run_sync(deposit, 250) << '\n';
}

int main() {
  const auto engine = gw::create_engine("sqlite://");
  engine.begin([](gw::Connection& conn) { conn.execute(gw::text("CREATE TABLE deposit (cents integer)")); });
  engine.connect([](gw::Connection& conn) { std::cout << "a thread deposits 100: " << deposit(conn, 100) << '\n'; });
  boost::asio::io_context loop;
  auto served = boost::asio::co_spawn(loop, serve(gw::AsyncEngine(engine)), boost::asio::use_future);
  loop.run();
  served.get();
}
