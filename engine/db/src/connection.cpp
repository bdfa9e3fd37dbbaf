// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/connection.hpp>

#include <algorithm>
#include <map>
#include <span>
#include <string>

#include <boost/container/small_vector.hpp>
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

[[gnu::hot]] detail::ConnectionState& Connection::state() const {
  if (state_ == nullptr) {
    throw ResourceClosedError("This Connection is closed");
  }
  return *state_;
}

Result Connection::execute(const TextClause& statement, const ExecutionOptions& options) {
  Result result = state().execute(statement.sql(state().parameter_style()), statement.values(), options);
  if (statement.column_types() != nullptr && result.returns_rows()) {
    auto columns = std::make_shared<detail::StatementColumns>();
    for (const std::string& name : result.keys()) {
      const auto known = std::ranges::find(*statement.column_types(), name, &std::pair<std::string, Type>::first);
      columns->types.push_back(known == statement.column_types()->end() ? Type() : known->second);
    }
    result.set_columns(std::move(columns));
  }
  return result;
}

Result Connection::execute(const TextClause& statement, const Parameters& parameters, const ExecutionOptions& options) {
  return execute(statement.bind(parameters), options);
}

namespace {

const Value& value_of(const detail::BindNode& bind, const Parameters& parameters) {
  if (bind.has_value) {
    return bind.value;
  }
  const auto given = std::ranges::find(parameters.items(), bind.text, &std::pair<std::string, Value>::first);
  if (given == parameters.items().end()) {
    throw ArgumentError("the statement's parameter '" + bind.text + "' has no value: give it to execute()");
  }
  return given->second;
}

/// Few statements have more parameters than what costs no allocation.
using Values = boost::container::small_vector<Value, 4>;

/// The values of a statement's parameters, in the order of their numbers.
[[gnu::hot]] Values values_of(const std::vector<const detail::BindNode*>& binds, const Parameters& parameters,
                              Dialect::Kind dialect) {
  Values values;
  values.reserve(binds.size());
  std::size_t used = 0;
  for (const detail::BindNode* bind : binds) {
    values.push_back(detail::bound_to(value_of(*bind, parameters), bind->type, dialect));
    used += bind->has_value ? 0 : 1;
  }
  if (used != parameters.items().size()) {
    throw ArgumentError("a value was given to execute() for a parameter that the statement does not have");
  }
  return values;
}

/// For a statement whose rows are read before anybody else gets its result.
ExecutionOptions buffered(ExecutionOptions options) {
  options.stream_results = false;
  options.yield_per.reset();
  return options;
}

detail::FoundStatement find_translated(detail::ConnectionState& state, const Statement& statement, StatementShape& shape,
                                       const std::map<std::string, std::string>& schemas) {
  const Dialect translating = state.dialect().translating(schemas);
  return state.find_by_shape(statement, shape, &translating);
}

/// What is not known by its address.
[[gnu::noinline]] detail::FoundStatement look_up(detail::ConnectionState& state, const Statement& statement,
                                                 const ExecutionOptions& options) {
  // Used again for its memory, and by nobody else: nothing suspends before the values are taken.
  static thread_local StatementShape shape;
  return options.schema_translate_map ? find_translated(state, statement, shape, *options.schema_translate_map)
                                      : state.find_by_shape(statement, shape, nullptr);
}

/// The columns of an inserted row's primary key that the statement itself says.
std::vector<Value> known_key(const detail::FoundStatement& found, const Parameters& parameters) {
  std::vector<Value> key;
  key.reserve(found.compiled->key.size());
  for (const detail::InsertedKey::Part& part : found.compiled->key) {
    const bool is_known = part.source == detail::InsertedKey::Source::parameter;
    key.push_back(is_known ? value_of(*(*found.binds)[part.index], parameters) : Value());
  }
  return key;
}

// What the columns' defaults are part of.
bool is_insert_or_update(const detail::Node& node) noexcept {
  return node.kind == detail::NodeKind::insert || node.kind == detail::NodeKind::update;
}

}  // namespace

[[gnu::hot]] Result Connection::execute(const Statement& statement, const Parameters& parameters,
                                        const ExecutionOptions& options) {
  if (!is_insert_or_update(*statement.node())) [[likely]] {
    return execute_complete(statement, parameters, options);
  }
  const std::optional<Statement> written = detail::with_columns(statement, parameters);
  const std::optional<Statement> completed = detail::with_defaults(written ? *written : statement);
  return execute_complete(completed ? *completed : written ? *written : statement, parameters, options);
}

// With nothing else to return, the result is made where the caller wants it.
[[gnu::hot]] Result Connection::execute_found(detail::FoundStatement& found, std::span<const Value> values,
                                              const ExecutionOptions& options) {
  Result result = state_->execute(found.compiled->sql, values, options);
  const detail::StatementColumns* const columns = &found.compiled->columns;
  result.set_columns({std::move(found.compiled), columns});
  return result;
}

[[gnu::hot]] Result Connection::execute_complete(const Statement& statement, const Parameters& parameters,
                                                 const ExecutionOptions& options) {
  detail::ConnectionState& state = this->state();
  detail::FoundStatement found =
      options.schema_translate_map ? detail::FoundStatement() : state.find_known(statement);
  if (found.compiled == nullptr) [[unlikely]] {
    found = look_up(state, statement, options);
  }
  const Values values = values_of(*found.binds, parameters, state.dialect().kind());
  if (!found.compiled->key.empty()) [[unlikely]] {
    return execute_insert(found.compiled, values, known_key(found, parameters), options);
  }
  return execute_found(found, values, options);
}

Result Connection::execute_insert(const std::shared_ptr<const detail::Executable>& insert, std::span<const Value> values,
                                  std::vector<Value> key, const ExecutionOptions& options) {
  Result result = state().execute(insert->sql, values, buffered(options));
  std::optional<Row> returned;
  if (insert->returns_key) {
    result.set_columns({insert, &insert->columns});
    returned = result.fetchone();
  }
  for (std::size_t i = 0; i != key.size(); ++i) {
    const detail::InsertedKey::Part& part = insert->key[i];
    if (part.source == detail::InsertedKey::Source::rowid) {
      key[i] = Value(result.lastrowid());
    } else if (part.source == detail::InsertedKey::Source::returned && returned) {
      key[i] = returned->get<Value>(part.index);
    }
  }
  Result inserted(result.rowcount(), result.lastrowid());
  inserted.inserted_key_ = std::make_shared<const std::vector<Value>>(std::move(key));
  return inserted;
}

Result Connection::execute(const Statement& statement, const ParameterSets& parameters, const ExecutionOptions& options) {
  const std::vector<Parameters>& sets = parameters.sets();
  if (sets.empty()) {
    return Result(0, 0);
  }
  if (detail::is_insert_returning(statement)) {
    return insert_many_values(statement, sets, options);
  }
  const Statement sent = detail::for_many(statement, sets.front());
  StatementShape shape;
  if (!state().find_by_shape(sent, shape, nullptr).compiled->columns.types.empty()) {
    throw InvalidRequestError("of what returns rows only an insert().returning() can be executed with several sets of "
                              "parameters: execute it once for each");
  }
  std::int64_t rowcount = 0;
  for (const Parameters& set : sets) {
    rowcount += execute(sent, set, options).rowcount();
  }
  return Result(rowcount, 0);
}

Result Connection::insert_many_values(const Statement& insert, std::span<const Parameters> sets,
                                      const ExecutionOptions& options) {
  // Before 15.19 a server dies of describing a statement with more than 7,400 parameters.
  constexpr std::size_t most_parameters = 7000;
  const ExecutionOptions& mine = state().options();
  const std::size_t asked = options.insertmanyvalues_page_size.value_or(mine.insertmanyvalues_page_size.value_or(1000));
  const bool has_pages = options.use_insertmanyvalues.value_or(mine.use_insertmanyvalues.value_or(true));
  const std::size_t columns = sets.front().items().size();
  // Of rows that say nothing DEFAULT VALUES makes one.
  const std::size_t page = columns == 0 || !has_pages
                               ? 1
                               : std::clamp<std::size_t>(most_parameters / columns, 1, std::max<std::size_t>(asked, 1));
  const ExecutionOptions how = buffered(options);
  std::optional<Result> all;
  for (std::size_t first = 0; first < sets.size(); first += page) {
    Result some = execute(detail::with_rows(insert, sets.subspan(first, std::min(page, sets.size() - first)), dialect()), {},
                          how);
    if (all) {
      all->append(std::move(some));
    } else {
      all = std::move(some);
    }
  }
  return std::move(*all);
}

const Dialect& Connection::dialect() const { return state().dialect(); }

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
