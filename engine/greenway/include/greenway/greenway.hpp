// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/greenway.hpp
/// @brief Engines and the runtime, all but the hosts: `namespace gw = greenway;` and go.
///
/// Layer: umbrella. Link `greenway::greenway`. A program that runs in an event loop includes that loop's host as well,
/// `greenway/asio/asio.hpp`; one that makes statements of tables or maps classes, what it needs of greenway/sql and
/// greenway/orm, which take longer to compile.
///
/// ```cpp
/// auto engine = gw::create_engine("sqlite:///bank.db");
/// auto conn = engine.connect();
/// conn.execute(gw::text("INSERT INTO account VALUES (:id, :cents)").bind("id", 1).bind("cents", 500));
/// conn.commit();
/// ```

#include <string_view>

#include <greenway/base/error.hpp>
#include <greenway/base/log.hpp>
#include <greenway/base/version.hpp>
#include <greenway/db/async.hpp>
#include <greenway/db/config.hpp>
#include <greenway/db/connection_pool.hpp>
#include <greenway/db/engine.hpp>
#include <greenway/db/url.hpp>
#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/cancel.hpp>
#include <greenway/runtime/channel.hpp>
#include <greenway/runtime/context.hpp>
#include <greenway/runtime/counters.hpp>
#include <greenway/runtime/deadline.hpp>
#include <greenway/runtime/dump.hpp>
#include <greenway/runtime/event.hpp>
#include <greenway/runtime/greenlet.hpp>
#include <greenway/runtime/greenlet_local.hpp>
#include <greenway/runtime/host.hpp>
#include <greenway/runtime/interpose_scope.hpp>
#include <greenway/runtime/live.hpp>
#include <greenway/runtime/loop_host.hpp>
#include <greenway/runtime/mutex.hpp>
#include <greenway/runtime/offload.hpp>
#include <greenway/runtime/operation.hpp>
#include <greenway/runtime/outcome.hpp>
#include <greenway/runtime/reactor_host.hpp>
#include <greenway/runtime/semaphore.hpp>
#include <greenway/runtime/stack.hpp>
#include <greenway/runtime/stack_overflow.hpp>
#include <greenway/runtime/stack_use.hpp>
#include <greenway/runtime/std_future.hpp>
#include <greenway/runtime/task.hpp>
#include <greenway/runtime/task_group.hpp>
#include <greenway/runtime/trace.hpp>
#include <greenway/runtime/wait.hpp>
#include <greenway/runtime/wait_reason.hpp>
#include <greenway/runtime/waiter.hpp>
#include <greenway/runtime/watchdog.hpp>
#include <greenway/sql/text.hpp>

namespace greenway {

/// Makes an engine, for a database of any of the drivers that this library was built with. Connects to nothing yet.
/// @param url      Where the database is: see URL, and the driver's own header for its options.
/// @param options  Start from the defaults, set what differs.
/// @return The engine.
/// @throws ArgumentError  The URL is malformed, names no driver, or has an option that its driver does not know.
[[nodiscard]] Engine create_engine(std::string_view url, const EngineOptions& options = {});
/// As above.
/// @param url      As above.
/// @param options  As above.
/// @return As above.
/// @throws ArgumentError  As above.
[[nodiscard]] Engine create_engine(const URL& url, const EngineOptions& options = {});

/// As create_engine(), for coroutines and callbacks.
/// @param url      As create_engine().
/// @param options  As create_engine().
/// @return The engine.
/// @throws ArgumentError  As create_engine().
[[nodiscard]] AsyncEngine create_async_engine(std::string_view url, const EngineOptions& options = {});
/// As above.
/// @param url      As above.
/// @param options  As above.
/// @return As above.
/// @throws ArgumentError  As above.
[[nodiscard]] AsyncEngine create_async_engine(const URL& url, const EngineOptions& options = {});

/// As create_engine(), the pool alone.
/// @param url      As create_engine().
/// @param options  As create_engine().
/// @return The pool.
/// @throws ArgumentError  As create_engine().
[[nodiscard]] ConnectionPool create_pool_from_url(std::string_view url, const EngineOptions& options = {});

/// Makes an engine from a configuration file's names and values.
/// @param config  Names, behind the prefix, are "url" and those of EngineOptions: see options_from_config().
/// @param prefix  Names without it are left alone.
/// @return The engine.
/// @throws ArgumentError  There is no url; as create_engine() and options_from_config().
[[nodiscard]] Engine engine_from_config(const Config& config, std::string_view prefix = "sqlalchemy.");
/// As engine_from_config(), for coroutines and callbacks.
/// @param config  As engine_from_config().
/// @param prefix  As engine_from_config().
/// @return The engine.
/// @throws ArgumentError  As engine_from_config().
[[nodiscard]] AsyncEngine async_engine_from_config(const Config& config, std::string_view prefix = "sqlalchemy.");

}  // namespace greenway
