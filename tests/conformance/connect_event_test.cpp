// SPDX-License-Identifier: BSL-1.0

// Who opens a session, with what, and who is told of it.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <greenway/db/driver.hpp>
#include <greenway/runtime/task_group.hpp>

#include "ways.hpp"

namespace conformance {

using namespace std::chrono_literals;
using database::error_of;

namespace {

std::unique_ptr<DriverConnection> open(const URL& url) { return make_driver(url)->connect(Deadline::in(10s)); }

std::int64_t one(const Engine& engine) { return engine.connect().scalar<std::int64_t>(text("SELECT 1")); }

}  // namespace

TEST_CASE("a creator opens the sessions of its engine, and its failures are those of the database") {
  everywhere([](const Engine& engine) {
    int opened = 0;
    EngineOptions options;
    options.creator = [&] {
      ++opened;
      return open(engine.url());
    };
    CHECK(one(engine_for(engine.url(), options)) == 1);
    CHECK(opened == 1);

    options.creator = []() -> std::unique_ptr<DriverConnection> { throw std::runtime_error("no token"); };
    const Engine broken = engine_for(engine.url(), options);
    bool is_told = false;
    broken.events().handle_error.listen([&](ErrorContext& it) { is_told = it.connection == nullptr; });
    CHECK(error_of<OperationalError>([&] { return broken.connect(); }) == "the creator of sessions failed: no token");
    CHECK(is_told);
    CHECK(broken.pool_status().in_use == 0);

    options.creator = [] { return std::unique_ptr<DriverConnection>(); };
    const Engine empty = engine_for(engine.url(), options);
    CHECK(error_of<InvalidRequestError>([&] { return empty.connect(); }) == "the creator of sessions has returned none");
    CHECK(empty.pool_status().in_use == 0);
  });
}

TEST_CASE("a handler of do_connect opens the session itself, or says where and with what password") {
  const database::Scratch elsewhere = database::each();
  database::run_sql(create_engine(elsewhere.url()), "CREATE TABLE elsewhere (id bigint)");
  everywhere([&](const Engine& engine) {
    const auto is_elsewhere = [&] {
      try {
        engine.connect().execute(text("SELECT * FROM elsewhere"));
        return true;
      } catch (const ProgrammingError&) {
        return false;
      }
    };
    CHECK_FALSE(is_elsewhere());
    const auto number = engine.events().do_connect.listen([&](ConnectContext& it) { it.url = URL(elsewhere.url()); });
    engine.dispose();
    CHECK(is_elsewhere());
    engine.events().do_connect.remove(number);
    engine.events().do_connect.listen([&](ConnectContext& it) { it.connection = open(URL(elsewhere.url())); });
    engine.dispose();
    CHECK(is_elsewhere());
  });
}

TEST_CASE("an error that opening a session ends in is told to the handlers of errors, who may replace it") {
  const URL url = nowhere();
  in_each_way([&] {
    const Engine engine = engine_for(url);
    std::string heard;
    const auto number = engine.events().handle_error.listen([&](ErrorContext& it) {
      heard = it.error.what();
      CHECK(it.connection == nullptr);
      CHECK(it.statement == nullptr);
    });
    CHECK(error_of<OperationalError>([&] { return engine.connect(); }) == heard);
    CHECK_FALSE(heard.empty());
    engine.events().handle_error.remove(number);
    engine.events().handle_error.listen([](ErrorContext&) { throw std::runtime_error("replaced"); });
    CHECK(error_of<std::runtime_error>([&] { return engine.connect(); }) == "replaced");
    CHECK(engine.pool_status().in_use == 0);
  });
}

TEST_CASE("the first session is told of once, before anybody uses another one") {
  everywhere([](const Engine& engine) {
    std::vector<std::string> heard;
    int failures = 1;
    engine.events().first_connect.listen([&](DriverConnection& session) {
      session.ping(Deadline::in(10s));  // others come meanwhile
      if (failures-- > 0) {
        throw std::runtime_error("not yet");
      }
      heard.emplace_back("first");
    });
    engine.events().connect.listen([&](DriverConnection&) { heard.emplace_back("connect"); });
    CHECK(error_of<std::runtime_error>([&] { return engine.connect(); }) == "not yet");
    gw::run([&] {
      TaskGroup group;
      for (int i = 0; i != 3; ++i) {
        group.spawn([&] {
          Connection connection = engine.connect();
          connection.execute(text("SELECT 1"));
        });
      }
      group.wait();
    });
    REQUIRE(heard.size() >= 2);
    CHECK(heard.front() == "first");
    CHECK(std::count(heard.begin(), heard.end(), "first") == 1);
    CHECK(engine.pool_status().in_use == 0);
  });
}

TEST_CASE("an isolation level that no database has is refused where it is said") {
  everywhere([](const Engine& engine) {
    const std::string refusal = "Invalid value 'STRICT' for isolation_level. Valid isolation levels for '" +
                                std::string(engine.name()) +
                                "' are AUTOCOMMIT, READ COMMITTED, READ UNCOMMITTED, REPEATABLE READ, SERIALIZABLE";
    EngineOptions options;
    options.isolation_level = "STRICT";
    CHECK(error_of<ArgumentError>([&] { return engine_for(engine.url(), options); }) == refusal);
    ExecutionOptions strict;
    strict.isolation_level = "STRICT";
    CHECK(error_of<ArgumentError>([&] { return engine.execution_options(strict); }) == refusal);
    Connection connection = engine.connect();
    CHECK(error_of<ArgumentError>([&] { return &connection.execution_options(strict); }) == refusal);
    CHECK(connection.scalar<std::int64_t>(text("SELECT 1")) == 1);
  });
}

}  // namespace conformance
