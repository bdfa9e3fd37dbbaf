// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <string>

#include "ways.hpp"

namespace conformance {

using namespace std::chrono_literals;
using database::error_of;

namespace {

Engine engine_of(const Config& config, const char* prefix = "sqlalchemy.") {
#ifdef GREENWAY_FACADE
  return Engine(async_engine_from_config(config, prefix));
#else
  return engine_from_config(config, prefix);
#endif
}

}  // namespace

TEST_CASE("an engine is made from a configuration's names and values") {
  everywhere([](const Engine& given) {
    const Engine engine = engine_of({{"sqlalchemy.url", given.url().to_string(false)},
                                     {"sqlalchemy.pool_size", "7"},
                                     {"sqlalchemy.max_overflow", "-1"},
                                     {"sqlalchemy.pool_pre_ping", "True"},
                                     {"sqlalchemy.pool_timeout", "1.5"},
                                     {"sqlalchemy.pool_reset_on_return", "commit"},
                                     {"sqlalchemy.isolation_level", "SERIALIZABLE"},
                                     {"elsewhere.pool_size", "no number"}});
    CHECK(engine.options().pool_size == 7);
    CHECK(engine.options().max_overflow == -1);
    CHECK(engine.options().pool_pre_ping);
    CHECK(engine.options().pool_timeout == Duration(1500ms));
    CHECK(engine.options().pool_reset_on_return == ResetOnReturn::commit);
    CHECK(engine.get_execution_options().isolation_level == "SERIALIZABLE");
    CHECK(engine.scalar<int>(text("SELECT 1")) == 1);
  });
}

TEST_CASE("a configuration that cannot be understood is refused, by the name that is wrong") {
  CHECK(error_of<ArgumentError>([] { return engine_of({}); }) == "the configuration has no sqlalchemy.url");
  const auto refused = [](const char* name, const char* value) {
    return error_of<ArgumentError>([&] {
      return engine_of({{"gw.url", "sqlite://"}, {std::string("gw.") + name, value}}, "gw.");
    });
  };
  CHECK(refused("pool_sise", "1") == "the configuration's gw.pool_sise is no option of an engine");
  CHECK(refused("pool_size", "many") == "the configuration's gw.pool_size is not a number");
  CHECK(refused("pool_size", "7 ") == "the configuration's gw.pool_size is not a number");
  CHECK(refused("echo", "perhaps") == "the configuration's gw.echo is not true or false");
  CHECK(refused("poolclass", "big") == "the configuration's gw.poolclass is not one of queue, null, single, assertion");
}

}  // namespace conformance
