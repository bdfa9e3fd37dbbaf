// SPDX-License-Identifier: BSL-1.0
#include <any>
#include <chrono>
#include <string>
#include <utility>

#include <greenway/db/connection_pool.hpp>

#include "database.hpp"

using namespace greenway;
using namespace std::chrono_literals;

namespace {

// Runs a body with a pool of one session for each database, called by a thread and called by a greenlet.
template <class F>
void everywhere(F&& body) {
  const database::Scratch scratch = database::each();
  const bool is_greenlet = GENERATE(false, true);
  EngineOptions options;
  options.pool_size = 1;
  options.max_overflow = 0;
  options.pool_timeout = Duration::zero();
  const ConnectionPool pool = create_pool_from_url(scratch.url(), options);
  if (is_greenlet) {
    run([&] { body(pool); });
  } else {
    body(pool);
  }
}

}  // namespace

TEST_CASE("a pool without an engine hands out sessions, and takes them back clean") {
  everywhere([](const ConnectionPool& pool) {
    {
      PooledConnection session = pool.connect();
      CHECK(session->native_handle() != nullptr);
      session.info()["who"] = std::string("first");
      session->begin({}, Deadline::in(10s));
      (*session).execute(SQLText("CREATE TABLE t (id bigint)"), {}, {});
      CHECK(session->transaction_state() == TransactionState::in_transaction);
      CHECK_THROWS_AS(pool.connect(), TimeoutError);
    }
    CHECK(pool.status().idle == 1);
    PooledConnection again = pool.connect();
    CHECK(std::any_cast<std::string>(again.info()["who"]) == "first");
    CHECK(again->transaction_state() == TransactionState::idle);
  });
}

TEST_CASE("a pooled session that is invalidated or detached is replaced") {
  everywhere([](const ConnectionPool& pool) {
    PooledConnection session = pool.connect();
    session.info()["who"] = 1;
    session.invalidate();
    CHECK_FALSE(session.is_valid());
    CHECK_THROWS_AS(session->is_usable(), ResourceClosedError);

    session = pool.connect();
    CHECK(session.info().empty());
    session.info()["who"] = 2;
    session.invalidate(true);
    CHECK(session->is_usable());
    session.close();
    session.close();
    session = pool.connect();
    CHECK(session.info().empty());

    session.detach();
    PooledConnection other = pool.connect();
    CHECK(session->is_usable());
    session = std::move(other);
    CHECK(pool.status().in_use == 1);
    session.close();
    pool.dispose();
    CHECK(pool.status().idle == 0);
  });
}
