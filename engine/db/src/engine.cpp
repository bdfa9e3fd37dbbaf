// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/engine.hpp>

#include <algorithm>
#include <chrono>
#include <ostream>

#include <greenway/db/connection_pool.hpp>
#include <greenway/runtime/wait.hpp>

#include "connection_state.hpp"
#include "engine_state.hpp"
#include "isolation_level.hpp"
#include "jitter.hpp"

namespace greenway {

bool is_retryable(const DBAPIError& error) noexcept {
  constexpr int sqlite_busy_snapshot = 517;
  return dynamic_cast<const OutcomeUnknown*>(&error) == nullptr &&
         (error.sqlstate() == "40001" || error.sqlstate() == "40P01" || error.code() == sqlite_busy_snapshot);
}

void detail::wait_before_retry(unsigned attempt) {
  const auto longest = std::chrono::milliseconds(10) * (1U << std::min(attempt, 6U));
  sleep_for(jittered(longest));
}

Engine::Engine(const URL& url, const EngineOptions& options)
    : state_(std::make_shared<detail::EngineState>(url, options)) {
  ExecutionOptions defaults;
  if (!options.isolation_level.empty()) {
    defaults.isolation_level = options.isolation_level;
  }
  const ExecutionOptions all = defaults.merged(options.execution_options);
  if (all.isolation_level) {
    detail::check_isolation_level(*all.isolation_level, name());
  }
  execution_options_ = std::make_shared<const ExecutionOptions>(all);
}

Connection Engine::connect_through(detail::Facade facade, std::source_location where) const {
  auto state = std::make_shared<detail::ConnectionState>(state_, facade, execution_options_, where);
  state->open();
  Connection connection(std::move(state));
  state_->events.engine_connect(connection);
  return connection;
}

PooledConnection Engine::raw_connection(std::source_location where) const {
  return raw_connection_through(detail::Facade::blocking, where);
}

PooledConnection Engine::raw_connection_through(detail::Facade facade, std::source_location where) const {
  return {state_, facade, where};
}

Connection detail::connect_through(const Engine& engine, Facade facade, std::source_location where) {
  return engine.connect_through(facade, where);
}

Connection Engine::connect_autocommit(detail::Facade facade) const {
  Connection connection = connect_through(facade, std::source_location::current());
  ExecutionOptions options;
  options.isolation_level = "AUTOCOMMIT";
  options.stream_results = false;
  connection.execution_options(options);
  return connection;
}

Engine Engine::execution_options(const ExecutionOptions& options) const {
  if (options.isolation_level) {
    detail::check_isolation_level(*options.isolation_level, name());
  }
  return Engine(state_, std::make_shared<const ExecutionOptions>(execution_options_->merged(options)));
}

void Engine::dispose(bool close) const { state_->pool.dispose(close); }

void Engine::clear_compiled_cache() const { state_->compiled().clear(); }

std::string_view Engine::name() const noexcept { return state_->driver->name(); }

const Dialect& Engine::dialect() const { return Dialect::of(name()); }

const URL& Engine::url() const noexcept { return state_->url; }

PoolStatus Engine::pool_status() const { return state_->pool.status(); }

std::vector<CheckedOut> Engine::checked_out() const { return state_->pool.checked_out(); }

EngineEvents& Engine::events() const noexcept { return state_->events; }

const EngineOptions& Engine::options() const noexcept { return state_->options; }

std::ostream& operator<<(std::ostream& out, const PoolStatus& status) {
  return out << "Pool size: " << status.size << "  Connections in pool: " << status.idle
             << " Current Overflow: " << status.overflow()
             << " Current Checked out connections: " << status.in_use;
}

}  // namespace greenway
