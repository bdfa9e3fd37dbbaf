// SPDX-License-Identifier: BSL-1.0
#include <iostream>
#include <boost/asio.hpp>
#include <greenway/asio/asio.hpp>
#include <greenway/greenway.hpp>

std::int64_t deposit(greenway::Connection& conn, std::int64_t cents) {  // synchronous: knows no event loop
  auto transaction = conn.begin();
  conn.execute(greenway::text("INSERT INTO deposit VALUES (:cents)").bind("cents", cents));
  const auto total = conn.scalar<std::int64_t>(greenway::text("SELECT sum(cents) FROM deposit"));
  transaction.commit();
  return total;
}

boost::asio::awaitable<void> serve(greenway::AsyncEngine engine) {
  auto conn = co_await engine.connect();
  std::cout << "a coroutine deposits 250: " << co_await conn.run_sync(deposit, 250) << '\n';
}

int main() {
  const auto engine = greenway::create_engine("sqlite://");
  engine.begin([](auto& conn) { conn.execute(greenway::text("CREATE TABLE deposit (cents integer)")); });
  auto conn = engine.connect();
  std::cout << "a thread deposits 100: " << deposit(conn, 100) << '\n';
  boost::asio::io_context loop;
  auto served = boost::asio::co_spawn(loop, serve(greenway::AsyncEngine(engine)), boost::asio::use_future);
  loop.run();
  served.get();
}
