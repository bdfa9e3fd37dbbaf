// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <functional>
#include <string>
#include <utility>

#include <greenway/greenway.hpp>

#include "../db/database.hpp"
#ifdef GREENWAY_FACADE
#include "facade.hpp"
#endif

/// What is said of engines, connections, transactions and results, said once for each way of using them. Each source of
/// this namespace is compiled twice: into conformance_test with the engine's own classes, whose bodies a blocking thread
/// runs and a greenlet under Asio, and into conformance_facade_test with those of facade.hpp.
///
/// A function that the facade too calls with the Connection itself, a handler of events for one, takes a
/// `gw::Connection&`.
namespace conformance {

namespace gw = greenway;
using namespace greenway;

#ifdef GREENWAY_FACADE
using facade::Connection;
using facade::Engine;
using facade::Result;
using facade::Transaction;
#else
using gw::Connection;
using gw::Engine;
using gw::Result;
using gw::Transaction;
#endif

/// Runs `body` in a greenlet under an asio::io_context, and that until it returns; what it throws is thrown here.
void run_in_greenlet(const std::function<void()>& body);

/// An engine of the kind that is being tested.
inline Engine engine_for(const gw::URL& url, const gw::EngineOptions& options = {}) {
#ifdef GREENWAY_FACADE
  return Engine(gw::create_async_engine(url, options));
#else
  return gw::create_engine(url, options);
#endif
}

/// The Engine itself, for what takes no other.
inline const gw::Engine& sync_engine(const Engine& engine) {
#ifdef GREENWAY_FACADE
  return engine.async_engine().sync_engine();
#else
  return engine;
#endif
}

/// Runs for minutes unless it is stopped.
constexpr const char* endless =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000) SELECT count(*) FROM n";

/// Databases that nobody serves: each run of the test is about one.
inline gw::URL nowhere() {
  return gw::URL(GENERATE(as<std::string>(), "sqlite:////no/such/folder/x.db", "postgresql://nobody@127.0.0.1:1/nothing"));
}

/// Runs `body()` in each way of this program.
template <class F>
void in_each_way(F&& body) {
#ifdef GREENWAY_FACADE
  body();
#else
  GENERATE(false, true) ? run_in_greenlet(std::ref(body)) : body();
#endif
}

/// Runs `body(engine)` on the database, in each way of this program.
template <class F>
void on(const database::Scratch& scratch, const gw::EngineOptions& options, F&& body) {
  const Engine engine = engine_for(gw::URL(scratch.url()), options);
  in_each_way([&] { body(engine); });
}

/// As on(), on each database.
template <class F>
void everywhere(const gw::EngineOptions& options, F&& body) {
  const database::Scratch scratch = database::each();
  on(scratch, options, body);
}

template <class F>
void everywhere(F&& body) {
  everywhere({}, body);
}

/// As on(), for what only PostgreSQL has.
template <class F>
void on_postgresql(const gw::EngineOptions& options, F&& body) {
  const database::Scratch scratch = database::Scratch::postgresql();
  on(scratch, options, body);
}

template <class F>
void on_postgresql(F&& body) {
  on_postgresql({}, body);
}

/// As on(), for what only SQLite has.
template <class F>
void on_sqlite(const gw::EngineOptions& options, F&& body) {
  const database::Scratch scratch = database::Scratch::sqlite();
  on(scratch, options, body);
}

template <class F>
void on_sqlite(F&& body) {
  on_sqlite({}, body);
}

/// `fn(connection)` with the Connection itself: AsyncConnection::run_sync, where there is a facade.
template <class F>
decltype(auto) run_sync(Connection& connection, F&& fn) {
#ifdef GREENWAY_FACADE
  return connection.run_sync(fn);
#else
  return fn(connection);
#endif
}

}  // namespace conformance
