// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>

#include <greenway/base/error.hpp>
#include <greenway/db/driver.hpp>
#include <greenway/postgresql/driver.hpp>
#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/cancel.hpp>

#include "server.hpp"
#include "support/catch.hpp"

namespace gw = greenway;
using namespace std::chrono_literals;

using server::execute;
using server::scalar;
using server::soon;

namespace {

/// Runs a test's body in a plain thread and in a greenlet: the driver must not know the difference.
template <class F>
void in_thread_and_in_greenlet(F body) {
  body();
  gw::run(body);
}

/// Cuts the TCP connection of a session on this side, as a broken network would.
void cut(std::int64_t client_port) {
  for (int fd = 3; fd < 1024; ++fd) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 && address.sin_family == AF_INET &&
        ntohs(address.sin_port) == client_port && ::shutdown(fd, SHUT_RDWR) == 0) {
      return;
    }
  }
  throw std::logic_error("no connected socket has port " + std::to_string(client_port));
}

/// Returns once the server is executing `pg_sleep` for that session.
void await_sleep(std::int64_t backend) {
  const auto observer = server::connect();
  while (scalar(*observer, "SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = $1", {backend}) !=
         gw::Value(true)) {
  }
}

std::int64_t client_port(gw::DriverConnection& connection) {
  return *scalar(connection, "SELECT inet_client_port()").get_if<std::int64_t>();
}

}  // namespace

TEST_CASE("a statement that passes its deadline is cancelled and its connection stays usable") {
  in_thread_and_in_greenlet([] {
    const auto connection = server::connect();
    const std::int64_t backend = server::backend(*connection);
    const auto start = gw::Clock::now();

    CHECK_THROWS_AS(execute(*connection, "SELECT pg_sleep(60)", {}, {.deadline = gw::Deadline::in(50ms)}),
                    gw::TimeoutError);

    CHECK(gw::Clock::now() - start < 5s);
    CHECK(connection->transaction_state() == gw::TransactionState::idle);
    CHECK(server::backend(*connection) == backend);
  });
}

TEST_CASE("a statement is cancelled on another machine too, when nothing of its connection is encrypted") {
  const gw::URL given(server::url());
  const std::string elsewhere = "postgresql://" + given.username() + "@0.0.0.0:" + std::to_string(given.port()) + '/' +
                                given.database() + "?sslmode=disable";
  gw::register_postgresql();
  const auto connection = gw::make_driver(gw::URL(elsewhere))->connect(soon());

  CHECK_THROWS_AS(execute(*connection, "SELECT pg_sleep(60)", {}, {.deadline = gw::Deadline::in(50ms)}),
                  gw::TimeoutError);

  CHECK(scalar(*connection, "SELECT 1") == gw::Value(1));
}

TEST_CASE("a result without end is given up at the deadline, though there is always something to read") {
  in_thread_and_in_greenlet([] {
    const auto connection = server::connect();
    const std::int64_t backend = server::backend(*connection);

    CHECK_THROWS_AS(
        execute(*connection, "SELECT generate_series(1, 1000000000)", {}, {.deadline = gw::Deadline::in(100ms)}),
        gw::TimeoutError);

    CHECK(server::backend(*connection) == backend);
  });
}

TEST_CASE("a statement whose scope is cancelled is cancelled too and its connection stays usable") {
  in_thread_and_in_greenlet([] {
    const auto connection = server::connect();
    const std::int64_t backend = server::backend(*connection);

    CHECK_THROWS_AS(gw::with_timeout(50ms, [&] { execute(*connection, "SELECT pg_sleep(60)"); }), gw::TimeoutError);

    CHECK(server::backend(*connection) == backend);
  });
}

TEST_CASE("a statement cancelled inside a transaction makes it fail") {
  const auto connection = server::connect("prepare=named");
  connection->begin({}, soon());

  CHECK_THROWS_AS(execute(*connection, "SELECT pg_sleep(60)", {}, {.deadline = gw::Deadline::in(50ms)}),
                  gw::TimeoutError);

  CHECK(connection->transaction_state() == gw::TransactionState::failed);
  connection->rollback(soon());
  CHECK(scalar(*connection, "SELECT 1") == gw::Value(1));
}

TEST_CASE("when the time is over or the scope is cancelled nothing is sent") {
  const auto connection = server::connect();
  execute(*connection, "CREATE TEMP SEQUENCE s");

  CHECK_THROWS_AS(execute(*connection, "SELECT nextval('s')", {}, {.deadline = gw::Deadline::in(-1s)}),
                  gw::TimeoutError);
  {
    gw::CancelScope scope;
    scope.cancel();
    CHECK_THROWS_AS(execute(*connection, "SELECT nextval('s')"), gw::Cancelled);
  }

  CHECK(scalar(*connection, "SELECT nextval('s')") == gw::Value(1));
}

TEST_CASE("a COMMIT for which there is no time is not sent") {
  const auto connection = server::connect();
  connection->begin({}, soon());
  execute(*connection, "SELECT 1");

  CHECK_THROWS_AS(connection->commit(gw::Deadline::in(-1s)), gw::TimeoutError);

  CHECK(connection->transaction_state() == gw::TransactionState::in_transaction);
}

TEST_CASE("cancelling never hits a later statement") {
  in_thread_and_in_greenlet([] {
    const auto connection = server::connect();

    for (int i = 0; i < 100; ++i) {
      try {
        // Ends at about the moment at which it is cancelled.
        execute(*connection, "SELECT pg_sleep(0.002)", {}, {.deadline = gw::Deadline::in(2ms + i * 20us)});
      } catch (const gw::TimeoutError&) {
      }
      CHECK(scalar(*connection, "SELECT $1::int", {i}) == gw::Value(i));
    }
  });
}

TEST_CASE("many statements wait at the same time on one thread") {
  const auto start = gw::Clock::now();
  gw::run([] {
    std::vector<server::ConnectionPtr> connections(20);
    for (auto& connection : connections) {
      connection = server::connect();
    }
    std::vector<gw::Future<void>> sleeps;
    for (auto& connection : connections) {
      sleeps.push_back(gw::greenlet_spawn([&connection] { execute(*connection, "SELECT pg_sleep(0.5)"); }).to_future());
    }
    for (auto& sleep : sleeps) {
      sleep.get();
    }
  });

  CHECK(gw::Clock::now() - start < 5s);
}

TEST_CASE("a second greenlet on one connection is refused, and the first goes on undisturbed", "[loop]") {
  gw::run([] {
    const auto connection = server::connect();
    auto first = gw::greenlet_spawn([&] { return scalar(*connection, "SELECT 1 FROM pg_sleep(0.1)"); }).to_future();

    CHECK_THROWS_AS(execute(*connection, "SELECT 2"), gw::InvalidRequestError);
    CHECK_THROWS_AS(connection->rollback(soon()), gw::InvalidRequestError);
    CHECK_THROWS_AS(connection->commit(soon()), gw::InvalidRequestError);

    CHECK(first.get() == gw::Value(1));
  });
}

TEST_CASE("large parameters and large results pass through full buffers") {
  in_thread_and_in_greenlet([] {
    const auto connection = server::connect("prepare=named");
    const gw::Bytes blob(30'000'000, std::byte{7});
    connection->begin({}, soon());

    const auto cursor = execute(*connection, "SELECT $1::bytea, $1::bytea || $2::bytea", {blob, gw::Bytes(1)});

    const auto batch = cursor->next();
    CHECK(batch->cell(0, 0).size == 30'000'000);
    CHECK(batch->cell(0, 1).size == 30'000'001);
    CHECK(batch->cell(0, 1).view().back() == '\0');
  });
}

TEST_CASE("a large parameter that the server does not want in time is given up") {
  in_thread_and_in_greenlet([] {
    const auto connection = server::connect();
    const gw::Bytes blob(50'000'000);

    CHECK_THROWS_AS(
        execute(*connection, "SELECT pg_sleep(60), $1::bytea", {blob}, {.deadline = gw::Deadline::in(200ms)}),
        gw::TimeoutError);

    CHECK(scalar(*connection, "SELECT 1") == gw::Value(1));
  });
}

TEST_CASE("a killed backend is a disconnect, in a statement or before it") {
  in_thread_and_in_greenlet([] {
    const auto connection = server::connect();
    server::kill_backend(server::backend(*connection));

    try {
      execute(*connection, "SELECT 1");
      FAIL("executed");
    } catch (const gw::OperationalError& error) {
      CHECK(error.is_disconnect());
      CHECK(error.sqlstate() == "57P01");
    }

    CHECK_FALSE(connection->is_usable());
    CHECK_THROWS_AS(execute(*connection, "SELECT 1"), gw::OperationalError);
  });
}

TEST_CASE("a backend killed while it executes is a disconnect") {
  const auto connection = server::connect();
  const std::int64_t backend = server::backend(*connection);
  connection->begin({}, soon());
  std::thread killer([backend] {
    await_sleep(backend);
    server::kill_backend(backend);
  });

  try {
    execute(*connection, "SELECT pg_sleep(60)");
    FAIL("executed");
  } catch (const gw::OperationalError& error) {
    CHECK(error.is_disconnect());
    CHECK(error.sqlstate() == "57P01");
    CHECK(error.statement() == "SELECT pg_sleep(60)");
  }

  killer.join();
  CHECK_FALSE(connection->is_usable());
}

TEST_CASE("a statement whose connection breaks may have taken effect outside a transaction, and has not inside one") {
  for (const bool is_in_transaction : {false, true}) {
    const auto connection = server::connect();
    const std::int64_t port = client_port(*connection);
    const std::int64_t backend = server::backend(*connection);
    if (is_in_transaction) {
      connection->begin({}, soon());
    }
    std::thread cutter([=] {
      await_sleep(backend);
      cut(port);
    });

    try {
      execute(*connection, "SELECT pg_sleep(2)");
      FAIL("executed");
    } catch (const gw::OperationalError& error) {
      CHECK(error.is_disconnect());
      CHECK((dynamic_cast<const gw::OutcomeUnknown*>(&error) != nullptr) == !is_in_transaction);
      CHECK_FALSE(error.diagnostics().message.empty());
    }

    cutter.join();
    CHECK_FALSE(connection->is_usable());
  }
}

TEST_CASE("the descriptor of a broken connection may be reused at once") {
  gw::run([] {
    for (int i = 0; i < 5; ++i) {
      const auto broken = server::connect();
      cut(client_port(*broken));
      CHECK_THROWS_AS(execute(*broken, "SELECT 1"), gw::OperationalError);
      const auto next = server::connect();
      CHECK(scalar(*next, "SELECT $1::int", {i}) == gw::Value(i));
      broken->terminate();
      CHECK(gw::with_timeout(10s, [&] { return scalar(*next, "SELECT $1::int", {i}); }) == gw::Value(i));
    }
  });
}
