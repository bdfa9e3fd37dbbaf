// SPDX-License-Identifier: BSL-1.0
#include "connection.hpp"

#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/runtime/cancel.hpp>

namespace greenway::detail {

namespace {

// Where the caller gives no deadline.
constexpr std::chrono::hours longest_call{1};
// What a cursor's close() may take, which has no deadline of its own.
constexpr std::chrono::seconds clean_up_time{5};

Deadline bounded(Deadline deadline) { return deadline.is_set() ? deadline : Deadline::in(longest_call); }

}  // namespace

/// A cursor of a SQLiteConnection. Rows that have been fetched are its own; unread ones are its statement's, which the
/// connection takes away when it rolls back or closes.
class SQLiteCursor final : public Cursor {
 public:
  SQLiteCursor(SQLiteConnection& connection, Deadline deadline) noexcept
      : connection_(connection), deadline_(deadline) {}

  ~SQLiteCursor() override {
    if (result_.statement != nullptr) {
      connection_.database_->abandon(result_);
    }
  }

  [[nodiscard]] const std::shared_ptr<const ColumnList>& columns() const noexcept override { return result_.columns; }
  [[nodiscard]] std::int64_t rowcount() const noexcept override { return result_.rowcount; }
  [[nodiscard]] std::int64_t lastrowid() const noexcept override { return result_.lastrowid; }

  std::shared_ptr<const RowBatch> next() override {
    if (result_.batch == nullptr && result_.statement != nullptr) {
      connection_.on_thread(deadline_, [this] { connection_.database_->fetch(result_); });
    }
    if (result_.batch == nullptr && result_.is_lost) {
      throw ResourceClosedError(
          "the rest of the rows was given up when their statement failed, the transaction was rolled back, or the "
          "connection closed, before all were read");
    }
    return std::exchange(result_.batch, nullptr);
  }

  void set_batch(std::size_t rows) noexcept override { result_.batch_rows = rows; }

  void close() override {
    result_.batch = nullptr;
    result_.is_lost = false;
    if (result_.statement != nullptr) {
      connection_.on_thread_always(Deadline::in(clean_up_time), [this] { connection_.database_->finish(result_); });
    }
  }

  SQLiteResult& result() noexcept { return result_; }

 private:
  SQLiteConnection& connection_;
  const Deadline deadline_;
  SQLiteResult result_;
};

SQLiteConnection::SQLiteConnection(const SQLiteOptions& options)
    : worker_(std::make_shared<ThreadWorker>("gw-sqlite")), database_(std::make_shared<SQLiteDatabase>(options)) {}

SQLiteConnection::~SQLiteConnection() { terminate(); }

SQLiteDatabase& SQLiteConnection::database() const {
  if (database_ == nullptr) {
    throw ResourceClosedError("the connection has been closed");
  }
  return *database_;
}

/// Runs `fn` on the thread. What SQLite reports because it was cut short becomes what cut it short.
template <class F>
std::invoke_result_t<F&> SQLiteConnection::on_thread(Deadline deadline, F&& fn) {
  SQLiteDatabase& target = database();
  SQLiteInterrupt& interrupt = target.interrupt();
  interrupt.arm(earlier(bounded(deadline), current_deadline()));
  try {
    return worker_->run_interruptible(fn, [&interrupt] { interrupt.raise(); });
  } catch (const DBAPIError& error) {
    target.yield_place();
    is_broken_ = is_broken_ || error.is_disconnect();
    if (!interrupt.explains(error.code())) {
      throw;
    }
  } catch (...) {
    target.yield_place();
    throw;
  }
  checkpoint();
  throw TimeoutError("SQLite had not finished when the deadline passed, and was interrupted");
}

/// Runs `fn`, which returns false when it needs the writer's place first.
template <class F>
void SQLiteConnection::on_thread_as_writer(Deadline deadline, F&& fn) {
  while (!on_thread(deadline, fn)) {
    take_place(deadline);
  }
}

/// Runs clean-up on the thread, though the caller has been cancelled. Only waits for locks are bounded by the deadline.
template <class F>
void SQLiteConnection::on_thread_always(Deadline deadline, F&& fn) {
  database_->interrupt().arm(bounded(deadline));
  try {
    worker_->run_always(fn);
  } catch (const DBAPIError& error) {
    is_broken_ = is_broken_ || error.is_disconnect();
    throw;
  }
}

void SQLiteConnection::take_place(Deadline deadline) {
  if (!database().place().take(bounded(deadline))) {
    throw TimeoutError(
        "other connections of this process were still writing to the SQLite database when the deadline "
        "passed; nothing was done");
  }
}

void SQLiteConnection::open(Deadline deadline) {
  on_thread_as_writer(deadline, [this] { return database_->open(); });
}

std::unique_ptr<Cursor> SQLiteConnection::execute(const SQLText& sql, std::span<const Value> parameters,
                                                  const ExecuteOptions& options) {
  auto cursor = std::make_unique<SQLiteCursor>(*this, options.deadline);
  on_thread_as_writer(options.deadline, [&] { return database_->execute(sql, parameters, options, cursor->result()); });
  return cursor;
}

void SQLiteConnection::begin(const BeginOptions& options, Deadline deadline) {
  SQLiteDatabase& target = database();
  target.begin(options);
  if (target.wants_place()) {
    try {
      take_place(deadline);
    } catch (...) {
      target.forget();
      throw;
    }
  }
}

void SQLiteConnection::commit(Deadline deadline) {
  if (database().is_dirty()) {
    on_thread(deadline, [this] { database_->commit(); });
  } else {
    database_->commit();
  }
}

void SQLiteConnection::rollback(Deadline deadline) {
  if (!database().is_dirty()) {
    database_->forget();
    return;
  }
  try {
    on_thread_always(deadline, [this] { database_->rollback(); });
  } catch (...) {
    is_broken_ = true;
    throw;
  }
}

void SQLiteConnection::savepoint(std::string_view name, Deadline deadline) { run("SAVEPOINT ", name, deadline); }

void SQLiteConnection::release_savepoint(std::string_view name, Deadline deadline) {
  run("RELEASE SAVEPOINT ", name, deadline);
}

void SQLiteConnection::rollback_to_savepoint(std::string_view name, Deadline deadline) {
  run("ROLLBACK TO SAVEPOINT ", name, deadline);
}

void SQLiteConnection::run(std::string_view command, std::string_view name, Deadline deadline) {
  ExecuteOptions options;
  options.deadline = deadline;
  execute(SQLText(std::string(command) + '"' + std::string(name) + '"'), {}, options);
}

TransactionState SQLiteConnection::transaction_state() const noexcept {
  return is_usable() ? database_->transaction_state() : TransactionState::unknown;
}

bool SQLiteConnection::is_usable() const noexcept { return database_ != nullptr && !is_broken_; }

void SQLiteConnection::ping(Deadline deadline) {
  on_thread(deadline, [this] { database_->ping(); });
}

void SQLiteConnection::reset(Deadline deadline) { rollback(deadline); }

void SQLiteConnection::close(Deadline deadline) noexcept {
  if (database_ == nullptr) {
    return;
  }
  database_->forget();
  on_thread_always(deadline, [this] { database_ = nullptr; });
  worker_ = nullptr;
}

void SQLiteConnection::terminate() noexcept {
  if (database_ == nullptr) {
    return;
  }
  database_->forget();
  database_->interrupt().raise();
  // The thread's last work owns all that is left, the thread itself included, so that nobody joins it.
  const std::shared_ptr<ThreadWorker> worker = std::move(worker_);
  worker->quit([database = std::move(database_), worker]() mutable { database = nullptr; });
}

void* SQLiteConnection::native_handle() const noexcept { return database_ != nullptr ? database_->handle() : nullptr; }

}  // namespace greenway::detail
