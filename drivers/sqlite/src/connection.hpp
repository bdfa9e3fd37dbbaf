// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include <greenway/db/driver.hpp>
#include <greenway/runtime/offload.hpp>

#include "database.hpp"
#include "options.hpp"

namespace greenway::detail {

/// A connection whose SQLite calls are made by a thread of its own, while the caller waits. All that is done with
/// SQLite is SQLiteDatabase's; here is only where it runs, how its caller waits, and how it is cut short.
///
/// A call is one trip to the thread. One that has to write and finds other writers makes a second trip, after its wait
/// for the writer's place, which is the caller's: the thread never sleeps for a connection of the same process.
class SQLiteConnection final : public DriverConnection {
 public:
  /// Starts the thread.
  /// @throws ResourceExhausted  There is none to be had.
  explicit SQLiteConnection(const SQLiteOptions& options);
  ~SQLiteConnection() override;

  /// Opens the database.
  /// @throws OperationalError, InternalError, TimeoutError, Cancelled  It cannot be had.
  void open(Deadline deadline);

  std::unique_ptr<Cursor> execute(const SQLText& sql, std::span<const Value> parameters,
                                  const ExecuteOptions& options) override;
  void begin(const BeginOptions& options, Deadline deadline) override;
  void commit(Deadline deadline) override;
  void rollback(Deadline deadline) override;
  void savepoint(std::string_view name, Deadline deadline) override;
  void release_savepoint(std::string_view name, Deadline deadline) override;
  void rollback_to_savepoint(std::string_view name, Deadline deadline) override;
  [[nodiscard]] TransactionState transaction_state() const noexcept override;
  [[nodiscard]] bool is_usable() const noexcept override;
  void ping(Deadline deadline) override;
  void reset(Deadline deadline) override;
  void close(Deadline deadline) noexcept override;
  void terminate() noexcept override;
  [[nodiscard]] void* native_handle() const noexcept override;

 private:
  friend class SQLiteCursor;

  SQLiteDatabase& database() const;
  template <class F>
  std::invoke_result_t<F&> on_thread(Deadline deadline, F&& fn);
  template <class F>
  void on_thread_as_writer(Deadline deadline, F&& fn);
  template <class F>
  void on_thread_always(Deadline deadline, F&& fn);
  void take_place(Deadline deadline);
  void run(std::string_view command, std::string_view name, Deadline deadline);

  std::shared_ptr<ThreadWorker> worker_;
  std::shared_ptr<SQLiteDatabase> database_;  // null: closed
  bool is_broken_ = false;
};

}  // namespace greenway::detail
