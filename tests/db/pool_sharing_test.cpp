// SPDX-License-Identifier: BSL-1.0

// What a pool does for greenlets and threads that use it at the same time.

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "database.hpp"

using namespace greenway;

namespace {

EngineOptions pool_of(std::size_t size, int overflow = 0) {
  EngineOptions options;
  options.pool_size = size;
  options.max_overflow = overflow;
  return options;
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
