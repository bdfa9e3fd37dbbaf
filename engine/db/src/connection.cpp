// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/connection.hpp>

#include <string>

#include <greenway/base/error.hpp>

#include "connection_state.hpp"

namespace greenway {

namespace detail {

TransactionScope::TransactionScope(ConnectionState& connection, const Transaction& transaction) noexcept
    : connection_(connection), outer_(connection.set_scope(&transaction)) {}

TransactionScope::~TransactionScope() { connection_.set_scope(outer_); }

}  // namespace detail

Connection::Connection(std::shared_ptr<detail::ConnectionState> state) noexcept : state_(std::move(state)) {}

Connection& Connection::operator=(Connection&& other) noexcept {
  const Connection gone(std::move(*this));
  state_ = std::move(other.state_);
  return *this;
}

Connection::~Connection() {
  if (state_ != nullptr) {
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
  return state().execute(statement.sql(state().parameter_style()), statement.values(), options);
}

Result Connection::execute(const TextClause& statement, const Parameters& parameters, const ExecutionOptions& options) {
  return execute(statement.bind(parameters), options);
}

Result Connection::exec_driver_sql(std::string_view sql, const std::vector<Value>& parameters,
                                   const ExecutionOptions& options) {
  return state().execute(SQLText(std::string(sql)), parameters, options);
}

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

void Connection::invalidate() { state().invalidate(); }

void Connection::close() {
  if (state_ != nullptr) {
    state_->close();
  }
}

bool Connection::closed() const noexcept { return state_ == nullptr || state_->is_closed(); }

bool Connection::invalidated() const noexcept { return state_ != nullptr && state_->is_invalidated(); }

}  // namespace greenway
