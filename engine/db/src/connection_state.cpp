// SPDX-License-Identifier: BSL-1.0
#include "connection_state.hpp"

#include <algorithm>

#include <greenway/runtime/cancel.hpp>

#include "connection_turn.hpp"
#include "isolation_level.hpp"
#include "statement_log.hpp"

namespace greenway::detail {

namespace {

std::string savepoint_name(std::uint64_t savepoint) { return "sa_savepoint_" + std::to_string(savepoint); }

}  // namespace

template <class F>
auto ConnectionState::guarded(F&& use) {
  const bool was_open = !is_autocommit() && is_open();
  const auto give_up_if = [this, was_open](bool is_broken) {
    if (is_broken) {
      is_lost_ = was_open;
      give_up_link();
    }
  };
  try {
    return use();
  } catch (const DBAPIError& error) {
    if (error.is_disconnect()) {
      note_disconnect();
    }
    give_up_if(error.is_disconnect() || !link_->connection->is_usable());
    if (engine_->events.handle_error.is_heard()) {
      give_up_if(is_disconnect_as_told(error) && link_ != nullptr);
    }
    throw;
  } catch (...) {
    give_up_if(!link_->connection->is_usable());
    throw;
  }
}

void ConnectionState::open() { link_ = engine_->pool.acquire(where_); }

[[gnu::hot]] void ConnectionState::check_open() const {
  if (is_closed_) {
    throw ResourceClosedError("This Connection is closed");
  }
}

PoolLink& ConnectionState::link() {
  check_open();
  check_ready();
  if (link_ == nullptr) {
    const Turn turn(*this);
    open();
  }
  return *link_;
}

void ConnectionState::detach() { engine_->pool.detach(link()); }

[[gnu::hot]] Result ConnectionState::execute(const SQLText& sql, std::span<const Value> values,
                                             const ExecutionOptions& options) {
  if (options.isolation_level || options.read_only || options.deferrable) {
    throw ArgumentError("isolation_level, read_only and deferrable are options of an engine or of a connection");
  }
  if (engine_->events.watches_statements()) [[unlikely]] {
    return execute_watched(sql, values, options);
  }
  const Turn turn(*this);
  return execute_now(ready_for_statement(), sql, values, options);
}

[[gnu::hot]] DriverConnection& ConnectionState::ready_for_statement() {
  DriverConnection& driver = ready();
  if (is_autocommit() || is_open() || !engine_->options.autobegin) {
    return driver;
  }
  start(driver);
  return ready();
}

[[gnu::hot]] Result ConnectionState::execute_now(DriverConnection& driver, const SQLText& sql,
                                                 std::span<const Value> values, const ExecutionOptions& options) {
  if (engine_->options.echo) {
    const ExecutionOptions& told = options.logging_token ? options : options_;
    log_line(engine_->options, told, sql.text);
    log_parameters(engine_->options, told, values);
  }
  return guarded([&] { return run(driver, sql, values, options); });
}

[[gnu::hot]] Result ConnectionState::run(DriverConnection& driver, const SQLText& sql, std::span<const Value> values,
                                         const ExecutionOptions& options) {
  ExecuteOptions how;
  how.prepare = options.prepare.value_or(usual_.prepares);
  if (streams(options)) [[unlikely]] {
    return run_streaming(driver, sql, values, options, how);
  }
  how.deadline = Deadline::in(timeout(options));
  return fetch_all(*driver.execute(sql, values, how));
}

[[gnu::hot]] Result ConnectionState::fetch_all(Cursor& cursor) {
  std::shared_ptr<const RowBatch> first = cursor.next();
  if (first != nullptr) {
    if (std::shared_ptr<const RowBatch> second = cursor.next()) [[unlikely]] {
      return fetch_others(cursor, std::move(first), std::move(second));
    }
  }
  return Result(cursor.columns(), std::move(first), {}, cursor.rowcount(), cursor.lastrowid());
}

Result ConnectionState::fetch_others(Cursor& cursor, std::shared_ptr<const RowBatch> first,
                                     std::shared_ptr<const RowBatch> second) {
  std::vector<std::shared_ptr<const RowBatch>> others;
  do {
    others.push_back(std::move(second));
    second = cursor.next();
  } while (second != nullptr);
  return Result(cursor.columns(), std::move(first), std::move(others), cursor.rowcount(), cursor.lastrowid());
}

Result ConnectionState::run_streaming(DriverConnection& driver, const SQLText& sql, std::span<const Value> values,
                                      const ExecutionOptions& options, ExecuteOptions how) {
  const Duration limit = timeout(options);
  const std::optional<std::size_t> fixed = options.yield_per ? options.yield_per : options_.yield_per;
  const std::size_t most = options.max_row_buffer.value_or(options_.max_row_buffer.value_or(1000));
  stream_batch_ = how.stream = std::max<std::size_t>(fixed.value_or(1), 1);
  stream_limit_ = fixed ? stream_batch_ : std::max<std::size_t>(most, 1);
  std::unique_ptr<Cursor> cursor = with_timeout(limit, [&] { return driver.execute(sql, values, how); });
  if (const auto& columns = cursor->columns(); columns == nullptr || columns->empty()) {
    return fetch_all(*cursor);
  }
  cursor_ = std::move(cursor);
  stream_timeout_ = limit;
  is_stream_abandoned_ = false;
  Result result(cursor_->columns(), Stream(shared_from_this(), ++stream_));
  if (fixed) {
    result.partition_size_ = stream_batch_;
  }
  return result;
}

// Transactions.

TransactionKey ConnectionState::begin() {
  const Turn turn(*this);
  DriverConnection& driver = ready();
  if (is_open()) {
    throw InvalidRequestError(
        "This connection has already initialized a Transaction() object via begin() or autobegin; can't call begin() "
        "here unless rollback() or commit() is called first.");
  }
  start(driver);
  return {transaction_, 0};
}

TransactionKey ConnectionState::begin_nested() {
  const Turn turn(*this);
  DriverConnection& driver = ready();
  if (!is_open()) {
    start(driver);
  }
  const std::string name = savepoint_name(++savepoint_);
  echo("SAVEPOINT " + name);
  guarded([&] { driver.savepoint(name, deadline()); });
  savepoints_.push_back(savepoint_);
  tell(engine_->events.savepoint, name);
  return {transaction_, savepoint_};
}

void ConnectionState::start(DriverConnection& driver) {
  ++transaction_;
  savepoints_.clear();
  if (is_autocommit()) {
    is_nominal_ = true;
    return tell(engine_->events.begin);
  }
  echo("BEGIN (implicit)");
  BeginOptions how;
  how.isolation_level = options_.isolation_level.value_or("");
  how.read_only = options_.read_only.value_or(false);
  how.deferrable = options_.deferrable.value_or(false);
  guarded([&] { driver.begin(how, deadline()); });
  tell(engine_->events.begin);
}

[[gnu::hot]] bool ConnectionState::is_open() const noexcept {
  if (link_ == nullptr) {
    return false;
  }
  switch (link_->connection->transaction_state()) {
    case TransactionState::idle:
      return is_nominal_;
    case TransactionState::unknown:
      return is_nominal_ || !is_autocommit();
    case TransactionState::in_transaction:
    case TransactionState::failed:
      return true;
  }
  return true;
}

bool ConnectionState::is_active(TransactionKey key) const noexcept {
  const bool is_dropped = to_roll_back_ && to_roll_back_->savepoint <= key.savepoint;
  const bool is_known =
      key.savepoint == 0 || std::find(savepoints_.begin(), savepoints_.end(), key.savepoint) != savepoints_.end();
  return key.transaction == transaction_ && is_known && !is_dropped && is_open();
}

void ConnectionState::commit(TransactionKey key) {
  const Turn turn(*this);
  check_ready();
  settle();
  if (!is_active(key)) {
    throw InvalidRequestError(key.savepoint == 0 ? "This transaction is inactive"
                                                 : "This nested transaction is inactive");
  }
  commit_now(key);
}

void ConnectionState::commit() {
  const Turn turn(*this);
  check_ready();
  settle();
  if (is_open()) {
    commit_now({transaction_, 0});
  }
}

void ConnectionState::commit_now(TransactionKey key) {
  if (key.savepoint != 0) {
    tell(engine_->events.release_savepoint, savepoint_name(key.savepoint));
  } else {
    tell(engine_->events.commit);
  }
  check_ready();
  if (link_ == nullptr) {
    return;  // a handler has invalidated it, with nothing to lose
  }
  DriverConnection& driver = *link_->connection;
  guarded([&] {
    close_cursor();
    if (key.savepoint != 0) {
      echo("RELEASE SAVEPOINT " + savepoint_name(key.savepoint));
      driver.release_savepoint(savepoint_name(key.savepoint), deadline());
    } else {
      echo("COMMIT");
      driver.commit(deadline());
    }
  });
  end(key);
}

void ConnectionState::rollback(TransactionKey key) {
  const Turn turn(*this);
  if (is_lost_) {
    forget_loss(key);
    return;
  }
  settle();
  if (is_active(key)) {
    roll_back_now(key);
  }
}

void ConnectionState::rollback() {
  const Turn turn(*this);
  is_lost_ = false;
  settle();
  if (is_open()) {
    roll_back_now({transaction_, 0});
  }
}

void ConnectionState::roll_back_now(TransactionKey key) {
  if (key.savepoint != 0) {
    tell(engine_->events.rollback_savepoint, savepoint_name(key.savepoint));
  } else {
    tell(engine_->events.rollback);
  }
  if (link_ == nullptr) {
    is_lost_ = false;  // a handler has invalidated it, which rolls back
    return;
  }
  DriverConnection& driver = *link_->connection;
  if (key.savepoint != 0) {
    guarded([&] {
      close_cursor();
      echo("ROLLBACK TO SAVEPOINT " + savepoint_name(key.savepoint));
      driver.rollback_to_savepoint(savepoint_name(key.savepoint), deadline());
    });
    end(key);
    return;
  }
  // A link whose rollback failed is closed, which rolls back.
  try {
    guarded([&] {
      close_cursor();
      echo("ROLLBACK");
      driver.rollback(deadline());
    });
  } catch (...) {
    is_lost_ = false;
    give_up_link();
    throw;
  }
  end(key);
  if (driver.transaction_state() != TransactionState::idle) {
    give_up_link();
  }
}

void ConnectionState::end(TransactionKey key) noexcept {
  if (key.savepoint == 0) {
    is_nominal_ = false;
    savepoints_.clear();
  } else {
    savepoints_.erase(std::find(savepoints_.begin(), savepoints_.end(), key.savepoint), savepoints_.end());
  }
}

void ConnectionState::drop(TransactionKey key) noexcept {
  if (is_lost_) {
    forget_loss(key);
  }
  if (!is_active(key)) {
    return;
  }
  if (is_busy_ || !can_wait()) {
    to_roll_back_ = key;  // an enclosing one, if there was any
    return;
  }
  try {
    const Shield shield(clean_up_bound);
    rollback(key);
  } catch (...) {
    // Bounded clean-up. Closing the link rolls everything back, and so more than was asked if this was a savepoint.
    is_lost_ = key.savepoint != 0 && !is_autocommit();
    give_up_link();
  }
}

void ConnectionState::forget_loss(TransactionKey key) noexcept {
  if (key.transaction == transaction_ && key.savepoint == 0) {
    is_lost_ = false;
  }
}

// The streaming result.

std::shared_ptr<const RowBatch> ConnectionState::next_batch(std::uint64_t stream) {
  const Turn turn(*this);
  if (cursor_ == nullptr || stream != stream_) {
    throw ResourceClosedError("This result object is closed: its transaction or its connection's session has ended.");
  }
  is_stream_abandoned_ = true;  // unless the batch arrives
  if (stream_batch_ < stream_limit_) {
    cursor_->set_batch(std::exchange(stream_batch_, std::min(5 * stream_batch_, stream_limit_)));
  }
  auto batch = guarded([&] { return with_timeout(stream_timeout_, [&] { return cursor_->next(); }); });
  is_stream_abandoned_ = false;
  if (batch == nullptr) {
    guarded([&] { close_cursor(); });
  }
  return batch;
}

void ConnectionState::yield_per(std::uint64_t stream, std::size_t rows) noexcept {
  if (cursor_ != nullptr && stream == stream_) {
    stream_batch_ = stream_limit_ = rows;
    cursor_->set_batch(rows);
  }
}

void ConnectionState::close_stream(std::uint64_t stream) {
  if (cursor_ != nullptr && stream == stream_) {
    const Turn turn(*this);
    guarded([&] { close_cursor(); });
  }
}

void ConnectionState::abandon_stream(std::uint64_t stream) noexcept {
  if (stream == stream_) {
    is_stream_abandoned_ = true;
  }
}

void ConnectionState::close_cursor() {
  if (const std::unique_ptr<Cursor> cursor = std::move(cursor_)) {
    cursor->close();
  }
}

// The link.

[[gnu::hot]] void ConnectionState::check_ready() const {
  if (is_lost_) {
    throw PendingRollbackError(
        "Can't reconnect until invalid transaction is rolled back.  Please rollback() fully before proceeding");
  }
}

[[gnu::hot]] DriverConnection& ConnectionState::ready() {
  check_ready();
  if (scope_ != nullptr && !scope_->is_active()) {
    throw InvalidRequestError(
        "Can't operate on closed transaction inside context manager.  Please complete the context manager before "
        "emitting further commands.");
  }
  if (link_ == nullptr) {
    open();
  }
  settle();
  if (cursor_ != nullptr) {
    throw InvalidRequestError(
        "a streaming result is still open on this connection: read it to its end or close() it, or use another "
        "connection");
  }
  return *link_->connection;
}

[[gnu::hot]] void ConnectionState::settle() {
  if (cursor_ != nullptr && is_stream_abandoned_) {
    guarded([&] { close_cursor(); });
  }
  if (const std::optional<TransactionKey> key = std::exchange(to_roll_back_, std::nullopt); key && is_active(*key)) {
    try {
      roll_back_now(*key);
    } catch (...) {
      to_roll_back_ = is_active(*key) ? key : std::nullopt;  // whoever comes next may have the time, or the leave, for it
      throw;
    }
  }
}

void ConnectionState::give_up_link() noexcept {
  cursor_.reset();
  end({transaction_, 0});
  if (link_ != nullptr) {
    engine_->pool.discard(std::move(link_));
  }
}

void ConnectionState::release_link() noexcept {
  cursor_.reset();
  if (link_ == nullptr) {
    return;
  }
  if (in_transaction() && engine_->options.pool_reset_on_return == ResetOnReturn::rollback) {
    echo("ROLLBACK");
  }
  engine_->give_back(facade_, std::move(link_));
}

void ConnectionState::set_options(const ExecutionOptions& options) {
  if ((options.isolation_level || options.read_only || options.deferrable) && in_transaction()) {
    throw InvalidRequestError(
        "This connection has already initialized a Transaction() object via begin() or autobegin; isolation_level may "
        "not be altered unless rollback() or commit() is called first.");
  }
  if (options.isolation_level) {
    check_isolation_level(*options.isolation_level, engine_->driver->name());
  }
  options_ = options_.merged(options);
  take_options();
}

void ConnectionState::take_options() {
  if (options_.schema_translate_map) {
    translating_ = Dialect::of(engine_->driver->name()).translating(*options_.schema_translate_map);
  }
  usual_.timeout = options_.timeout.value_or(engine_->options.statement_timeout);
  usual_.prepares = options_.prepare.value_or(true);
  usual_.streams = options_.stream_results.value_or(options_.yield_per.has_value());
  usual_.is_autocommit = options_.isolation_level == "AUTOCOMMIT";
  usual_.translates = translating_.has_value();
}

void ConnectionState::invalidate(bool soft) {
  const Turn turn(*this);
  if (soft) {
    if (link_ != nullptr) {
      engine_->pool.invalidate_softly(*link_);
    }
    return;
  }
  is_lost_ = is_lost_ || (is_open() && !is_autocommit());
  give_up_link();
}

void ConnectionState::close() {
  if (!is_closed_) {
    const Turn turn(*this);
    drop();
  }
}

void ConnectionState::drop() noexcept {
  if (!std::exchange(is_closed_, true)) {
    release_link();
  }
}

bool ConnectionState::can_wait() const noexcept {
  return !is_unwinding() && (facade_ == Facade::blocking || in_greenlet());
}

[[gnu::hot]] bool ConnectionState::streams(const ExecutionOptions& options) const noexcept {
  if (options.stream_results || options.yield_per) {
    return options.stream_results.value_or(true);
  }
  return usual_.streams;
}

[[gnu::hot]] Duration ConnectionState::timeout(const ExecutionOptions& options) const noexcept {
  return options.timeout ? *options.timeout : usual_.timeout;
}

void ConnectionState::echo(std::string_view sql) const noexcept {
  if (engine_->options.echo) {
    log_line(engine_->options, options_, sql);
  }
}

}  // namespace greenway::detail
