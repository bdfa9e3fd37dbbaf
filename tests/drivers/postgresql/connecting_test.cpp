// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <memory>
#include <string>

#include <greenway/base/error.hpp>
#include <greenway/db/driver.hpp>
#include <greenway/postgresql/driver.hpp>
#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/cancel.hpp>

#include "server.hpp"
#include "support/catch.hpp"
#include "support/silent_port.hpp"

namespace gw = greenway;
using namespace std::chrono_literals;

using server::execute;
using server::scalar;
using server::soon;

namespace {

/// The message of the OperationalError that connecting ends in.
std::string refusal(const std::string& url, gw::Deadline deadline = soon()) {
  gw::register_postgresql();
  const auto driver = gw::make_driver(gw::URL(url));
  try {
    driver->connect(deadline);
  } catch (const gw::OperationalError& error) {
    CHECK(error.is_disconnect());
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
    return error.what();
  }
  FAIL("connected to " << url);
  throw;
}

std::unique_ptr<gw::Driver> driver_for(const std::string& url) {
  gw::register_postgresql();
  return gw::make_driver(gw::URL(url));
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// The test server's URL with another user, password or database.
std::string url_with(const std::string& user_and_password, const std::string& database) {
  const gw::URL given(server::url());
  return "postgresql://" + user_and_password + '@' + given.host() + ':' + std::to_string(given.port()) + '/' + database;
}

/// A role that must log in with a password, for as long as this exists.
class PasswordRole {
 public:
  PasswordRole() : admin_(server::connect()), name_(server::unique_name("role")) {
    execute(*admin_, "CREATE TEMP TABLE hba (line text)");
    execute(*admin_, "CREATE ROLE " + name_ + " LOGIN PASSWORD 'right'");
    file_ = *scalar(*admin_, "SELECT current_setting('hba_file')").get_if<std::string>();
    before_ = *scalar(*admin_, "SELECT pg_read_file($1)", {file_}).get_if<std::string>();
    write("host all " + name_ + " 127.0.0.1/32 scram-sha-256\n" + before_);
  }
  ~PasswordRole() {
    write(before_);
    execute(*admin_, "DROP ROLE " + name_);
  }
  PasswordRole(const PasswordRole&) = delete;
  PasswordRole& operator=(const PasswordRole&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  void write(const std::string& text) {
    execute(*admin_, "TRUNCATE hba");
    execute(*admin_, "INSERT INTO hba SELECT regexp_split_to_table($1, '\\n')", {text});
    execute(*admin_, "COPY hba TO '" + file_ + "'");
    execute(*admin_, "SELECT pg_reload_conf()");
    // The postmaster reads the file when it comes to it.
    while (scalar(*admin_, "SELECT count(*) FROM pg_hba_file_rules WHERE $1 = ANY (user_name)", {name_}) !=
           gw::Value(text == before_ ? 0 : 1)) {
    }
  }

  server::ConnectionPtr admin_;
  std::string name_;
  std::string file_;
  std::string before_;
};

}  // namespace

TEST_CASE("a session speaks UTF-8 and bears the application's name") {
  const auto connection = server::connect("application_name=my%20bank");

  CHECK(scalar(*connection, "SELECT current_setting('client_encoding')") == gw::Value("UTF8"));
  CHECK(scalar(*connection, "SELECT current_setting('application_name')") == gw::Value("my bank"));
  CHECK(scalar(*server::connect(), "SELECT current_setting('application_name')") == gw::Value("greenway"));
  CHECK(scalar(*server::connect("options=-c%20work_mem%3D7MB"), "SELECT current_setting('work_mem')") ==
        gw::Value("7MB"));
}

TEST_CASE("connecting works inside a greenlet") {
  const gw::Value answer = gw::run([] { return scalar(*server::connect(), "SELECT 42"); });

  CHECK(answer == gw::Value(42));
}

TEST_CASE("a port on which nobody listens is refused at once") {
  const support::SilentPort port(false);

  const std::string message = refusal(port.url());

  CHECK(contains(message, "Connection refused"));
  CHECK_FALSE(contains(message, "secret-password"));
}

TEST_CASE("a server that says nothing is given up when the time is over") {
  const support::SilentPort port(true);

  CHECK(contains(refusal(port.url("?connect_timeout=1")), "no connection to PostgreSQL at 127.0.0.1"));
  CHECK(contains(refusal(port.url(), gw::Deadline::in(50ms)), "ms"));
  CHECK_FALSE(contains(refusal(port.url(), gw::Deadline::in(50ms)), "secret-password"));
}

TEST_CASE("connecting can be cancelled") {
  const support::SilentPort port(true);
  const auto driver = driver_for(port.url());

  CHECK_THROWS_AS(gw::with_timeout(50ms, [&] { driver->connect(soon()); }), gw::TimeoutError);
  CHECK_THROWS_AS(gw::run([&] { gw::with_timeout(50ms, [&] { driver->connect(soon()); }); }), gw::TimeoutError);
}

TEST_CASE("an unknown database and an unknown user are named") {
  const gw::URL given(server::url());
  CHECK(contains(refusal(url_with(given.username(), "no_such_database")), "no_such_database"));
  CHECK(contains(refusal(url_with("no_such_user", given.database())), "no_such_user"));
}

TEST_CASE("a wrong password is refused without being shown, and the right one is taken") {
  const PasswordRole role;

  const std::string database = gw::URL(server::url()).database();

  const std::string message = refusal(url_with(role.name() + ":wrong-secret", database));
  CHECK(contains(message, "password authentication failed"));
  CHECK_FALSE(contains(message, "wrong-secret"));

  const auto connection = driver_for(url_with(role.name() + ":right", database))->connect(soon());
  CHECK(scalar(*connection, "SELECT current_user::text") == gw::Value(role.name()));
}

TEST_CASE("a server on another machine must prove who it is, unless the URL says otherwise") {
  // 0.0.0.0 is this machine to the kernel, and just an address to the driver.
  const std::string port = std::to_string(gw::URL(server::url()).port());
  const std::string elsewhere = "postgresql://greenway@0.0.0.0:" + port + "/greenway";

  const std::string message = refusal(elsewhere);
  CHECK((contains(message, "root certificate") || contains(message, "SSL")));
  CHECK_FALSE(contains(refusal("postgresql://no_such_user@0.0.0.0:" + port + "/x?sslmode=disable"), "SSL"));
}

TEST_CASE("what a URL cannot mean is refused before connecting") {
  for (const char* options :
       {"sslmod=require", "sslmode=sometimes", "prepare=maybe", "connect_timeout=0", "connect_timeout=ten",
        "prepared_statement_cache_size=-1", "service=x", "hostaddr=1.2.3.4", "application_name=a%00b"}) {
    INFO(options);
    CHECK_THROWS_AS(driver_for(std::string("postgresql://localhost/x?") + options), gw::ArgumentError);
  }
  CHECK_THROWS_AS(driver_for("postgresql://localhost/x?host=elsewhere"), gw::ArgumentError);
  CHECK_THROWS_AS(driver_for("postgresql://us%00er@localhost/x"), gw::ArgumentError);
}

TEST_CASE("a closed connection refuses everything but being closed again") {
  for (const bool is_polite : {true, false}) {
    const auto connection = server::connect();
    is_polite ? connection->close(soon()) : connection->terminate();

    CHECK_FALSE(connection->is_usable());
    CHECK(connection->native_handle() == nullptr);
    CHECK(connection->transaction_state() == gw::TransactionState::unknown);
    CHECK_THROWS_AS(execute(*connection, "SELECT 1"), gw::OperationalError);
    CHECK_THROWS_AS(connection->begin({}, soon()), gw::OperationalError);
    CHECK_THROWS_AS(connection->ping(soon()), gw::OperationalError);
    connection->reset(soon());
    connection->close(soon());
    connection->terminate();
  }
}

TEST_CASE("closing a connection ends its session, a running statement included") {
  const auto observer = server::connect();
  const auto connection = server::connect();
  const std::int64_t backend = server::backend(*connection);
  execute(*connection, "SELECT generate_series(1, 1000000000)", {}, {.stream = 10});

  connection->close(soon());

  while (scalar(*observer, "SELECT count(*) FROM pg_stat_activity WHERE pid = $1", {backend}) != gw::Value(0)) {
  }
}

TEST_CASE("ping tells the living from the dead") {
  const auto connection = server::connect();
  CHECK_NOTHROW(connection->ping(soon()));

  server::kill_backend(server::backend(*connection));

  CHECK_THROWS_AS(connection->ping(soon()), gw::OperationalError);
  CHECK_FALSE(connection->is_usable());
}
