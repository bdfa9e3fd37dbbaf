// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/async.hpp>

greenway::Task<> use(greenway::AsyncEngine engine, std::string name) {
  co_await engine.begin([name](greenway::Connection&) { return name.size(); });
}
