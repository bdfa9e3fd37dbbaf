// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <string>

#include <greenway/base/clock.hpp>
#include <greenway/runtime/deadline.hpp>
#include <greenway/runtime/wait.hpp>

#include "libpq.hpp"

namespace greenway::detail::postgresql {

/// The protocol loop of one session: libpq's non-blocking calls and the waiting between them.
///
///     idle       --something is sent---------------------------> under way
///     under way  --its answer is read to the end, settle()-----> idle
///     any        --the server goes, settle() fails, close()----> gone
///
/// What is sent is sent by the caller, through get() and libpq's PQsend functions, of which several make one pipeline.
///
/// Invariants: (1) `idle` is what PQtransactionStatus says, `gone` what PQstatus says; (2) the descriptor is forgotten
/// in the same step in which libpq closes the socket, since its number may be reused at once; (3) nothing is sent while
/// a cancel request is on its way, which might hit it.
class Link {
 public:
  /// @param session   Open and non-blocking.
  /// @param is_local  Whether nobody else sees what travels in clear.
  Link(ConnectionHandle session, bool is_local);
  ~Link() { terminate(); }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  /// @return For libpq's calls that neither read nor write; null when closed.
  [[nodiscard]] PGconn* get() const noexcept { return session_.get(); }
  /// @return Whether the session can no longer be used.
  [[nodiscard]] bool is_gone() const noexcept { return PQstatus(get()) != CONNECTION_OK; }
  /// @return Whether an answer has not been read to its end.
  [[nodiscard]] bool is_under_way() const noexcept { return PQtransactionStatus(get()) == PQTRANS_ACTIVE; }
  /// @return What libpq said when the session was lost; empty before.
  [[nodiscard]] const std::string& loss() const noexcept { return loss_; }

  /// Begins a pipeline: what is sent from here on is answered together.
  void begin_pipeline() noexcept;
  /// Ends a group of a pipeline: after an error the server skips what is left of its group.
  /// @throws InterfaceError  As sent().
  void sync();
  /// Takes note of what one of libpq's PQsend functions returned.
  /// @throws InterfaceError  libpq refused; nothing has been sent.
  void sent(int result);

  /// Writes out what has been sent, reading at the same time: with both directions full, neither side may only write.
  void flush(Deadline deadline);
  /// Reads the next piece of an answer; null at the end of one command's answer, and when the session is gone.
  /// @throws NotSupportedError  The statement was a COPY that needs this side; the session is closed.
  ResultHandle next(Deadline deadline);
  /// Reads the answer to one command to its end. May be called again after an exception.
  /// @param answer  Becomes the first error in it, or else its last piece; null when there was none.
  void finish_command(ResultHandle& answer, Deadline deadline);
  /// Reads the end of a group of a pipeline; the last one ends the pipeline.
  void finish_group(Deadline deadline);

  /// Makes the session idle although nobody wants the answer that is under way: reads it for as long as `patience`,
  /// then cancels its statement. A session that is not idle by the limit is closed, and so is one whose greenlet is
  /// being unwound and cannot wait.
  void settle(Duration patience, Duration limit = std::chrono::seconds(5)) noexcept;

  /// Closes; tells the server when that takes no waiting.
  void close() noexcept;
  /// Closes, telling nobody.
  void terminate() noexcept;

 private:
  void receive();
  void check();
  void leave_pipeline() noexcept;
  bool drain(Deadline deadline);
  void cancel();
  [[noreturn]] void throw_protocol_error();

  ConnectionHandle session_;
  Descriptor descriptor_;
  bool may_cancel_;
  int groups_ = 0;  // of the pipeline, whose ends have not been read
  std::string loss_;
};

}  // namespace greenway::detail::postgresql
