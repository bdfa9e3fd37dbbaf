// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <greenway/greenway.hpp>

#include "support/catch.hpp"

/// The databases that the engine is tested on: each test has one of its own.
namespace database {

namespace gw = greenway;

/// An empty database that goes away with this object.
class Scratch {
 public:
  /// A file.
  static Scratch sqlite();
  /// A schema of the test server, which is the search path of all connections; fails the test when there is no server.
  static Scratch postgresql();
  Scratch(Scratch&& other) noexcept : url_(std::move(other.url_)), drop_(std::exchange(other.drop_, nullptr)) {}
  ~Scratch() {
    if (drop_) {
      drop_();
    }
  }

  [[nodiscard]] const std::string& url() const noexcept { return url_; }

 private:
  Scratch(std::string url, std::function<void()> drop) : url_(std::move(url)), drop_(std::move(drop)) {}

  std::string url_;
  std::function<void()> drop_;
};

/// @return The database that this run of the test is about: all runs together see each one.
inline Scratch each() {
  return GENERATE(as<std::string>(), "SQLite", "PostgreSQL") == "SQLite" ? Scratch::sqlite() : Scratch::postgresql();
}

/// Runs `body(engine)` on each database, called by a thread and called by a greenlet.
template <class F>
void everywhere(const gw::EngineOptions& options, F&& body) {
  const Scratch scratch = each();
  const bool is_greenlet = GENERATE(false, true);
  const gw::Engine engine = gw::create_engine(scratch.url(), options);
  if (is_greenlet) {
    gw::run([&] { body(engine); });
  } else {
    body(engine);
  }
}

template <class F>
void everywhere(F&& body) {
  everywhere({}, body);
}

// What follows is for engines of gw::Engine's interface, of whatever class.

/// Executes and commits.
template <class Engine>
void run_sql(const Engine& engine, std::string_view sql) {
  auto connection = engine.connect();
  connection.execute(gw::text(sql));
  connection.commit();
}

/// Makes `t (id, name)` with rows (1, 'one'), (2, NULL), (3, 'three').
template <class Engine>
void make_table(const Engine& engine) {
  run_sql(engine, "CREATE TABLE t (id bigint PRIMARY KEY, name text)");
  run_sql(engine, "INSERT INTO t VALUES (1, 'one'), (2, NULL), (3, 'three')");
}

/// @return How many rows `t` has, as another connection sees it.
template <class Engine>
std::int64_t count(const Engine& engine) {
  return engine.connect().template scalar<std::int64_t>(gw::text("SELECT count(*) FROM t"));
}

/// Marks the session of a connection, so that has_mark() can tell whether it is still the same one.
template <class Connection>
void mark(Connection& connection) {
  connection.execute(gw::text("CREATE TEMPORARY TABLE mark (x int)"));
  connection.commit();
}

template <class Connection>
bool has_mark(Connection& connection) {
  try {
    connection.execute(gw::text("SELECT * FROM mark"));
    return true;
  } catch (const gw::ProgrammingError&) {
    connection.rollback();
    return false;
  }
}

/// The text of the error of type E that `body` throws.
template <class E, class F>
std::string error_of(F&& body) {
  try {
    static_cast<void>(body());
  } catch (const E& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace database
