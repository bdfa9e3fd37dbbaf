// SPDX-License-Identifier: BSL-1.0
#include "link.hpp"

#include <array>

#include <sys/socket.h>

#include <greenway/base/log.hpp>
#include <greenway/runtime/cancel.hpp>
#include <greenway/runtime/offload.hpp>

#include "error.hpp"

namespace greenway::detail::postgresql {

namespace {

constexpr std::chrono::milliseconds cancel_interval{500};

bool is_copy(const PGresult* answer) noexcept {
  const ExecStatusType status = PQresultStatus(answer);
  return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

}  // namespace

Link::Link(ConnectionHandle session, bool is_local)
    : session_(std::move(session)),
      descriptor_(PQsocket(session_.get())),
      may_cancel_(is_local || PQsslInUse(session_.get()) == 0) {}

void Link::begin_pipeline() noexcept { PQenterPipelineMode(get()); }

void Link::sync() {
  sent(PQpipelineSync(get()));
  ++groups_;
}

void Link::sent(int result) {
  check();
  if (result == 0 && !is_gone()) {
    throw_client_error<InterfaceError>(PQerrorMessage(get()), {}, false);
  }
}

void Link::flush(Deadline deadline) {
  while (PQflush(get()) > 0) {
    if (includes(descriptor_.wait(Interest::both, deadline), Interest::read)) {
      receive();
    }
  }
  check();
}

ResultHandle Link::next(Deadline deadline) {
  for (bool is_late = false; PQisBusy(get()) != 0; is_late = deadline.has_passed()) {
    if (is_gone()) {
      return nullptr;
    }
    if (is_late) {
      throw TimeoutError("the answer did not come to its end in time");  // though there was always something to read
    }
    descriptor_.wait(Interest::read, deadline);
    receive();
  }
  ResultHandle answer(PQgetResult(get()));
  check();
  if (is_copy(answer.get())) {
    terminate();
    throw_client_error<NotSupportedError>(
        "COPY from or to the client cannot be executed as a statement; the connection "
        "has been closed",
        {}, true);
  }
  return answer;
}

void Link::finish_command(ResultHandle& answer, Deadline deadline) {
  while (ResultHandle piece = next(deadline)) {
    if (!is_error(answer.get())) {
      answer = std::move(piece);
    }
  }
}

void Link::finish_group(Deadline deadline) {
  const ResultHandle end = next(deadline);
  if (is_gone()) {
    return;
  }
  if (PQresultStatus(end.get()) != PGRES_PIPELINE_SYNC) {
    throw_protocol_error();
  }
  if (--groups_ == 0) {
    leave_pipeline();
  }
}

void Link::settle(Duration patience, Duration limit) noexcept {
  const bool is_unfinished = PQpipelineStatus(get()) != PQ_PIPELINE_OFF && groups_ == 0;
  if (is_unwinding() || is_unfinished) {
    terminate();
    return;
  }
  try {
    const Shield shield(limit);
    if (patience > Duration::zero() && drain(Deadline::in(patience))) {
      return;
    }
    // A server that has not read the whole statement yet ignores the request.
    do {
      cancel();
    } while (!drain(Deadline::in(cancel_interval)));
  } catch (...) {
    // Cancelled too: it can only be the shield's own bound. What is not proven idle is closed.
    terminate();
  }
}

void Link::close() noexcept {
  descriptor_.forget();
  session_.reset();
}

void Link::terminate() noexcept {
  if (session_ != nullptr && PQsocket(get()) >= 0) {
    ::shutdown(PQsocket(get()), SHUT_RDWR);
  }
  close();
}

void Link::receive() {
  const bool is_alive = PQconsumeInput(get()) != 0;
  check();
  if (!is_alive && !is_gone()) {
    throw_protocol_error();
  }
}

/// To be called after each of libpq's calls that may read or write: libpq closes the socket itself when the server has
/// gone.
void Link::check() {
  if (is_gone() && session_ != nullptr && loss_.empty()) {
    descriptor_.forget();
    loss_ = single_line(PQerrorMessage(get()));
  }
}

void Link::leave_pipeline() noexcept {
  if (PQexitPipelineMode(get()) == 0) {
    terminate();
  }
}

/// Reads and drops all that is under way. Returns false when the deadline comes first.
bool Link::drain(Deadline deadline) try {
  flush(deadline);
  bool was_end = false;
  while (!is_gone() && (is_under_way() || groups_ != 0)) {
    if (deadline.has_passed()) {
      return false;
    }
    const ResultHandle dropped = next(deadline);
    if (PQresultStatus(dropped.get()) == PGRES_PIPELINE_SYNC && --groups_ == 0) {
      leave_pipeline();
    }
    if (dropped == nullptr && was_end) {
      throw_protocol_error();
    }
    was_end = dropped == nullptr;
  }
  return true;
} catch (const TimeoutError&) {
  return false;
}

/// Asks the server to give up the statement. When this returns, the server has passed the request on: it can no longer
/// hit a later statement.
void Link::cancel() {
  if (!may_cancel_) {
    log(LogLevel::warning, "greenway.postgresql",
        "closing a connection whose statement is still running: a cancel request would travel in clear");
    terminate();
    return;
  }
  CancelHandle request(PQgetCancel(get()));
  auto send = [request = std::move(request)]() -> std::string {
    std::array<char, 256> error{};
    return PQcancel(request.get(), error.data(), error.size()) != 0 ? std::string() : std::string(error.data());
  };
  if (const std::string error = offload_detached(std::move(send), Deadline()); !error.empty()) {
    log(LogLevel::warning, "greenway.postgresql",
        "closing a connection whose statement could not be cancelled: " + single_line(error));
    terminate();
  }
}

void Link::throw_protocol_error() {
  const std::string text = PQerrorMessage(get());
  terminate();
  throw_client_error<OperationalError>("the server's answer makes no sense; the connection has been closed: " + text,
                                       {}, true);
}

}  // namespace greenway::detail::postgresql
