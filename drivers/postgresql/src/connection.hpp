// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <greenway/db/driver.hpp>

#include "libpq.hpp"
#include "link.hpp"
#include "parameters.hpp"
#include "settings.hpp"
#include "statement_cache.hpp"

namespace greenway::detail::postgresql {

class StreamCursor;

/// One session with PostgreSQL.
///
/// The server's state is asked of libpq. What is kept here is what it cannot know: a BEGIN that has not been sent yet,
/// the stream whose rows are being read, and whether somebody is in a call that waits.
class PostgreSQLConnection final : public DriverConnection {
 public:
  PostgreSQLConnection(ConnectionHandle session, std::shared_ptr<const Settings> settings);
  ~PostgreSQLConnection() override;

  std::unique_ptr<Cursor> execute(const SQLText& sql, std::span<const Value> parameters,
                                  const ExecuteOptions& options) override;

  void begin(const BeginOptions& options, Deadline deadline) override;
  void commit(Deadline deadline) override;
  void rollback(Deadline deadline) override;
  void savepoint(std::string_view name, Deadline deadline) override;
  void release_savepoint(std::string_view name, Deadline deadline) override;
  void rollback_to_savepoint(std::string_view name, Deadline deadline) override;

  TransactionState transaction_state() const noexcept override;
  bool is_usable() const noexcept override { return !link_.is_gone(); }

  void ping(Deadline deadline) override;
  void reset(Deadline deadline) override;
  void close(Deadline deadline) noexcept override;
  void terminate() noexcept override;
  void* native_handle() const noexcept override { return link_.get(); }

  /// Reads the next row of the open stream.
  /// @param statement  For messages.
  /// @return Null at the end, after which the stream is no longer open.
  ResultHandle next_row(Deadline deadline, std::string_view statement);
  /// Leaves the rows of the open stream unread; the next call of anything else deals with them.
  void abandon_stream() noexcept { stream_ = nullptr; }
  /// Gets rid of the rows of the open stream.
  void close_stream() noexcept;

 private:
  class Turn;
  struct Request;

  void make_ready();
  void release_stream() noexcept;
  void recover() noexcept;
  template <class F>
  void wait_for_server(F&& exchange);
  void settle_leftovers() noexcept;
  [[nodiscard]] bool is_idle() const noexcept { return PQtransactionStatus(link_.get()) == PQTRANS_IDLE; }

  Request request_for(const SQLText& sql, const Parameters& parameters, bool may_prepare);
  ResultHandle exchange(Request& request, Deadline deadline);
  void send(Request& request);
  void send_unwanted();
  void read(Request& request, ResultHandle& answer, Deadline deadline);
  ResultHandle ask(const char* command, Deadline deadline);
  void await_commit(ResultHandle& answer, Deadline deadline);
  bool can_repeat(const std::string& begin, Deadline deadline);
  void command(std::string_view verb, std::string_view savepoint, Deadline deadline);
  std::unique_ptr<Cursor> open_cursor(const Request& request, ResultHandle answer, const ExecuteOptions& options);
  void throw_if_lost(const ResultHandle& answer, std::string_view statement);

  Link link_;
  std::shared_ptr<const Settings> settings_;
  std::optional<StatementCache> statements_;  // none: nothing is ever prepared
  std::string pending_begin_;                 // to be sent with the next statement; empty: none
  StreamCursor* stream_ = nullptr;
  bool is_autocommit_ = false;  // the statement under way is a transaction by itself
  bool is_busy_ = false;
};

}  // namespace greenway::detail::postgresql
