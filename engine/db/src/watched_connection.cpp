// SPDX-License-Identifier: BSL-1.0

// What a connection does when somebody listens to its engine's events.

#include <optional>

#include <greenway/db/connection.hpp>
#include <greenway/db/events.hpp>

#include "connection_turn.hpp"

namespace greenway::detail {

Connection ConnectionState::handle() { return Connection(shared_from_this(), true); }

Result ConnectionState::execute_watched(const SQLText& sql, std::span<const Value> values,
                                        const ExecutionOptions& options) {
  const EngineEvents& events = engine_->events;
  Connection connection = handle();
  StatementContext context{sql.text, values, options, engine_->url, engine_->driver->name()};
  events.before_execute(connection, context);
  Result result = execute_told(connection, sql, context);
  events.after_execute(connection, context, result);
  return result;
}

Result ConnectionState::execute_told(Connection& connection, const SQLText& sql, StatementContext& context) {
  const EngineEvents& events = engine_->events;
  const Turn turn(*this);
  ready_for_statement();
  {
    const Pause pause(*this);
    events.before_cursor_execute(connection, context);
  }
  DriverConnection& driver = ready_for_statement();  // the handler may have ended what was begun
  const std::optional<SQLText> other =
      context.statement != sql.text ? std::optional<SQLText>(context.statement) : std::nullopt;
  context.started = Clock::now();
  const Told told(*this, context);
  Result result = execute_now(driver, other ? *other : sql, context.parameters, context.options);
  context.duration = Clock::now() - context.started;
  context.rowcount = result.rowcount();
  const Pause pause(*this);
  events.after_cursor_execute(connection, context);
  return result;
}

// What the handlers make of an error: whether the session is of no more use.
bool ConnectionState::is_disconnect_as_told(const DBAPIError& error) {
  const Pause pause(*this);
  Connection connection = handle();
  if (told_ != nullptr) {
    told_->duration = Clock::now() - told_->started;
  }
  ErrorContext context{&connection, error, told_, error.is_disconnect()};
  engine_->events.handle_error(context);
  return context.is_disconnect;
}

}  // namespace greenway::detail
