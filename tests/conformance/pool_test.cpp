// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "ways.hpp"

namespace conformance {

using namespace std::chrono_literals;
using database::error_of;

namespace {

EngineOptions pool_of(std::size_t size, int overflow = 0) {
  EngineOptions options;
  options.pool_size = size;
  options.max_overflow = overflow;
  return options;
}

// Lets the others go on until so many wait; from a thread that is nobody's loop.
void await_waiting(const Engine& engine, std::size_t waiting) {
  while (engine.pool_status().waiting != waiting) {
    std::this_thread::yield();
  }
}

}  // namespace

TEST_CASE("a connection is opened when it is needed, and used again") {
  everywhere([](const Engine& engine) {
    CHECK(engine.pool_status().idle == 0);
    {
      Connection connection = engine.connect();
      CHECK(engine.pool_status().in_use == 1);
      database::mark(connection);
    }
    CHECK(engine.pool_status().idle == 1);
    CHECK(engine.pool_status().in_use == 0);

    Connection again = engine.connect();
    CHECK(database::has_mark(again));
  });
}

TEST_CASE("a connection comes back without its transaction") {
  everywhere(pool_of(1), [](const Engine& engine) {
    database::make_table(engine);
    engine.connect().execute(text("DELETE FROM t"));

    Connection next = engine.connect();
    CHECK_FALSE(next.in_transaction());
    CHECK(next.scalar<int>(text("SELECT count(*) FROM t")) == 3);
  });
}

TEST_CASE("connections beyond the size are closed when they come back") {
  everywhere(pool_of(1, 2), [](const Engine& engine) {
    {
      std::vector<Connection> connections;
      for (int i = 0; i < 3; ++i) {
        connections.push_back(engine.connect());
      }
      CHECK(engine.pool_status().in_use == 3);
    }

    CHECK(engine.pool_status().idle == 1);
    CHECK(engine.pool_status().in_use == 0);
  });
}

TEST_CASE("sizes without a limit are possible, a negative one is refused") {
  everywhere(GENERATE(pool_of(0), pool_of(1, -1)), [](const Engine& engine) {
    std::vector<Connection> connections;
    for (int i = 0; i < 20; ++i) {
      connections.push_back(engine.connect());
    }

    CHECK(engine.pool_status().in_use == 20);
    CHECK_THROWS_AS(engine_for(engine.url(), pool_of(1, -2)), ArgumentError);
  });
}

TEST_CASE("who waits too long for a connection is told the pool's limits") {
  EngineOptions options = pool_of(1, 1);
  options.pool_timeout = GENERATE(Duration(0), Duration(20ms));
  const std::string timeout = options.pool_timeout == Duration(0) ? "0.00" : "0.02";
  everywhere(options, [&](const Engine& engine) {
    const Connection first = engine.connect();
    {
      const Connection second = engine.connect();
      CHECK(error_of<TimeoutError>([&] { return engine.connect(); })
                .find("QueuePool limit of size 1 overflow 1 reached, connection timed out, timeout " + timeout + ';') == 0);
      CHECK(engine.pool_status().waiting == 0);
    }

    CHECK_FALSE(engine.connect().closed());
  });
}

TEST_CASE("threads that wait are served in the order of their arrival") {
  everywhere(pool_of(1), [](const Engine& engine) {
    std::optional<Connection> holder = engine.connect();
    std::vector<int> order;
    std::vector<std::thread> threads;

    for (int i = 0; i < 5; ++i) {
      threads.emplace_back([&, i] {
        const Connection connection = engine.connect();
        order.push_back(i);  // one connection: one thread at a time
      });
      await_waiting(engine, threads.size());
    }
    holder.reset();
    for (std::thread& thread : threads) {
      thread.join();
    }

    CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
    CHECK(engine.pool_status().idle == 1);
  });
}

TEST_CASE("who waits while the engine is disposed is served afterwards") {
  everywhere(pool_of(1), [](const Engine& engine) {
    std::optional<Connection> holder = engine.connect();
    database::mark(*holder);
    std::atomic<int> served{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        Connection connection = engine.connect();
        served += database::has_mark(connection) ? 0 : 1;
      });
    }
    await_waiting(engine, threads.size());

    engine.dispose();
    holder.reset();
    for (std::thread& thread : threads) {
      thread.join();
    }

    CHECK(served == 3);
    CHECK(engine.pool_status().in_use == 0);
  });
}

TEST_CASE("two threads that use a cold engine at once are both answered") {
  everywhere([](const Engine& engine) {
    std::atomic<int> arrived{0};
    std::atomic<int> answers{0};
    const auto use = [&] {
      for (++arrived; arrived < 2;) {
        std::this_thread::yield();
      }
      Connection connection = engine.connect();
      answers += connection.scalar<int>(text("SELECT 1"));
      for (++arrived; arrived < 4;) {  // both hold one
        std::this_thread::yield();
      }
    };
    std::thread first(use);
    std::thread second(use);
    first.join();
    second.join();

    CHECK(answers == 2);
    CHECK(engine.pool_status().idle == 2);
  });
}

TEST_CASE("who is cancelled while waiting for a connection leaves the queue") {
  everywhere(pool_of(1), [](const Engine& engine) {
    std::optional<Connection> holder = engine.connect();

    CHECK_THROWS_AS(with_timeout(10ms, [&] { return engine.connect(); }), TimeoutError);

    CHECK(engine.pool_status().waiting == 0);
    holder.reset();
    CHECK_FALSE(engine.connect().closed());
  });
}

TEST_CASE("a statement that is cancelled leaves its place to the next user, and nothing of itself") {
  everywhere(pool_of(1), [](const Engine& engine) {
    database::make_table(engine);
    const auto slow = [&engine] {
      Connection connection = engine.connect();
      connection.execute(text("DELETE FROM t"));
      connection.execute(text(endless));
    };

    CHECK_THROWS_AS(with_timeout(100ms, slow), TimeoutError);

    Connection next = engine.connect();
    CHECK_FALSE(next.in_transaction());
    CHECK(next.scalar<int>(text("SELECT count(*) FROM t")) == 3);
  });
}

TEST_CASE("a connection that cannot be opened leaves its place to others") {
  EngineOptions options = pool_of(1);
  options.pool_timeout = Duration(0);
  const URL url = nowhere();
  in_each_way([&] {
    const Engine engine = engine_for(url, options);

    for (int i = 0; i < 3; ++i) {
      CHECK_THROWS_AS(engine.connect(), OperationalError);
      CHECK(engine.pool_status().in_use == 0);
    }
  });
}

TEST_CASE("who waits is not kept waiting by somebody whose connection cannot be opened") {
  const Engine engine = engine_for(nowhere(), pool_of(1));
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;

  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      try {
        static_cast<void>(engine.connect());
      } catch (const OperationalError&) {
        ++failures;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }

  CHECK(failures == 8);
}

TEST_CASE("a connection older than pool_recycle is replaced") {
  EngineOptions options;
  options.pool_recycle = GENERATE(Duration(0), Duration(1h), Duration(-1));
  const bool is_kept = options.pool_recycle != Duration(0);
  everywhere(options, [&](const Engine& engine) {
    {
      Connection connection = engine.connect();
      database::mark(connection);
    }

    Connection connection = engine.connect();
    CHECK(database::has_mark(connection) == is_kept);
    CHECK(engine.pool_status().in_use == 1);
    CHECK(engine.pool_status().idle == 0);
  });
}

TEST_CASE("with pre-ping a connection that the server has left is replaced unseen, and those as old with it") {
  EngineOptions options;
  options.pool_pre_ping = true;
  on_postgresql(options, [](const Engine& engine) {
    std::vector<Connection> connections;
    const auto backends = [&] {
      std::vector<int> pids;
      for (int i = 0; i < 3; ++i) {
        connections.push_back(engine.connect());
        pids.push_back(connections.back().scalar<int>(text("SELECT pg_backend_pid()")));
      }
      return pids;
    };
    const std::vector<int> before = backends();
    connections.clear();
    const auto kill = text("SELECT pg_terminate_backend(CAST(:pid AS int), 10000)");
    CHECK(engine_for(engine.url()).scalar<bool>(kill.bind("pid", before[0])));

    const std::vector<int> after = backends();

    CHECK(std::ranges::find_first_of(before, after) == before.end());
    CHECK(engine.pool_status().idle == 0);
  });
}

TEST_CASE("a disposed engine closes what is idle at once, what is in use when it comes back, and goes on") {
  everywhere([](const Engine& engine) {
    Connection in_use = engine.connect();
    database::mark(in_use);
    engine.connect().close();
    CHECK(engine.pool_status().idle == 1);

    engine.dispose();
    CHECK(engine.pool_status().idle == 0);
    CHECK(engine.pool_status().in_use == 1);
    CHECK(database::has_mark(in_use));
    in_use.close();
    CHECK(engine.pool_status().idle == 0);
    CHECK(engine.pool_status().in_use == 0);

    Connection next = engine.connect();
    CHECK_FALSE(database::has_mark(next));
    engine.dispose();
    engine.dispose();
  });
}

TEST_CASE("a connection keeps its engine") {
  everywhere([](const Engine& engine) {
    std::optional<Engine> own = engine_for(engine.url());
    Connection connection = own->connect();
    own.reset();

    CHECK(connection.scalar<int>(text("SELECT 5")) == 5);
  });
}

TEST_CASE("a URL without a driver is refused, with a list of those there are") {
  CHECK_THAT(error_of<ArgumentError>([] { return engine_for(URL("mysql://u:canary@h/d")); }),
             Catch::Matchers::Contains("no driver is registered for 'mysql'") &&
                 Catch::Matchers::Contains("postgresql, sqlite") && !Catch::Matchers::Contains("canary"));
}

}  // namespace conformance
