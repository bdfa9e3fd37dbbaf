// SPDX-License-Identifier: BSL-1.0
#include <utility>

#include "database.hpp"

using namespace greenway;
using database::error_of;

namespace {

// Runs for minutes unless it is stopped.
constexpr const char* endless =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000) SELECT count(*) FROM n";

}  // namespace

TEST_CASE("a connection that was moved from is closed") {
  const database::Scratch scratch = database::each();
  Connection connection = create_engine(scratch.url()).connect();
  const Connection moved = std::move(connection);
  CHECK(connection.closed());
  CHECK_THROWS_AS(connection.execute(text("SELECT 1")), ResourceClosedError);
  CHECK_FALSE(moved.closed());
}

TEST_CASE("a second greenlet that uses a busy connection is told") {
  const database::Scratch scratch = database::each();
  AsyncEngine engine = create_async_engine(scratch.url());

  run([&]() -> Task<> {
    AsyncConnection connection = co_await engine.connect();
    Operation<Result> first = connection.execute(text(endless));
    const auto cancel = first.canceller();
    Future<Result> result = first.to_future();
    const auto use = [&] {
      return error_of<InvalidRequestError>([&] { return connection.sync_connection().execute(text("SELECT 1")); });
    };
    CHECK_THAT(co_await greenlet_spawn(use),
               Catch::Matchers::StartsWith("this connection is being used by another greenlet or thread"));
    cancel();
    const auto wait = [&] { CHECK_THROWS_AS(result.get(), OperationCancelled); };
    co_await greenlet_spawn(wait);
  }());
}
