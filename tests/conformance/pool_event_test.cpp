// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <sstream>
#include <string>
#include <vector>

#include <greenway/db/driver.hpp>

#include "ways.hpp"

namespace conformance {

using namespace std::chrono_literals;
using database::error_of;

namespace {

EngineOptions pool(PoolClass kind) {
  EngineOptions options;
  options.poolclass = kind;
  options.pool_timeout = Duration::zero();
  return options;
}

// Writes down what happens to the sessions of an engine.
void listen_to_all(const Engine& engine, std::vector<std::string>& heard) {
  EngineEvents& events = engine.events();
  const auto note = [&heard](const char* what) { return [&heard, what](DriverConnection&) { heard.emplace_back(what); }; };
  events.connect.listen(note("connect"));
  events.checkout.listen(note("checkout"));
  events.reset.listen(note("reset"));
  events.checkin.listen(note("checkin"));
  events.invalidate.listen(note("invalidate"));
  events.soft_invalidate.listen(note("soft_invalidate"));
  events.close.listen(note("close"));
  events.detach.listen(note("detach"));
  events.close_detached.listen(note("close_detached"));
}

using Heard = std::vector<std::string>;

}  // namespace

TEST_CASE("a null pool opens a connection for each user and keeps none") {
  everywhere(pool(PoolClass::null), [](const Engine& engine) {
    {
      Connection connection = engine.connect();
      database::mark(connection);
    }
    CHECK(engine.pool_status().idle == 0);
    Connection connection = engine.connect();
    CHECK_FALSE(database::has_mark(connection));
    Connection other = engine.connect();
    CHECK(engine.pool_status().in_use == 2);
  });
}

TEST_CASE("a pool of a single connection serves one user after the other with it") {
  everywhere(pool(PoolClass::single), [](const Engine& engine) {
    {
      Connection connection = engine.connect();
      database::mark(connection);
      CHECK_THROWS_AS(engine.connect(), TimeoutError);
    }
    Connection connection = engine.connect();
    CHECK(database::has_mark(connection));
  });
}

TEST_CASE("an assertion pool tells the second user where the first one got the connection") {
  everywhere(pool(PoolClass::assertion), [](const Engine& engine) {
    Connection connection = engine.connect();
    const std::string message = error_of<InvalidRequestError>([&] { return engine.connect(); });
    CHECK(message.find("the only connection is already checked out at pool_event_test.cpp:") == 0);
  });
}

TEST_CASE("who finds the pool exhausted is told where its connections were checked out") {
  EngineOptions options = pool(PoolClass::queue);
  options.pool_size = 1;
  options.max_overflow = 0;
  everywhere(options, [](const Engine& engine) {
    CHECK(engine.checked_out().empty());
    Connection connection = engine.connect();
    REQUIRE(engine.checked_out().size() == 1);
    CHECK(engine.checked_out()[0].where.find("pool_event_test.cpp:") == 0);
    const std::string message = error_of<TimeoutError>([&] { return engine.connect(); });
    CHECK(message.find("QueuePool limit of size 1 overflow 0 reached, connection timed out, timeout 0.00; checked out the "
                       "longest: pool_event_test.cpp:") == 0);
    connection.close();
    CHECK(engine.checked_out().empty());
  });
}

TEST_CASE("connections are used in turn, or the one that came back last when the pool is told so") {
  EngineOptions options;
  options.pool_use_lifo = GENERATE(true, false);
  everywhere(options, [&](const Engine& engine) {
    Connection first = engine.connect();
    Connection second = engine.connect();
    database::mark(first);
    second.close();
    first.close();
    Connection again = engine.connect();
    CHECK(database::has_mark(again) == options.pool_use_lifo);
  });
}

TEST_CASE("a transaction that is open when its connection comes back is committed, if the pool is told so") {
  EngineOptions options;
  options.pool_reset_on_return = ResetOnReturn::commit;
  everywhere(options, [](const Engine& engine) {
    database::make_table(engine);
    engine.connect().execute(text("DELETE FROM t"));
    CHECK(database::count(engine) == 0);
  });
}

TEST_CASE("without reset a connection in a transaction is closed, and others come back untouched") {
  EngineOptions options;
  options.pool_reset_on_return = ResetOnReturn::none;
  everywhere(options, [](const Engine& engine) {
    database::make_table(engine);
    CHECK(engine.pool_status().idle == 1);
    engine.connect().execute(text("DELETE FROM t"));
    CHECK(engine.pool_status().idle == 0);
    CHECK(database::count(engine) == 3);
  });
}

TEST_CASE("handlers are told of the life of a session, in order") {
  everywhere([](const Engine& engine) {
    Heard heard;
    listen_to_all(engine, heard);
    engine.connect().execute(text("SELECT 1"));
    CHECK(heard == Heard{"connect", "checkout", "reset", "checkin"});

    heard.clear();
    Connection connection = engine.connect();
    connection.invalidate(true);
    CHECK(connection.scalar<int>(text("SELECT 1")) == 1);
    connection.close();
    CHECK(heard == Heard{"checkout", "soft_invalidate", "close"});

    heard.clear();
    connection = engine.connect();
    connection.invalidate();
    CHECK(heard == Heard{"connect", "checkout", "invalidate"});

    heard.clear();
    CHECK(connection.scalar<int>(text("SELECT 1")) == 1);
    connection.detach();
    connection.close();
    CHECK(heard == Heard{"connect", "checkout", "detach", "close_detached"});

    engine.connect().close();
    heard.clear();
    engine.dispose();
    CHECK(heard == Heard{"close"});
  });
}

TEST_CASE("a handler may use the session, and one that is removed is not called any more") {
  everywhere([](const Engine& engine) {
    database::make_table(engine);
    engine.dispose();
    const std::uint64_t number = engine.events().connect.listen([](DriverConnection& session) {
      session.execute(SQLText("CREATE TEMPORARY TABLE mark (x int)"), {}, {})->close();
    });
    Connection connection = engine.connect();
    CHECK(database::has_mark(connection));
    engine.events().connect.remove(number);
    CHECK_FALSE(engine.events().connect.is_heard());
    Connection other = engine.connect();
    CHECK_FALSE(database::has_mark(other));
  });
}

TEST_CASE("a session that the checkout event refuses is replaced, twice at most") {
  everywhere([](const Engine& engine) {
    int refusals = 2;
    int calls = 0;
    engine.events().checkout.listen([&](DriverConnection&) {
      ++calls;
      if (refusals-- > 0) {
        throw DisconnectionError("not this one");
      }
    });
    {
      Connection connection = engine.connect();
      CHECK(calls == 3);
      CHECK(connection.scalar<int>(text("SELECT 1")) == 1);
    }
    refusals = 3;
    CHECK_THROWS_AS(engine.connect(), InvalidRequestError);
    CHECK(engine.pool_status().in_use == 0);
  });
}

TEST_CASE("a connect event that fails leaves its place to others") {
  EngineOptions options;
  options.pool_size = 1;
  options.max_overflow = 0;
  everywhere(options, [](const Engine& engine) {
    bool fails = true;
    engine.events().connect.listen([&](DriverConnection&) {
      if (std::exchange(fails, false)) {
        throw ArgumentError("no");
      }
    });
    CHECK_THROWS_AS(engine.connect(), ArgumentError);
    CHECK(engine.pool_status().in_use == 0);
    CHECK(engine.connect().scalar<int>(text("SELECT 1")) == 1);
  });
}

TEST_CASE("the pool's status prints as SQLAlchemy's does, and what happens to connections is logged when asked") {
  EngineOptions options;
  options.echo_pool = true;
  everywhere(options, [](const Engine& engine) {
    std::vector<std::string> lines;
    set_log_sink([&](LogLevel, std::string_view logger, std::string_view line) {
      if (logger == "greenway.pool") {
        lines.emplace_back(line.substr(line.find(' ', sizeof "connection")));
      }
    });
    {
      Connection connection = engine.connect();
      std::ostringstream out;
      out << engine.pool_status();
      CHECK(out.str() == "Pool size: 5  Connections in pool: 0 Current Overflow: -4 Current Checked out connections: 1");
    }
    engine.dispose();
    set_log_sink({});
    CHECK(lines == std::vector<std::string>{" is opened", " is checked out", " comes back", " is closed"});
  });
}

}  // namespace conformance
