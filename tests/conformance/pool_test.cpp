// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "database.hpp"

using namespace greenway;
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

int select(Connection& connection, int value) {
  return connection.scalar<int>(text("SELECT CAST(:value AS int)").bind("value", value));
}

// How many hold a connection, now and at most.
class Gauge {
 public:
  void enter() {
    const int now = ++now_;
    int most = most_;
    while (most < now && !most_.compare_exchange_weak(most, now)) {
    }
  }
  void leave() { --now_; }
  [[nodiscard]] int most() const { return most_; }

 private:
  std::atomic<int> now_{0};
  std::atomic<int> most_{0};
};

// Borrows a connection, uses it, gives it back; true when the answer is the right one.
bool visit(const Engine& engine, Gauge& gauge, int value) {
  Connection connection = engine.connect();
  gauge.enter();
  const bool is_right = select(connection, value) == value;
  gauge.leave();
  return is_right;
}

// `count` greenlets on the loop of this thread, each of them a visitor; returns how many were right.
int visit_from_greenlets(const Engine& engine, Gauge& gauge, int count) {
  return run([&] {
    std::vector<Future<bool>> futures;
    for (int i = 0; i < count; ++i) {
      futures.push_back(greenlet_spawn(visit, engine, std::ref(gauge), i).to_future());
    }
    return static_cast<int>(std::count_if(futures.begin(), futures.end(), [](auto& future) { return future.get(); }));
  });
}

}  // namespace

TEST_CASE("a connection is opened when it is needed, and used again") {
  database::everywhere([](const Engine& engine) {
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
  database::everywhere(pool_of(1), [](const Engine& engine) {
    database::make_table(engine);
    engine.connect().execute(text("DELETE FROM t"));

    Connection next = engine.connect();
    CHECK_FALSE(next.in_transaction());
    CHECK(next.scalar<int>(text("SELECT count(*) FROM t")) == 3);
  });
}

TEST_CASE("connections beyond the size are closed when they come back") {
  database::everywhere(pool_of(1, 2), [](const Engine& engine) {
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
  const database::Scratch scratch = database::Scratch::sqlite();
  const Engine engine = create_engine(scratch.url(), GENERATE(pool_of(0), pool_of(1, -1)));

  std::vector<Connection> connections;
  for (int i = 0; i < 20; ++i) {
    connections.push_back(engine.connect());
  }

  CHECK(engine.pool_status().in_use == 20);
  CHECK_THROWS_AS(create_engine(scratch.url(), pool_of(1, -2)), ArgumentError);
}

TEST_CASE("who waits too long for a connection is told the pool's limits") {
  EngineOptions options = pool_of(1, 1);
  options.pool_timeout = GENERATE(Duration(0), Duration(20ms));
  const std::string timeout = options.pool_timeout == Duration(0) ? "0.00" : "0.02";
  database::everywhere(options, [&](const Engine& engine) {
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
  const database::Scratch scratch = database::each();
  const Engine engine = create_engine(scratch.url(), pool_of(1));
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
}

TEST_CASE("500 greenlets on one loop share a few connections, and each gets its own answer") {
  const database::Scratch scratch = database::each();
  const Engine engine = create_engine(scratch.url(), pool_of(3, 2));
  Gauge gauge;
  {
    // Opened before: by the time a second one is, the first might have served them all.
    const Connection first = engine.connect();
    const Connection second = engine.connect();
  }

  CHECK(visit_from_greenlets(engine, gauge, 500) == 500);

  CHECK(gauge.most() > 1);
  CHECK(gauge.most() <= 5);
  CHECK(engine.pool_status().in_use == 0);
  CHECK(engine.pool_status().idle <= 3);
}

TEST_CASE("threads and the greenlets of several loops share one pool") {
  const database::Scratch scratch = database::each();
  const Engine engine = create_engine(scratch.url(), pool_of(2, 1));
  Gauge gauge;
  std::atomic<int> right{0};
  std::vector<std::thread> threads;

  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] { right += visit_from_greenlets(engine, gauge, 50); });
    threads.emplace_back([&] {
      for (int value = 0; value < 50; ++value) {
        right += visit(engine, gauge, value) ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }

  CHECK(right == 200);
  CHECK(gauge.most() <= 3);
  CHECK(engine.pool_status().in_use == 0);
}

TEST_CASE("a greenlet that is cancelled while it waits for a connection leaves the queue") {
  const database::Scratch scratch = database::each();
  run([&] {
    const Engine engine = create_engine(scratch.url(), pool_of(1));
    std::optional<Connection> holder = engine.connect();

    CHECK_THROWS_AS(with_timeout(10ms, [&] { return engine.connect(); }), TimeoutError);

    CHECK(engine.pool_status().waiting == 0);
    holder.reset();
    CHECK_FALSE(engine.connect().closed());
  });
}

TEST_CASE("a greenlet that is cancelled in the moment it is served passes the connection on") {
  const database::Scratch scratch = database::each();
  run([&] {
    const Engine engine = create_engine(scratch.url(), pool_of(1));
    std::optional<Connection> holder = engine.connect();
    const auto use = [&engine] {
      Connection connection = engine.connect();
      return select(connection, 7);
    };
    Operation<int> first = greenlet_spawn(use);
    const auto cancel_first = first.canceller();
    Future<int> first_result = first.to_future();
    Future<int> second_result = greenlet_spawn(use).to_future();
    CHECK(engine.pool_status().waiting == 2);

    holder.reset();
    cancel_first();

    CHECK_THROWS_AS(first_result.get(), OperationCancelled);
    CHECK(second_result.get() == 7);
    CHECK(engine.pool_status().in_use == 0);
    CHECK(engine.pool_status().waiting == 0);
  });
}

TEST_CASE("a statement that is cancelled leaves its place to the next user, and nothing of itself") {
  const database::Scratch scratch = database::each();
  run([&] {
    const Engine engine = create_engine(scratch.url(), pool_of(1));
    database::make_table(engine);
    const auto slow = [&engine] {
      Connection connection = engine.connect();
      connection.execute(text("DELETE FROM t"));
      connection.execute(
          text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000) SELECT count(*) "
               "FROM n"));
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
  const Engine engine = create_engine("sqlite:////no/such/folder/x.db", options);

  for (int i = 0; i < 3; ++i) {
    CHECK_THROWS_AS(engine.connect(), OperationalError);
    CHECK(engine.pool_status().in_use == 0);
  }
}

TEST_CASE("who waits is not kept waiting by somebody whose connection cannot be opened") {
  const Engine engine = create_engine("sqlite:////no/such/folder/x.db", pool_of(1));
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
  database::everywhere(options, [&](const Engine& engine) {
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

TEST_CASE("with pre-ping a connection that the server has left is replaced unseen") {
  const database::Scratch scratch = database::Scratch::postgresql();
  EngineOptions options;
  options.pool_pre_ping = true;
  const Engine engine = create_engine(scratch.url(), options);
  const int pid = engine.connect().scalar<int>(text("SELECT pg_backend_pid()"));
  CHECK(create_engine(scratch.url())
            .connect()
            .scalar<bool>(text("SELECT pg_terminate_backend(CAST(:pid AS int), 10000)").bind("pid", pid)));

  CHECK(engine.connect().scalar<int>(text("SELECT 1")) == 1);
}

TEST_CASE("a disposed engine closes what is idle at once, what is in use when it comes back, and goes on") {
  database::everywhere([](const Engine& engine) {
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

TEST_CASE("a greenlet that is destroyed with a connection closes it without waiting for anybody") {
  const database::Scratch scratch = database::each();
  const Engine engine = create_engine(scratch.url(), pool_of(1));
  database::make_table(engine);
  {
    Greenlet greenlet([&] {
      Connection connection = engine.connect();
      Transaction transaction = connection.begin();
      connection.execute(text("DELETE FROM t"));
      Greenlet::current().parent().switch_to();
    });
    greenlet.switch_to();
    CHECK(engine.pool_status().in_use == 1);
  }

  CHECK(engine.pool_status().in_use == 0);
  CHECK(engine.pool_status().idle == 0);
  CHECK(database::count(engine) == 3);
}

TEST_CASE("a connection keeps its engine") {
  const database::Scratch scratch = database::each();
  std::optional<Engine> engine = create_engine(scratch.url());
  Connection connection = engine->connect();
  engine.reset();

  CHECK(select(connection, 5) == 5);
}

TEST_CASE("a URL without a driver is refused, with a list of those there are") {
  CHECK_THAT(error_of<ArgumentError>([] { return create_engine("mysql://u:canary@h/d"); }),
             Catch::Matchers::Contains("no driver is registered for 'mysql'") &&
                 Catch::Matchers::Contains("postgresql, sqlite") && !Catch::Matchers::Contains("canary"));
}
