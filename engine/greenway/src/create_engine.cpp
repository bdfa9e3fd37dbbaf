// SPDX-License-Identifier: BSL-1.0
#include <greenway/greenway.hpp>
#include <greenway/postgresql/driver.hpp>
#include <greenway/sqlite/driver.hpp>

namespace greenway {

namespace {

// Once: a driver that the application registers afterwards under the same name stays.
void register_linked_drivers() {
  static const bool is_done = [] {
    register_postgresql();
    register_sqlite();
    return true;
  }();
  static_cast<void>(is_done);
}

}  // namespace

Engine create_engine(std::string_view url, const EngineOptions& options) { return create_engine(URL(url), options); }

Engine create_engine(const URL& url, const EngineOptions& options) {
  register_linked_drivers();
  return Engine(url, options);
}

AsyncEngine create_async_engine(std::string_view url, const EngineOptions& options) {
  return AsyncEngine(create_engine(url, options));
}

AsyncEngine create_async_engine(const URL& url, const EngineOptions& options) {
  return AsyncEngine(create_engine(url, options));
}

ConnectionPool create_pool_from_url(std::string_view url, const EngineOptions& options) {
  register_linked_drivers();
  return ConnectionPool(URL(url), options);
}

Engine engine_from_config(const Config& config, std::string_view prefix) {
  const auto url = config.find(std::string(prefix) + "url");
  if (url == config.end()) {
    throw ArgumentError("the configuration has no " + std::string(prefix) + "url");
  }
  return create_engine(url->second, options_from_config(config, prefix));
}

AsyncEngine async_engine_from_config(const Config& config, std::string_view prefix) {
  return AsyncEngine(engine_from_config(config, prefix));
}

}  // namespace greenway
