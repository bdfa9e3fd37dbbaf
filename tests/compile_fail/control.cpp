// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/async.hpp>
#include <greenway/sql/schema.hpp>

namespace gw = greenway;

gw::Task<> use(gw::AsyncEngine engine, std::string name) {
  gw::MetaData metadata;
  const auto make = [&metadata](gw::Connection& connection) { static_cast<void>(connection.in_transaction()); };
  co_await engine.begin(make);
  const auto own = [name](gw::Connection&) { return name.size(); };
  co_await engine.begin(own);  // an lvalue, whatever it owns
  gw::AsyncConnection connection = co_await engine.connect();
  gw::AsyncResult result = co_await connection.stream(gw::text("SELECT 1"));
  while (auto row = co_await result.fetchone()) {
    static_cast<void>(row->get<std::string_view>(0));
  }
}
