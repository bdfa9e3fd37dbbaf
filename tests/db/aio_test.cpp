// SPDX-License-Identifier: BSL-1.0

// What sqlalchemy_aio has for coroutines alone; what it shares with the engine is in tests/conformance.

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "database.hpp"

using namespace greenway;
using database::error_of;

namespace {

// Runs a coroutine with an engine on each database, with `t` made.
template <class F>
void as_task(F&& body) {
  const database::Scratch scratch = database::each();
  const AsyncEngine engine = create_async_engine(scratch.url());
  database::make_table(engine.sync_engine());
  run(body(engine));
}

// The warnings logged while it exists.
class Warnings {
 public:
  Warnings() {
    set_log_sink([this](LogLevel level, std::string_view, std::string_view line) {
      if (level == LogLevel::warning) {
        lines.emplace_back(line);
      }
    });
  }
  ~Warnings() { set_log_sink({}); }
  std::vector<std::string> lines;
};

}  // namespace

TEST_CASE("a function runs on another thread while the loop goes on, with arguments and errors") {
  as_task([](AsyncEngine engine) -> Task<> {
    const auto here = std::this_thread::get_id();
    const auto there = co_await engine.run_in_thread([] { return std::this_thread::get_id(); });
    CHECK(here != there);
    AsyncConnection connection = co_await engine.connect();
    const int sum = co_await connection.run_in_thread([](int a, int b) { return a + b; }, 2, 3);
    CHECK(sum == 5);
    std::string message;
    try {
      co_await engine.run_in_thread([] { throw std::runtime_error("over there"); });
    } catch (const std::runtime_error& error) {
      message = error.what();
    }
    CHECK(message == "over there");
  });
}

TEST_CASE("run_callable blocks the thread and warns of it, and is refused where a loop runs") {
  const database::Scratch scratch = database::each();
  const AsyncEngine engine = create_async_engine(scratch.url());
  const auto count = [](Connection& connection, int more) { return connection.scalar<int>(text("SELECT 1")) + more; };
  {
    Warnings warnings;
    CHECK(engine.run_callable(count, 4) == 5);
    CHECK(warnings.lines == std::vector<std::string>{"BlockingWarning: AsyncEngine::run_callable blocks its thread; use "
                                                     "co_await engine.begin(fn), or sync_engine()"});
  }
  std::string refused;
  Warnings warnings;
  run([](AsyncEngine at, auto fn, std::string& error) -> Task<> {
    AsyncConnection connection = co_await at.connect();
    error = error_of<WouldBlockLoop>([&] { return connection.run_callable(fn, 1); });
  }(engine, count, refused));
  CHECK(refused != "nothing was thrown");
  CHECK_FALSE(refused.empty());
  CHECK(warnings.lines.size() == 1);
}
