// SPDX-License-Identifier: BSL-1.0
#include "connection.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/runtime/cancel.hpp>

#include "cursor.hpp"
#include "error.hpp"

namespace greenway::detail::postgresql {

namespace {

constexpr std::chrono::hours longest_wait{1};
constexpr std::chrono::seconds commit_grace{5};
constexpr std::chrono::milliseconds patience_alone{100};
constexpr std::chrono::seconds patience_in_transaction{2};
constexpr int binary_results = 1;

Deadline bounded(Deadline deadline) { return deadline.is_set() ? deadline : Deadline::in(longest_wait); }

/// Nothing is sent for a caller who cannot wait for the answer.
void refuse_if_late(Deadline deadline) {
  checkpoint();
  if (deadline.has_passed()) {
    throw TimeoutError("the deadline had passed before the statement was sent");
  }
}

std::string begin_text(const BeginOptions& options) {
  constexpr std::array<std::string_view, 4> levels = {"SERIALIZABLE", "REPEATABLE READ", "READ COMMITTED",
                                                      "READ UNCOMMITTED"};
  std::string text = "BEGIN";
  if (!options.isolation_level.empty()) {
    if (std::ranges::find(levels, options.isolation_level) == levels.end()) {
      throw ArgumentError(
          "the isolation level is one of SERIALIZABLE, REPEATABLE READ, READ COMMITTED and READ "
          "UNCOMMITTED, not " +
          options.isolation_level);
    }
    text.append(" ISOLATION LEVEL ").append(options.isolation_level);
  }
  text += options.read_only ? " READ ONLY" : "";
  return options.deferrable ? text + " DEFERRABLE" : text;
}

}  // namespace

/// Somebody is in a call that waits: nobody else may use the connection.
class PostgreSQLConnection::Turn {
 public:
  explicit Turn(PostgreSQLConnection& connection) : connection_(connection) {
    refuse_if_busy(connection);
    connection_.is_busy_ = true;
  }
  ~Turn() { connection_.is_busy_ = false; }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  static void refuse_if_busy(const PostgreSQLConnection& connection) {
    if (connection.is_busy_) {
      throw InvalidRequestError(
          "another greenlet is executing a statement on this connection: a connection serves one "
          "at a time, check out a second one");
    }
  }

 private:
  PostgreSQLConnection& connection_;
};

/// One statement on its way.
struct PostgreSQLConnection::Request {
  const std::string& text;
  const Parameters& parameters;
  CachedStatement* statement = nullptr;  ///< Null: nothing of it is kept.
  std::string new_name = {};             ///< To prepare it under, in the same round trip; empty: not to be prepared.
  bool is_streamed = false;
  std::size_t unwanted = 0;  ///< How many statements are deallocated before it.
  bool begins = false;       ///< BEGIN goes before it.

  [[nodiscard]] const char* name() const noexcept {
    return !new_name.empty() ? new_name.c_str() : statement != nullptr ? statement->name.c_str() : "";
  }
  [[nodiscard]] bool is_pipelined() const noexcept { return unwanted != 0 || begins || !new_name.empty(); }
};

PostgreSQLConnection::PostgreSQLConnection(ConnectionHandle session, std::shared_ptr<const Settings> settings)
    : link_(std::move(session), settings->is_local), settings_(std::move(settings)) {
  if (settings_->prepare != Prepare::never && settings_->statement_cache_size != 0) {
    statements_.emplace(settings_->statement_cache_size);
  }
}

PostgreSQLConnection::~PostgreSQLConnection() { terminate(); }

/// Runs an exchange with the server. When it is cut short, its statement is cancelled first.
template <class F>
void PostgreSQLConnection::wait_for_server(F&& exchange) {
  const Turn turn(*this);
  try {
    exchange();
  } catch (const TimeoutError&) {
    recover();
    throw TimeoutError(link_.is_gone() ? "the statement took longer than its deadline; its connection has been closed"
                                       : "the statement took longer than its deadline and has been cancelled");
  } catch (...) {
    recover();
    throw;
  }
}

// ---- Executing ------------------------------------------------------------------------------------------------------

std::unique_ptr<Cursor> PostgreSQLConnection::execute(const SQLText& sql, std::span<const Value> values,
                                                      const ExecuteOptions& options) {
  make_ready();
  const Deadline deadline = bounded(options.deadline);
  const Parameters parameters(values, sql.text);
  for (bool is_repeated = false;; is_repeated = true) {
    const std::string begin = pending_begin_;
    Request request = request_for(sql, parameters, options.prepare);
    request.is_streamed = options.stream != 0;
    const bool was_prepared = request.statement != nullptr && !request.statement->name.empty();
    ResultHandle answer = exchange(request, deadline);
    if (!is_error(answer.get())) {
      return open_cursor(request, std::move(answer), options);
    }
    if (was_prepared && is_stale_statement(answer.get())) {
      statements_->erase(*request.statement);
      if (!is_repeated && can_repeat(begin, deadline)) {
        continue;
      }
    }
    throw_server_error(answer.get(), sql.text);
  }
}

PostgreSQLConnection::Request PostgreSQLConnection::request_for(const SQLText& sql, const Parameters& parameters,
                                                                bool may_prepare) {
  Request request{sql.text, parameters};
  if (may_prepare && statements_) {
    request.statement = statements_->find(sql, parameters);
    const bool is_known = request.statement != nullptr;
    if (!is_known) {
      request.statement = &statements_->add(sql, parameters);
    }
    if (request.statement->name.empty() && (is_known || settings_->prepare == Prepare::first_use)) {
      request.new_name = StatementCache::new_name();
    }
  }
  if (request.name()[0] == '\0' && sql.text.find('\0') != std::string::npos) {
    throw ArgumentError("a statement cannot contain NUL");
  }
  return request;
}

/// Sends a statement with what rides with it, in one round trip, and reads the answer: of a stream up to the first row,
/// else to the end. Returns the first error or the answer to the statement.
ResultHandle PostgreSQLConnection::exchange(Request& request, Deadline deadline) {
  refuse_if_late(deadline);
  ResultHandle answer;
  wait_for_server([&] {
    send(request);
    link_.flush(deadline);
    read(request, answer, deadline);
  });
  throw_if_lost(answer, request.text);
  return answer;
}

void PostgreSQLConnection::send(Request& request) {
  request.begins = !pending_begin_.empty();
  request.unwanted = is_idle() && statements_ ? statements_->unwanted().size() : 0;
  is_autocommit_ = is_idle() && !request.begins;
  PGconn* const session = link_.get();
  const Parameters& parameters = request.parameters;
  if (request.is_pipelined()) {
    link_.begin_pipeline();
  }
  if (request.unwanted != 0) {
    send_unwanted();
  }
  if (request.begins) {
    link_.sent(
        PQsendQueryParams(session, pending_begin_.c_str(), 0, nullptr, nullptr, nullptr, nullptr, binary_results));
    pending_begin_.clear();
  }
  if (!request.new_name.empty()) {
    link_.sent(
        PQsendPrepare(session, request.name(), request.text.c_str(), parameters.count(), parameters.types().data()));
  }
  link_.sent(request.name()[0] != '\0'
                 ? PQsendQueryPrepared(session, request.name(), parameters.count(), parameters.values(),
                                       parameters.lengths(), parameters.formats(), binary_results)
                 : PQsendQueryParams(session, request.text.c_str(), parameters.count(), parameters.types().data(),
                                     parameters.values(), parameters.lengths(), parameters.formats(), binary_results));
  if (request.is_pipelined()) {
    link_.sync();
  } else if (request.is_streamed) {
    PQsetSingleRowMode(session);
  }
}

/// Deallocates what the cache no longer wants: only outside transactions, and in a group of its own, so that a name
/// that the server does not know harms nothing.
void PostgreSQLConnection::send_unwanted() {
  for (const std::string& name : statements_->unwanted()) {
    const std::string deallocate = "DEALLOCATE " + name;
    link_.sent(
        PQsendQueryParams(link_.get(), deallocate.c_str(), 0, nullptr, nullptr, nullptr, nullptr, binary_results));
  }
  link_.sync();
  statements_->unwanted().clear();
}

void PostgreSQLConnection::read(Request& request, ResultHandle& answer, Deadline deadline) {
  for (std::size_t i = 0; i < request.unwanted; ++i) {
    ResultHandle ignored;
    link_.finish_command(ignored, deadline);
  }
  if (request.unwanted != 0) {
    link_.finish_group(deadline);
  }
  if (request.begins) {
    link_.finish_command(answer, deadline);
  }
  if (!request.new_name.empty()) {
    link_.finish_command(answer, deadline);
    if (answer != nullptr && !is_error(answer.get())) {
      request.statement->name = request.new_name;
    }
  }
  if (request.is_streamed && !is_error(answer.get())) {
    if (request.is_pipelined()) {
      PQsetSingleRowMode(link_.get());
    }
    answer = link_.next(deadline);
    if (PQresultStatus(answer.get()) == PGRES_SINGLE_TUPLE) {
      return;
    }
  }
  link_.finish_command(answer, deadline);
  if (request.is_pipelined()) {
    link_.finish_group(deadline);
  }
}

std::unique_ptr<Cursor> PostgreSQLConnection::open_cursor(const Request& request, ResultHandle answer,
                                                          const ExecuteOptions& options) {
  std::shared_ptr<const RowShape> shape;
  const ExecStatusType status = PQresultStatus(answer.get());
  if (status == PGRES_TUPLES_OK || status == PGRES_SINGLE_TUPLE) {
    shape = request.statement != nullptr ? request.statement->shape : nullptr;
    if (shape == nullptr || !shape->matches(answer.get())) {
      shape = std::make_shared<const RowShape>(answer.get());
      if (request.statement != nullptr) {
        request.statement->shape = shape;
      }
    }
  }
  if (status != PGRES_SINGLE_TUPLE) {
    return std::make_unique<FetchedCursor>(std::move(shape), std::move(answer));
  }
  const Duration limit = bounded(options.deadline).time() - Clock::now();
  auto stream =
      std::make_unique<StreamCursor>(*this, std::move(shape), std::move(answer), options.stream, limit, request.text);
  stream_ = stream.get();
  return stream;
}

/// Whether a statement whose prepared form had gone stale may be executed again: nothing else of its transaction has
/// been executed.
bool PostgreSQLConnection::can_repeat(const std::string& begin, Deadline deadline) {
  if (begin.empty()) {
    return is_idle();
  }
  rollback(deadline);
  pending_begin_ = begin;
  return true;
}

// ---- Streams --------------------------------------------------------------------------------------------------------

ResultHandle PostgreSQLConnection::next_row(Deadline deadline, std::string_view statement) {
  ResultHandle answer;
  wait_for_server([&] {
    answer = link_.next(deadline);
    if (PQresultStatus(answer.get()) != PGRES_SINGLE_TUPLE) {
      link_.finish_command(answer, deadline);
      if (PQpipelineStatus(link_.get()) != PQ_PIPELINE_OFF) {
        link_.finish_group(deadline);
      }
    }
  });
  if (PQresultStatus(answer.get()) == PGRES_SINGLE_TUPLE) {
    return answer;
  }
  if (is_error(answer.get()) || link_.is_gone()) {
    release_stream();
    throw_if_lost(answer, statement);
    throw_server_error(answer.get(), statement);
  }
  stream_ = nullptr;
  return nullptr;
}

void PostgreSQLConnection::close_stream() noexcept {
  stream_ = nullptr;
  settle_leftovers();
}

void PostgreSQLConnection::release_stream() noexcept {
  if (stream_ != nullptr) {
    std::exchange(stream_, nullptr)->lose();
  }
}

void PostgreSQLConnection::settle_leftovers() noexcept {
  // Cancelling a statement makes its transaction fail: inside one, a little more is read to avoid that.
  link_.settle(is_autocommit_ ? Duration(patience_alone) : Duration(patience_in_transaction));
}

// ---- Between statements ---------------------------------------------------------------------------------------------

/// Sees to it that a statement can be sent.
void PostgreSQLConnection::make_ready() {
  Turn::refuse_if_busy(*this);
  if (stream_ != nullptr) {
    throw InvalidRequestError("a result is being streamed on this connection: read it to its end or close it first");
  }
  if (link_.is_under_way()) {
    settle_leftovers();
  }
  if (link_.is_gone()) {
    throw_client_error<OperationalError>(
        link_.loss().empty() ? "the connection is closed" : "the connection is closed: " + link_.loss(), {}, true);
  }
}

/// Frees the session of what is under way and nobody waits for any more.
void PostgreSQLConnection::recover() noexcept {
  release_stream();
  if (link_.is_under_way()) {
    link_.settle(Duration::zero());
  }
}

void PostgreSQLConnection::throw_if_lost(const ResultHandle& answer, std::string_view statement) {
  if (is_fatal(answer.get())) {
    link_.terminate();
    throw_server_error(answer.get(), statement);
  }
  if (link_.is_gone() && !is_server_error(answer.get())) {
    if (is_autocommit_) {
      throw_client_error<OutcomeUnknown>(
          "the connection was lost before the answer came, and whether the statement took effect is not known: " +
              link_.loss(),
          statement, true);
    }
    throw_client_error<OperationalError>(link_.loss(), statement, true);
  }
}

/// Sends a command of ours and reads its answer. Takes nothing along.
ResultHandle PostgreSQLConnection::ask(const char* command, Deadline deadline) {
  refuse_if_late(deadline);
  is_autocommit_ = false;
  ResultHandle answer;
  wait_for_server([&] {
    link_.sent(PQsendQuery(link_.get(), command));
    link_.flush(deadline);
    link_.finish_command(answer, deadline);
  });
  throw_if_lost(answer, command);
  if (is_error(answer.get())) {
    throw_server_error(answer.get(), command);
  }
  return answer;
}

void PostgreSQLConnection::ping(Deadline deadline) {
  make_ready();
  ask("", bounded(deadline));
}

void PostgreSQLConnection::reset(Deadline deadline) {
  try {
    rollback(deadline);
    while (NotificationHandle(PQnotifies(link_.get())) != nullptr) {
    }
  } catch (const Error&) {
    terminate();
  } catch (...) {
    terminate();
    throw;
  }
}

void PostgreSQLConnection::close(Deadline deadline) noexcept {
  release_stream();
  if (link_.is_under_way() && !is_busy_) {
    const Duration left = bounded(deadline).time() - Clock::now();
    link_.settle(Duration::zero(), std::min<Duration>(left, std::chrono::seconds(5)));
  }
  link_.close();
}

void PostgreSQLConnection::terminate() noexcept {
  release_stream();
  link_.terminate();
}

// ---- Transactions ---------------------------------------------------------------------------------------------------

TransactionState PostgreSQLConnection::transaction_state() const noexcept {
  switch (PQtransactionStatus(link_.get())) {
    case PQTRANS_IDLE:
      return pending_begin_.empty() ? TransactionState::idle : TransactionState::in_transaction;
    case PQTRANS_INTRANS:
      return TransactionState::in_transaction;
    case PQTRANS_INERROR:
      return TransactionState::failed;
    default:
      return TransactionState::unknown;
  }
}

void PostgreSQLConnection::begin(const BeginOptions& options, Deadline) {
  make_ready();
  if (transaction_state() != TransactionState::idle) {
    throw InvalidRequestError("a transaction is open already: commit it, roll it back, or use a savepoint");
  }
  pending_begin_ = begin_text(options);
}

void PostgreSQLConnection::commit(Deadline deadline) {
  if (!pending_begin_.empty()) {
    pending_begin_.clear();
    return;
  }
  make_ready();
  if (is_idle()) {
    return;
  }
  const Turn turn(*this);
  refuse_if_late(deadline);
  link_.sent(PQsendQuery(link_.get(), "COMMIT"));
  ResultHandle answer;
  await_commit(answer, bounded(deadline));
  if (is_fatal(answer.get()) || (link_.is_gone() && !is_server_error(answer.get()))) {
    const std::string why = is_fatal(answer.get()) ? PQresultErrorMessage(answer.get()) : link_.loss();
    link_.terminate();
    throw_client_error<OutcomeUnknown>(
        "COMMIT was sent and its answer did not come; whether it took effect is not known" +
            (why.empty() ? why : ": " + why),
        "COMMIT", true);
  }
  if (is_error(answer.get())) {
    throw_server_error(answer.get(), "COMMIT");
  }
  if (std::string_view(PQcmdStatus(answer.get())) != "COMMIT") {
    Diagnostics fields;
    fields.message =
        "nothing was committed: an earlier statement of the transaction had failed, and the server has rolled it back";
    fields.sqlstate = "25P02";
    fields.statement = "COMMIT";
    throw OperationalError(std::move(fields));
  }
}

/// Waits for the answer to a COMMIT. It is not cancelled with its greenlet: for a while at least its answer is waited
/// for, and when that does not come the connection is closed.
void PostgreSQLConnection::await_commit(ResultHandle& answer, Deadline deadline) {
  const auto wait = [&] {
    link_.flush(deadline);
    link_.finish_command(answer, deadline);
  };
  try {
    try {
      wait();
    } catch (const Cancelled&) {
      if (is_unwinding()) {
        throw;
      }
      const Shield shield(commit_grace);
      wait();
    }
  } catch (const TimeoutError&) {
    link_.terminate();
  } catch (const Cancelled&) {
    link_.terminate();
  } catch (...) {
    link_.terminate();
    throw;
  }
}

void PostgreSQLConnection::rollback(Deadline deadline) {
  Turn::refuse_if_busy(*this);
  pending_begin_.clear();
  recover();
  if (link_.is_gone() || is_idle()) {
    return;
  }
  ask("ROLLBACK", bounded(deadline));
  if (!is_idle()) {
    link_.terminate();
    throw_client_error<InternalError>("the transaction is still open after ROLLBACK; the connection has been closed",
                                      "ROLLBACK", true);
  }
}

void PostgreSQLConnection::savepoint(std::string_view name, Deadline deadline) {
  command("SAVEPOINT ", name, deadline);
}

void PostgreSQLConnection::release_savepoint(std::string_view name, Deadline deadline) {
  command("RELEASE SAVEPOINT ", name, deadline);
}

void PostgreSQLConnection::rollback_to_savepoint(std::string_view name, Deadline deadline) {
  command("ROLLBACK TO SAVEPOINT ", name, deadline);
}

void PostgreSQLConnection::command(std::string_view verb, std::string_view savepoint, Deadline deadline) {
  const bool is_name = std::ranges::all_of(savepoint, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (!is_name || savepoint.empty() || savepoint.size() > 63) {
    throw ArgumentError("the name of a savepoint is made of 1 to 63 letters, digits and underscores");
  }
  make_ready();
  const std::string text = std::string(verb) + '"' + std::string(savepoint) + '"';
  const Parameters none({}, text);
  Request request{text, none};
  const ResultHandle answer = exchange(request, bounded(deadline));
  if (is_error(answer.get())) {
    throw_server_error(answer.get(), text);
  }
}

}  // namespace greenway::detail::postgresql
