// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/options.hpp
/// @brief What an engine, a connection or a single statement may be told about how to work.
///
/// Layer: db. Source: SQLAlchemy's `create_engine()` arguments and execution options; what is in seconds there is a
/// Duration here.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <greenway/base/clock.hpp>

namespace greenway {

class DriverConnection;

/// Options of an engine, one connection or one statement; what is not set comes from the connection, then from the engine.
struct ExecutionOptions {
  /// Engines and connections: as EngineOptions::isolation_level.
  std::optional<std::string> isolation_level = {};

  /// Engines and connections: transactions that only read. Changes are refused.
  std::optional<bool> read_only = {};

  /// Engines and connections: with "SERIALIZABLE" and read_only, wait at the begin for a moment without conflicts, then
  /// never fail for one. PostgreSQL only.
  std::optional<bool> deferrable = {};

  /// As EngineOptions::statement_timeout.
  std::optional<Duration> timeout = {};

  /// Keep the rows on the server and fetch them as they are read. Until the result has been read to its end or closed,
  /// its connection executes nothing else.
  std::optional<bool> stream_results = {};

  /// So many rows, about, are fetched at a time: at least 1, and implies stream_results. Not set, a streaming result
  /// fetches one row, then 5, then 25, and so on up to max_row_buffer.
  std::optional<std::size_t> yield_per = {};

  /// See yield_per; 1000 when not set.
  std::optional<std::size_t> max_row_buffer = {};

  /// Stands in brackets before each line that is logged: `[worker 3] SELECT …`.
  std::optional<std::string> logging_token = {};

  /// May statements be kept prepared on their connection?
  std::optional<bool> prepare = {};

  /// So many rows are written by one statement where insert().returning() is executed with several sets of parameters; 1000
  /// when not set. Fewer where that would be too many parameters.
  std::optional<std::size_t> insertmanyvalues_page_size = {};

  /// False: each set of parameters is a statement of its own there, which inserts one row.
  std::optional<bool> use_insertmanyvalues = {};

  /// Schemas, and what they are called instead in all that is compiled, DDL included; "" is that of tables without one.
  std::optional<std::map<std::string, std::string>> schema_translate_map = {};

  /// @param over  What is set there replaces what is set here.
  /// @return Both together.
  [[nodiscard]] ExecutionOptions merged(const ExecutionOptions& over) const;
};

/// Which connections an engine keeps.
enum class PoolClass : std::uint8_t {
  queue,      ///< pool_size of them, and max_overflow more for a while.
  null,       ///< None: each user opens one and closes it. pool_size and max_overflow mean nothing.
  single,     ///< SQLAlchemy's `StaticPool`, made safe: one, for all users one after the other.
  assertion,  ///< One, for one user at a time: a second one is told where the first one got it.
};

/// What becomes of a transaction that is open when its connection comes back.
enum class ResetOnReturn : std::uint8_t {
  rollback,  ///< It is rolled back.
  commit,    ///< It is committed.
  none,      ///< Nothing is sent; a session that is not idle is closed.
};

/// Options of an engine. Start from the defaults, set what differs: `{.pool_size = 20, .echo = true}`.
struct EngineOptions {
  /// Connections that are kept open for the next user. 0: any number, all kept.
  std::size_t pool_size = 5;

  /// Connections beyond pool_size that may be open for a while; they are closed when they come back. -1: any number.
  int max_overflow = 10;

  /// How long connect() waits for its turn, FIFO, while all connections are in use. Zero fails at once.
  Duration pool_timeout = std::chrono::seconds(30);

  /// A connection older than this is replaced when it is next asked for, since firewalls forget; some earlier, down to
  /// half of it, lest all are replaced at once. Negative: never.
  Duration pool_recycle = std::chrono::seconds(-1);

  /// Ask the server for a sign of life before a connection is handed out: a round trip each time.
  bool pool_pre_ping = false;

  /// Hand out the connection that came back last, so that those of quiet times grow old and can be recycled; false: in turn.
  bool pool_use_lifo = false;

  /// See there.
  ResetOnReturn pool_reset_on_return = ResetOnReturn::rollback;

  /// See there.
  PoolClass poolclass = PoolClass::queue;

  /// For opening one connection: name lookup, every address, TLS and authentication together.
  Duration connect_timeout = std::chrono::seconds(10);

  /// For one statement, BEGIN or COMMIT; for each batch of a streaming result.
  Duration statement_timeout = std::chrono::seconds(30);

  /// How transactions begin: "SERIALIZABLE", …; empty is the server's default. "AUTOCOMMIT" sends no BEGIN: each
  /// statement commits by itself, and commit() and rollback() are harmless.
  std::string isolation_level = {};

  /// A statement begins a transaction. False: each statement outside begin() commits by itself, as in SQLAlchemy 1.3.
  bool autobegin = true;

  /// Log each statement and its parameters as `greenway.engine`.
  bool echo = false;

  /// Log what happens to connections as `greenway.pool`.
  bool echo_pool = false;

  /// Makes it `greenway.engine.NAME` and `greenway.pool.NAME`.
  std::string logging_name = {};

  /// Never log parameters: they may be secrets.
  bool hide_parameters = false;

  /// So many compiled statements are kept, by their shape; 0: none.
  std::size_t query_cache_size = 500;

  /// Opens a session, in the place of the driver: of the database that the URL is of. What it throws, unless it is one of our
  /// errors, is thrown as OperationalError, nested.
  std::function<std::unique_ptr<DriverConnection>()> creator = {};

  /// For all its connections; see there.
  ExecutionOptions execution_options = {};
};

}  // namespace greenway
