// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/async.hpp>

#include <ostream>

#include <greenway/base/log.hpp>
#include <greenway/db/connection_pool.hpp>
#include <greenway/db/schema_changes.hpp>

namespace greenway {

Operation<std::optional<Row>> AsyncResult::fetchone() { return greenlet_spawn(&Result::fetchone, result_); }

Operation<std::vector<Row>> AsyncResult::fetchmany(std::size_t size) {
  return greenlet_spawn(&Result::fetchmany, result_, size);
}

Operation<std::vector<Row>> AsyncResult::fetchall() { return greenlet_spawn(&Result::fetchall, result_); }

Operation<std::vector<Row>> AsyncResult::all() { return greenlet_spawn(&Result::all, result_); }

Operation<std::optional<Row>> AsyncResult::first() { return greenlet_spawn(&Result::first, result_); }

Operation<Row> AsyncResult::one() { return greenlet_spawn(&Result::one, result_); }

Operation<std::optional<Row>> AsyncResult::one_or_none() { return greenlet_spawn(&Result::one_or_none, result_); }

Operation<void> AsyncResult::close() { return greenlet_spawn(&Result::close, result_); }

AsyncResult& AsyncResult::unique() { return result_->unique(), *this; }

AsyncResult& AsyncResult::unique(std::function<std::string(const Row&)> strategy) {
  return result_->unique(std::move(strategy)), *this;
}

AsyncResult& AsyncResult::yield_per(std::size_t rows) { return result_->yield_per(rows), *this; }

Operation<std::vector<Row>> AsyncResult::partition(std::size_t size) {
  return greenlet_spawn(&Result::partition, result_, size);
}

Operation<FrozenResult> AsyncResult::freeze() { return greenlet_spawn(&Result::freeze, result_); }

std::ostream& operator<<(std::ostream& out, const AsyncResult& result) { return out << *result.result_; }

Operation<void> AsyncTransaction::commit() { return greenlet_spawn(&Transaction::commit, transaction_); }

Operation<void> AsyncTransaction::rollback() { return greenlet_spawn(&Transaction::rollback, transaction_); }

Operation<void> AsyncTransaction::close() { return greenlet_spawn(&Transaction::close, transaction_); }

Operation<Result> AsyncConnection::execute(TextClause statement) {
  return greenlet_spawn([](const Shared& c, const TextClause& s) { return c->execute(s); }, connection_,
                        std::move(statement));
}

Operation<Result> AsyncConnection::execute(TextClause statement, Parameters parameters) {
  return greenlet_spawn([](const Shared& c, const TextClause& s, const Parameters& p) { return c->execute(s, p); },
                        connection_, std::move(statement), std::move(parameters));
}

Operation<Result> AsyncConnection::execute(TextClause statement, const ExecutionOptions& options) {
  return greenlet_spawn(
      [](const Shared& c, const TextClause& s, const ExecutionOptions& o) { return c->execute(s, o); }, connection_,
      std::move(statement), options);
}

Operation<Result> AsyncConnection::execute(Statement statement) { return execute(std::move(statement), Parameters()); }

Operation<Result> AsyncConnection::execute(Statement statement, Parameters parameters) {
  return execute(std::move(statement), std::move(parameters), {});
}

Operation<Result> AsyncConnection::execute(Statement statement, Parameters parameters, const ExecutionOptions& options) {
  return greenlet_spawn(
      [](const Shared& c, const Statement& s, const Parameters& p, const ExecutionOptions& o) { return c->execute(s, p, o); },
      connection_, std::move(statement), std::move(parameters), options);
}

Operation<Result> AsyncConnection::execute(Statement statement, ParameterSets parameters) {
  return execute(std::move(statement), std::move(parameters), {});
}

Operation<Result> AsyncConnection::execute(Statement statement, ParameterSets parameters, const ExecutionOptions& options) {
  return greenlet_spawn(
      [](const Shared& c, const Statement& s, const ParameterSets& p, const ExecutionOptions& o) {
        return c->execute(s, p, o);
      },
      connection_, std::move(statement), std::move(parameters), options);
}

Operation<Result> AsyncConnection::exec_driver_sql(std::string_view sql) { return exec_driver_sql(sql, {}); }

Operation<Result> AsyncConnection::exec_driver_sql(std::string_view sql, const std::vector<Value>& parameters) {
  return greenlet_spawn(
      [](const Shared& c, const std::string& s, const std::vector<Value>& p) { return c->exec_driver_sql(s, p); },
      connection_, std::string(sql), parameters);
}

AsyncResult AsyncConnection::open_stream(Connection& connection, const TextClause& statement, ExecutionOptions options) {
  options.stream_results = true;
  return AsyncResult(connection.execute(statement, options));
}

AsyncResult AsyncConnection::open_stream(Connection& connection, const Statement& statement, ExecutionOptions options) {
  options.stream_results = true;
  return AsyncResult(connection.execute(statement, {}, options));
}

Operation<AsyncResult> AsyncConnection::stream(TextClause statement) { return stream(std::move(statement), {}); }

Operation<AsyncResult> AsyncConnection::stream(TextClause statement, const ExecutionOptions& options) {
  return greenlet_spawn(
      [](const Shared& c, const TextClause& s, const ExecutionOptions& o) { return open_stream(*c, s, o); }, connection_,
      std::move(statement), options);
}

Operation<AsyncResult> AsyncConnection::stream(Statement statement) { return stream(std::move(statement), {}); }

Operation<AsyncResult> AsyncConnection::stream(Statement statement, const ExecutionOptions& options) {
  return greenlet_spawn(
      [](const Shared& c, const Statement& s, const ExecutionOptions& o) { return open_stream(*c, s, o); }, connection_,
      std::move(statement), options);
}

Operation<AsyncTransaction> AsyncConnection::begin() {
  return greenlet_spawn([](const Shared& c) { return AsyncTransaction(c->begin()); }, connection_);
}

Operation<AsyncTransaction> AsyncConnection::begin_nested() {
  return greenlet_spawn([](const Shared& c) { return AsyncTransaction(c->begin_nested()); }, connection_);
}

Operation<void> AsyncConnection::commit() { return greenlet_spawn(&Connection::commit, connection_); }

Operation<void> AsyncConnection::rollback() { return greenlet_spawn(&Connection::rollback, connection_); }

Operation<std::string> AsyncConnection::get_isolation_level() {
  return greenlet_spawn(&Connection::get_isolation_level, connection_);
}

Operation<void> AsyncConnection::invalidate(bool soft) { return greenlet_spawn(&Connection::invalidate, connection_, soft); }

Operation<void> AsyncConnection::close() { return greenlet_spawn(&Connection::close, connection_); }

AsyncConnection& AsyncConnection::execution_options(const ExecutionOptions& options) {
  connection_->execution_options(options);
  return *this;
}

AsyncConnection AsyncConnection::open(const Engine& engine, std::source_location where) {
  return AsyncConnection(engine.connect_through(detail::Facade::async, where));
}

Operation<AsyncConnection> AsyncEngine::connect(std::source_location where) const {
  return greenlet_spawn(&AsyncConnection::open, engine_, where);
}

Operation<PooledConnection> AsyncEngine::raw_connection(std::source_location where) const {
  return greenlet_spawn(
      [](const Engine& e, std::source_location w) { return e.raw_connection_through(detail::Facade::async, w); }, engine_, where);
}

Operation<void> AsyncEngine::dispose(bool close) const { return greenlet_spawn(&Engine::dispose, engine_, close); }

void detail::warn_of_blocking(std::string_view what, std::string_view instead) {
  log(LogLevel::warning, "greenway.engine",
      "BlockingWarning: " + std::string(what) + " blocks its thread; use " + std::string(instead));
}

AsyncEngine AsyncConnection::engine() const { return AsyncEngine(connection_->engine()); }

Operation<bool> AsyncEngine::has_table(std::string_view name, std::string_view schema) const {
  return greenlet_spawn(Connect(), engine_, &greenway::has_table, std::string(name), std::string(schema));
}

Operation<std::vector<std::string>> AsyncEngine::table_names(std::string_view schema) const {
  return greenlet_spawn(Connect(), engine_, &greenway::table_names, std::string(schema));
}

Operation<std::vector<std::string>> AsyncEngine::table_names(std::string_view schema,
                                                             const AsyncConnection& connection) const {
  return greenlet_spawn(AsyncConnection::RunSync(), connection.connection_, &greenway::table_names, std::string(schema));
}

AsyncEngine AsyncEngine::execution_options(const ExecutionOptions& options) const {
  return AsyncEngine(engine_.execution_options(options));
}

}  // namespace greenway
