// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/threaded_driver.hpp>

#include <cstdint>
#include <deque>
#include <optional>
#include <type_traits>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/cancel.hpp>
#include <greenway/runtime/loop_host.hpp>
#include <greenway/runtime/offload.hpp>

namespace greenway {

namespace {

/// A connection and the thread that it lives on, where its calls run as greenlets of a loop: so what a call waits for
/// can be ended from outside. Counted, since the thread's last work owns it.
class ConnectionThread {
 public:
  ConnectionThread() : worker_("gw-connection") {
    worker_.run_always([this] { loop_.emplace(); });
  }

  /// Runs `fn` there and waits for its end. The caller's cancellation cancels it.
  template <class F>
  std::invoke_result_t<F&> run(F&& fn) {
    const std::uint64_t call = ++calls_;
    return worker_.run_interruptible([&] { return run_here(call, fn); }, [this, call] { cancel(call); });
  }

  /// As run(), for a caller that has been cancelled too.
  template <class F>
  std::invoke_result_t<F&> run_always(F&& fn) {
    const std::uint64_t call = ++calls_;
    return worker_.run_always([&] { return run_here(call, fn); });
  }

  /// Destroys the connection there, then the thread ends. Never waits.
  static void end(const std::shared_ptr<ConnectionThread>& self) noexcept {
    self->worker_.quit([self] {
      self->connection = nullptr;
      self->loop_.reset();
    });
  }

  std::unique_ptr<DriverConnection> connection;  // null: not open yet

 private:
  template <class F>
  std::invoke_result_t<F&> run_here(std::uint64_t call, F& fn) {
    Outcome<std::invoke_result_t<F&>> outcome;
    const auto body = [&] {
      CancelScope scope;
      running_ = call;
      scope_ = &scope;
      outcome.capture(fn);
      scope_ = nullptr;
    };
    bool is_done = false;
    GreenletOptions options;
    options.host = &*loop_;
    greenlet_spawn(std::move(options), body).start([&](Outcome<void>&& end) {
      if (std::exception_ptr error = end.error()) {
        outcome.fail(std::move(error));  // there was no stack
      }
      is_done = true;
    });
    loop_->run_until(is_done);
    return std::move(outcome).get();
  }

  /// On the caller's side. What arrives when the call has ended does nothing: the next one has another number.
  void cancel(std::uint64_t call) {
    loop_->post([this, call] {
      if (scope_ != nullptr && running_ == call) {
        scope_->cancel();
      }
    });
  }

  std::uint64_t calls_ = 0;       // the caller's
  std::optional<LoopHost> loop_;  // the thread's, as what follows
  std::uint64_t running_ = 0;     // which call
  CancelScope* scope_ = nullptr;  // its own; null: none runs
  ThreadWorker worker_;           // last, so that it ends before what it uses
};

using ThreadHandle = std::shared_ptr<ConnectionThread>;

class ThreadedCursor final : public Cursor {
 public:
  /// On the connection's thread.
  ThreadedCursor(ThreadHandle thread, std::unique_ptr<Cursor> cursor, bool is_whole)
      : thread_(std::move(thread)), cursor_(std::move(cursor)), is_whole_(is_whole) {
    while (is_whole_) {
      std::shared_ptr<const RowBatch> batch = cursor_->next();
      if (batch == nullptr) {
        break;
      }
      batches_.push_back(std::move(batch));
    }
  }

  [[nodiscard]] const std::shared_ptr<const ColumnList>& columns() const noexcept override {
    return cursor_->columns();
  }
  [[nodiscard]] std::int64_t rowcount() const noexcept override { return cursor_->rowcount(); }
  [[nodiscard]] std::int64_t lastrowid() const noexcept override { return cursor_->lastrowid(); }

  std::shared_ptr<const RowBatch> next() override {
    if (!is_whole_) {
      return thread_->run([this] { return cursor_->next(); });
    }
    if (batches_.empty()) {
      return nullptr;
    }
    std::shared_ptr<const RowBatch> batch = std::move(batches_.front());
    batches_.pop_front();
    return batch;
  }

  void set_batch(std::size_t rows) noexcept override { cursor_->set_batch(rows); }

  void close() override {
    batches_.clear();
    if (!is_whole_) {
      thread_->run_always([this] { cursor_->close(); });
    }
  }

 private:
  const ThreadHandle thread_;
  const std::unique_ptr<Cursor> cursor_;
  const bool is_whole_;  // all rows are in `batches_`, or have been taken from there
  std::deque<std::shared_ptr<const RowBatch>> batches_;
};

class ThreadedConnection final : public DriverConnection {
 public:
  ThreadedConnection(Driver& driver, Deadline deadline) : thread_(std::make_shared<ConnectionThread>()) {
    try {
      thread_->run([&] { thread_->connection = driver.connect(deadline); });
    } catch (...) {
      ConnectionThread::end(thread_);
      throw;
    }
  }
  ~ThreadedConnection() override { ConnectionThread::end(thread_); }

  std::unique_ptr<Cursor> execute(const SQLText& sql, std::span<const Value> parameters,
                                  const ExecuteOptions& options) override {
    return run([&](DriverConnection& connection) -> std::unique_ptr<Cursor> {
      return std::make_unique<ThreadedCursor>(thread_, connection.execute(sql, parameters, options),
                                              options.stream == 0);
    });
  }

  void begin(const BeginOptions& options, Deadline deadline) override {
    run([&](DriverConnection& connection) { connection.begin(options, deadline); });
  }
  void commit(Deadline deadline) override {
    run([&](DriverConnection& connection) { connection.commit(deadline); });
  }
  void rollback(Deadline deadline) override {
    run_always([&](DriverConnection& connection) { connection.rollback(deadline); });
  }
  void savepoint(std::string_view name, Deadline deadline) override {
    run([&](DriverConnection& connection) { connection.savepoint(name, deadline); });
  }
  void release_savepoint(std::string_view name, Deadline deadline) override {
    run([&](DriverConnection& connection) { connection.release_savepoint(name, deadline); });
  }
  void rollback_to_savepoint(std::string_view name, Deadline deadline) override {
    run([&](DriverConnection& connection) { connection.rollback_to_savepoint(name, deadline); });
  }

  [[nodiscard]] TransactionState transaction_state() const noexcept override {
    return thread_->connection->transaction_state();
  }
  [[nodiscard]] bool is_usable() const noexcept override { return thread_->connection->is_usable(); }
  [[nodiscard]] void* native_handle() const noexcept override { return thread_->connection->native_handle(); }

  void ping(Deadline deadline) override {
    run([&](DriverConnection& connection) { connection.ping(deadline); });
  }
  void reset(Deadline deadline) override {
    run_always([&](DriverConnection& connection) { connection.reset(deadline); });
  }
  void close(Deadline deadline) noexcept override try {
    if (is_unwinding()) {
      terminate();
    } else {
      run_always([&](DriverConnection& connection) { connection.close(deadline); });
    }
  } catch (const Error&) {
    terminate();  // there was no stack
  }
  // Here: it waits for nothing, least of all for the thread. Cursors may still refer to what stays.
  void terminate() noexcept override { thread_->connection->terminate(); }

 private:
  template <class F>
  std::invoke_result_t<F&, DriverConnection&> run(F&& fn) {
    return thread_->run([&] { return fn(*thread_->connection); });
  }

  template <class F>
  void run_always(F&& fn) {
    thread_->run_always([&] { fn(*thread_->connection); });
  }

  const ThreadHandle thread_;
};

class ThreadedDriver final : public Driver {
 public:
  explicit ThreadedDriver(std::unique_ptr<Driver> driver) noexcept : driver_(std::move(driver)) {}

  [[nodiscard]] std::string_view name() const noexcept override { return driver_->name(); }
  [[nodiscard]] ParameterStyle parameter_style() const noexcept override { return driver_->parameter_style(); }

  std::unique_ptr<DriverConnection> connect(Deadline deadline) override {
    return std::make_unique<ThreadedConnection>(*driver_, deadline);
  }

 private:
  const std::unique_ptr<Driver> driver_;
};

}  // namespace

std::unique_ptr<Driver> make_threaded_driver(std::unique_ptr<Driver> driver) {
  return std::make_unique<ThreadedDriver>(std::move(driver));
}

}  // namespace greenway
