// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/connection.hpp>

#include <algorithm>
#include <string>

#include <greenway/base/error.hpp>
#include <greenway/db/engine.hpp>
#include <greenway/sql/detail/bind_processing.hpp>
#include <greenway/sql/detail/column_defaults.hpp>
#include <greenway/sql/detail/column_parameters.hpp>

#include "connection_state.hpp"

namespace greenway {

namespace detail {

TransactionScope::TransactionScope(ConnectionState& connection, const Transaction& transaction) noexcept
    : connection_(connection), outer_(connection.set_scope(&transaction)) {}

TransactionScope::~TransactionScope() { connection_.set_scope(outer_); }

}  // namespace detail

Connection::Connection(std::shared_ptr<detail::ConnectionState> state, bool is_branch) noexcept
    : state_(std::move(state)), is_branch_(is_branch) {}

Connection& Connection::operator=(Connection&& other) noexcept {
  const Connection gone(std::move(*this));
  state_ = std::move(other.state_);
  is_branch_ = other.is_branch_;
  return *this;
}

Connection::~Connection() {
  if (state_ != nullptr && !is_branch_) {
    state_->drop();
  }
}

detail::ConnectionState& Connection::state() const {
  if (state_ == nullptr) {
    throw ResourceClosedError("This Connection is closed");
  }
  return *state_;
}

Result Connection::execute(const TextClause& statement, const ExecutionOptions& options) {
  Result result = state().execute(statement.sql(state().parameter_style()), statement.values(), options);
  if (statement.column_types() != nullptr && result.returns_rows()) {
    auto types = std::make_shared<std::vector<Type>>();
    for (const std::string& name : result.keys()) {
      const auto known = std::ranges::find(*statement.column_types(), name, &std::pair<std::string, Type>::first);
      types->push_back(known == statement.column_types()->end() ? Type() : known->second);
    }
    result.set_types(std::move(types));
  }
  return result;
}

Result Connection::execute(const TextClause& statement, const Parameters& parameters, const ExecutionOptions& options) {
  return execute(statement.bind(parameters), options);
}

namespace {

/// The values of a statement's parameters, in the order of their numbers.
std::vector<Value> values_of(const std::vector<const detail::BindNode*>& binds, const Parameters& parameters,
                             Dialect::Kind dialect) {
  std::vector<Value> values;
  values.reserve(binds.size());
  std::size_t used = 0;
  for (const detail::BindNode* bind : binds) {
    if (bind->has_value) {
      values.push_back(detail::bound_to(bind->value, bind->type, dialect));
      continue;
    }
    const auto given = std::ranges::find(parameters.items(), bind->text, &std::pair<std::string, Value>::first);
    if (given == parameters.items().end()) {
      throw ArgumentError("the statement's parameter '" + bind->text + "' has no value: give it to execute()");
    }
    values.push_back(detail::bound_to(given->second, bind->type, dialect));
    ++used;
  }
  if (used != parameters.items().size()) {
    throw ArgumentError("a value was given to execute() for a parameter that the statement does not have");
  }
  return values;
}

}  // namespace

Result Connection::execute(const Statement& statement, const ParameterSets& parameters, const ExecutionOptions& options) {
  std::int64_t rowcount = 0;
  if (!parameters.sets().empty()) {
    const std::optional<Statement> written = detail::with_columns(statement, parameters.sets().front());
    const Statement& sent = written ? *written : statement;
    StatementShape shape;
    if (!state().engine().compiled().find(sent, shape).compiled->column_types.empty()) {
      throw InvalidRequestError("a statement that returns rows cannot be executed with several sets of parameters: give "
                                "them to insert().values() as rows, or execute it once for each");
    }
    for (const Parameters& set : parameters.sets()) {
      rowcount += execute(sent, set, options).rowcount();
    }
  }
  return Result(nullptr, {}, rowcount, 0);
}

Result Connection::execute(const Statement& statement, const Parameters& parameters, const ExecutionOptions& options) {
  const std::optional<Statement> written = detail::with_columns(statement, parameters);
  const std::optional<Statement> completed = detail::with_defaults(written ? *written : statement);
  const Statement& sent = completed ? *completed : written ? *written : statement;
  // Used again for its memory, and by nobody else: nothing here suspends before the values are taken.
  static thread_local StatementShape shape;
  const detail::FoundStatement found = state().engine().compiled().find(sent, shape);
  const std::vector<Value> values = values_of(*found.binds, parameters, dialect().kind());
  Result result = state().execute(found.compiled->sql, values, options);
  result.set_types({found.compiled, &found.compiled->column_types});
  return result;
}

const Dialect& Connection::dialect() const { return Dialect::of(state().engine().driver->name()); }

Result Connection::exec_driver_sql(std::string_view sql, const std::vector<Value>& parameters,
                                   const ExecutionOptions& options) {
  return state().execute(SQLText(std::string(sql)), parameters, options);
}

Connection Connection::connect() const {
  state().check_open();
  return Connection(state_, true);
}

Engine Connection::engine() const { return Engine(state().shared_engine(), state().engine_options()); }

Transaction Connection::begin() { return Transaction(state_, state().begin()); }

Transaction Connection::begin_nested() { return Transaction(state_, state().begin_nested()); }

void Connection::commit_if_active(Transaction& transaction) {
  if (transaction.is_active()) {
    transaction.commit();
  }
}

void Connection::commit() { state().commit(); }

void Connection::rollback() { state().rollback(); }

bool Connection::in_transaction() const noexcept { return state_ != nullptr && state_->in_transaction(); }

bool Connection::in_nested_transaction() const noexcept { return state_ != nullptr && state_->in_nested_transaction(); }

Connection& Connection::execution_options(const ExecutionOptions& options) {
  state().set_options(options);
  return *this;
}

const ExecutionOptions& Connection::get_execution_options() const { return state().options(); }

std::string Connection::get_isolation_level() {
  if (const auto& said = state().options().isolation_level; said && !said->empty()) {
    return *said;
  }
  if (dialect().kind() == Dialect::Kind::sqlite) {
    return "SERIALIZABLE";
  }
  auto level = scalar<std::string>(text("SELECT upper(current_setting('transaction_isolation'))"));
  return level;
}

std::map<std::string, std::any>& Connection::info() { return state().link().info; }

DriverConnection& Connection::get_raw_connection() { return *state().link().connection; }

void Connection::detach() { state().detach(); }

void Connection::invalidate(bool soft) { state().invalidate(soft); }

void Connection::close() {
  if (is_branch_) {
    state_.reset();
  } else if (state_ != nullptr) {
    state_->close();
  }
}

bool Connection::closed() const noexcept { return state_ == nullptr || state_->is_closed(); }

bool Connection::invalidated() const noexcept { return state_ != nullptr && state_->is_invalidated(); }

}  // namespace greenway
