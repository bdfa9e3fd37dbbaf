// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <utility>

#include <greenway/db/schema_changes.hpp>
#include <greenway/orm/registry.hpp>
#include <greenway/orm/session.hpp>
#include <greenway/orm/session_maker.hpp>

#include "../db/database.hpp"
#ifdef GREENWAY_FACADE
#include "facade.hpp"
#endif

/// What is said of sessions, said once for each way of using them, as tests/conformance/ways.hpp does for connections:
/// into orm_test with the ORM's own classes, whose bodies a thread runs and a greenlet, and into orm_facade_test with
/// those of facade.hpp.
///
/// A function that the facade too calls with the Session itself, a handler of events for one, takes a `gw::Session&`.
namespace ways {

namespace gw = greenway;

#ifdef GREENWAY_FACADE
using facade::Connection;
using facade::Engine;
using facade::run_transaction;
using facade::Session;
using facade::SessionMaker;
using facade::sessionmaker;
using facade::SessionTransaction;
using facade::Transaction;
#else
using gw::Connection;
using gw::Engine;
using gw::run_transaction;
using gw::Session;
using gw::SessionMaker;
using gw::sessionmaker;
using gw::SessionTransaction;
using gw::Transaction;
#endif

/// The Engine itself, for what takes no other.
inline const gw::Engine& sync_engine(const Engine& engine) {
#ifdef GREENWAY_FACADE
  return engine.async_engine().sync_engine();
#else
  return engine;
#endif
}

/// The Session itself, for what takes no other.
inline gw::Session& sync_session(Session& session) {
#ifdef GREENWAY_FACADE
  return session.sync_session();
#else
  return session;
#endif
}

/// Calls `fn()`, which touches relationships that may not be loaded: by AsyncSession::run_sync, where there is a
/// facade.
template <class F>
decltype(auto) touching(Session& session, F&& fn) {
#ifdef GREENWAY_FACADE
  return session.run_sync([&fn](gw::Session&) -> decltype(auto) { return fn(); });
#else
  static_cast<void>(session);
  return fn();
#endif
}

/// Runs `body(engine)` on each database, in each way of this program, with the tables of `registry` there.
template <class F>
void everywhere(const gw::Registry& registry, F&& body) {
  const auto run = [&](const Engine& engine) {
    engine.begin([&](gw::Connection& connection) { registry.metadata().create_all(connection); });
    body(engine);
  };
#ifdef GREENWAY_FACADE
  const database::Scratch scratch = database::each();
  run(Engine(gw::create_async_engine(scratch.url())));
#else
  database::everywhere({}, run);
#endif
}

}  // namespace ways
