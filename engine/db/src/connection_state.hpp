// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a Connection, its transactions and its streaming result share.
//
// Whether a transaction is open is asked of the client library. Kept here is only what it cannot know: which
// Transaction object stands for the open transaction, which savepoints we made, what is promised but not sent.
//
//     ready   a link, or none yet (invalidated): the next statement gets one
//     lost    the link broke in a transaction: only rollback is legal           --rollback()-->  ready
//     closed  for good
//
// Whatever waits begins with a Turn, which refuses a second user, a closed connection, and a wait outside a greenlet
// when the connection came from the async facade.

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <greenway/db/driver.hpp>
#include <greenway/db/engine.hpp>
#include <greenway/db/options.hpp>
#include <greenway/db/result.hpp>
#include <greenway/db/transaction.hpp>

#include "engine_state.hpp"

namespace greenway::detail {

class ConnectionState : public std::enable_shared_from_this<ConnectionState> {
 public:
  ConnectionState(std::shared_ptr<EngineState> engine, Facade facade, std::shared_ptr<const ExecutionOptions> options,
                  const std::source_location& where)
      : engine_(std::move(engine)),
        facade_(facade),
        where_(where),
        engine_options_(std::move(options)),
        options_(*engine_options_) {
    take_options();
  }

  void open();
  Result execute(const SQLText& sql, std::span<const Value> values, const ExecutionOptions& options);
  EngineState& engine() const noexcept { return *engine_; }
  const std::shared_ptr<EngineState>& shared_engine() const noexcept { return engine_; }
  const std::shared_ptr<const ExecutionOptions>& engine_options() const noexcept { return engine_options_; }
  const ExecutionOptions& options() const noexcept { return options_; }
  // The engine's, in which schemas perhaps have other names.
  const Dialect& dialect() const { return translating_ ? *translating_ : engine_->compiled().dialect(); }
  void check_open() const;
  // One that was executed before, in the connection's dialect; `compiled` is null if it is to be found by its shape.
  FoundStatement find_known(const Statement& statement) const {
    return usual_.translates ? FoundStatement() : engine_->compiled().find_known(statement);
  }
  // A statement compiled, in the connection's dialect unless another one is given.
  FoundStatement find_by_shape(const Statement& statement, StatementShape& shape, const Dialect* dialect) const {
    return engine_->compiled().find_by_shape(statement, shape, dialect != nullptr ? dialect : translating_ ? &*translating_ : nullptr);
  }
  // The session itself, which is opened if there is none.
  PoolLink& link();
  void detach();
  ParameterStyle parameter_style() const noexcept { return engine_->driver->parameter_style(); }

  TransactionKey begin();
  TransactionKey begin_nested();
  bool is_active(TransactionKey key) const noexcept;
  void commit(TransactionKey key);
  void rollback(TransactionKey key);
  // Of a Transaction that is destroyed.
  void drop(TransactionKey key) noexcept;
  // Of the connection itself: whatever transaction is open, or none.
  void commit();
  void rollback();
  bool in_transaction() const noexcept { return is_lost_ || is_open(); }
  bool in_nested_transaction() const noexcept { return is_open() && !savepoints_.empty(); }
  // Statements are refused when it is over; returns the one until now.
  const Transaction* set_scope(const Transaction* scope) noexcept { return std::exchange(scope_, scope); }

  std::shared_ptr<const RowBatch> next_batch(std::uint64_t stream);
  void yield_per(std::uint64_t stream, std::size_t rows) noexcept;
  void close_stream(std::uint64_t stream);
  void abandon_stream(std::uint64_t stream) noexcept;

  void set_options(const ExecutionOptions& options);
  void invalidate(bool soft);
  void close();
  // Of a Connection that is destroyed.
  void drop() noexcept;
  bool is_closed() const noexcept { return is_closed_; }
  bool is_invalidated() const noexcept { return !is_closed_ && link_ == nullptr; }

 private:
  class Turn;
  class Pause;
  // While it exists, an error is an error of that statement.
  class Told {
   public:
    Told(ConnectionState& state, StatementContext& context) noexcept
        : state_(state), outer_(std::exchange(state.told_, &context)) {}
    ~Told() { state_.told_ = outer_; }
    Told(const Told&) = delete;
    Told& operator=(const Told&) = delete;

   private:
    ConnectionState& state_;
    StatementContext* outer_;
  };

  // The link, with nothing left to clean up, or why it may not be used.
  DriverConnection& ready();
  // As above, in a transaction if statements begin one.
  DriverConnection& ready_for_statement();
  Result execute_now(DriverConnection& driver, const SQLText& sql, std::span<const Value> values,
                     const ExecutionOptions& options);
  void check_ready() const;
  void take_options();
  void settle();
  void start(DriverConnection& driver);
  Result run(DriverConnection& driver, const SQLText& sql, std::span<const Value> values,
             const ExecutionOptions& options);
  Result run_streaming(DriverConnection& driver, const SQLText& sql, std::span<const Value> values,
                       const ExecutionOptions& options, ExecuteOptions how);
  static Result fetch_all(Cursor& cursor);
  static Result fetch_others(Cursor& cursor, std::shared_ptr<const RowBatch> first,
                             std::shared_ptr<const RowBatch> second);
  void commit_now(TransactionKey key);
  void roll_back_now(TransactionKey key);
  void end(TransactionKey key) noexcept;
  void forget_loss(TransactionKey key) noexcept;
  void close_cursor();

  // In watched_connection.cpp. A second handle, for handlers.
  Connection handle();
  template <class... A>
  void tell(const Listeners<Connection&, A...>& event, std::type_identity_t<A>... about);
  Result execute_watched(const SQLText& sql, std::span<const Value> values, const ExecutionOptions& options);
  Result execute_told(Connection& connection, const SQLText& sql, StatementContext& context);
  bool is_disconnect_as_told(const DBAPIError& error);

  // Runs something on the link; if it fails and leaves the link broken, the link is given up.
  template <class F>
  auto guarded(F&& use);
  void give_up_link() noexcept;
  void release_link() noexcept;
  void note_disconnect() noexcept { engine_->pool.invalidate(link_->generation); }

  bool can_wait() const noexcept;
  bool is_open() const noexcept;
  bool is_autocommit() const noexcept { return usual_.is_autocommit; }
  bool streams(const ExecutionOptions& options) const noexcept;
  Duration timeout(const ExecutionOptions& options) const noexcept;
  Deadline deadline() const noexcept { return Deadline::in(timeout(options_)); }
  void echo(std::string_view sql) const noexcept;

  // What every statement asks of the options.
  struct Usual {
    Duration timeout{};
    bool prepares = true;
    bool streams = false;
    bool is_autocommit = false;
    bool translates = false;
  };

  // What every statement looks at lies together.
  const std::shared_ptr<EngineState> engine_;
  const Facade facade_;
  bool is_closed_ = false;
  bool is_lost_ = false;
  std::atomic<bool> is_busy_ = false;  // atomic only so that misuse from two threads is found rather than undefined
  bool is_nominal_ = false;            // one of AUTOCOMMIT is open, of which the database knows nothing
  bool is_stream_abandoned_ = false;
  std::unique_ptr<PoolLink> link_;
  Usual usual_;
  const Transaction* scope_ = nullptr;
  std::unique_ptr<Cursor> cursor_;              // of the streaming result
  std::optional<TransactionKey> to_roll_back_;  // dropped where nothing could wait

  std::uint64_t transaction_ = 0;          // the latest, counted from 1
  std::uint64_t savepoint_ = 0;            // the latest, counted from 1
  std::vector<std::uint64_t> savepoints_;  // those open in the latest transaction, the innermost last
  StatementContext* told_ = nullptr;       // of the statement under way, if somebody watches

  std::uint64_t stream_ = 0;  // the latest, counted from 1
  Duration stream_timeout_{};
  std::size_t stream_batch_ = 0;  // rows fetched at a time …
  std::size_t stream_limit_ = 0;  // … growing to this

  const std::source_location where_;
  const std::shared_ptr<const ExecutionOptions> engine_options_;
  ExecutionOptions options_;
  std::optional<Dialect> translating_;
};

}  // namespace greenway::detail
