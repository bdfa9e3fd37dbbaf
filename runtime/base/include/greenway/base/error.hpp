// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/base/error.hpp
/// @brief Every error that Greenway throws, in one tree under Error.
///
/// Layer: base. Source: the names and meanings of `sqlalchemy.exc` and of the Python DB-API (PEP 249); a class that is
/// ours alone says so. Each message says what happened, where, and what to do about it.
///
/// ```
/// Error
/// ├─ ArgumentError                 a value that can never be right: a URL, an option, a parameter name
/// ├─ CompileError                  a statement that the database it is compiled for has no words for
/// ├─ InvalidRequestError           the call is not legal in the present state; nothing was done
/// │  ├─ MissingGreenlet            a wait that needs a greenlet was made outside one
/// │  ├─ AwaitRequired              a function that had to suspend did not
/// │  ├─ NoHost                     there is no event loop to run on
/// │  ├─ HostClosed                 the event loop is being shut down
/// │  ├─ WouldBlockLoop             blocking here would stop the loop that must wake us
/// │  ├─ PendingRollbackError       roll back before anything else
/// │  ├─ IllegalStateChangeError    a session is used by somebody else at this moment
/// │  ├─ DetachedInstanceError      an entity has to load something, and its session is gone
/// │  ├─ NoSuchColumnError          a row has no such column
/// │  ├─ NoSuchTableError           the database has no such table
/// │  └─ GreenletError              a switch that has no meaning (python-greenlet's `greenlet.error`)
/// │     └─ ShadowStackError        the processor checks return addresses in a way that no switch survives
/// ├─ ResourceClosedError           the object has been closed
/// ├─ ResourceExhausted             the system refused memory, mappings, threads or descriptors
/// ├─ TimeoutError                  a deadline passed
/// ├─ OperationCancelled            the work was cancelled from outside
/// ├─ AlreadyQuit                   a worker thread that has quit was given work
/// ├─ NoResultFound, MultipleResultsFound, StaleDataError
/// └─ DBAPIError                    what a database or its client library reported
///    ├─ InterfaceError             the client library refused
///    └─ DatabaseError
///       ├─ DataError               a value does not fit (SQLSTATE 22)
///       ├─ OperationalError        the connection or the server (08, 53, 57, SQLITE_BUSY, SQLITE_FULL)
///       │  └─ OutcomeUnknown       a COMMIT whose answer was lost
///       ├─ IntegrityError          a constraint (23)
///       ├─ InternalError           the database reports an internal fault (XX)
///       ├─ ProgrammingError        the statement is wrong (42)
///       └─ NotSupportedError       the database cannot do that (0A)
/// ```

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace greenway {

/// The root of every exception of this library, greenlet-internal ones (Cancelled, GreenletExit) apart.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A value that can never be right: a malformed URL, an unknown option, a missing or surplus parameter name.
class ArgumentError : public Error {
 public:
  using Error::Error;
};

/// A statement that the database it is compiled for has no words for, or that lacks a part that it cannot do without.
/// Nothing was sent; the message says what to write instead.
class CompileError : public Error {
 public:
  using Error::Error;
};

/// The call is not legal in the present state. Nothing was done, and the state is as before.
class InvalidRequestError : public Error {
 public:
  using Error::Error;
};

/// A wait that must suspend was made outside a greenlet.
class MissingGreenlet : public InvalidRequestError {
 public:
  using InvalidRequestError::InvalidRequestError;
};

/// A greenlet that was asked to suspend at least once (`GreenletOptions::require_await`) finished without doing so,
/// which is how a blocking driver under an event loop is found.
class AwaitRequired : public InvalidRequestError {
 public:
  using InvalidRequestError::InvalidRequestError;
};

/// There is no event loop to run on: neither named, nor inherited, nor running on this thread.
class NoHost : public InvalidRequestError {
 public:
  using InvalidRequestError::InvalidRequestError;
};

/// The event loop is being shut down, or has been: no new greenlet starts on it. Ours alone.
class HostClosed : public InvalidRequestError {
 public:
  using InvalidRequestError::InvalidRequestError;
};

/// Blocking this thread would stop the very loop that has to end the wait.
class WouldBlockLoop : public InvalidRequestError {
 public:
  using InvalidRequestError::InvalidRequestError;
};

/// An earlier failure ended the transaction; the only legal call is rollback.
class PendingRollbackError : public InvalidRequestError {
 public:
  using InvalidRequestError::InvalidRequestError;
};

/// A session was called by a greenlet or thread while another one was inside a call on it; the message names both.
class IllegalStateChangeError : public InvalidRequestError {
 public:
  using InvalidRequestError::InvalidRequestError;
};

/// A row has no column of that name or number; the message lists those it has.
class NoSuchColumnError : public InvalidRequestError {
 public:
  using InvalidRequestError::InvalidRequestError;
};

/// The database has no table or view of that name.
class NoSuchTableError : public InvalidRequestError {
 public:
  using InvalidRequestError::InvalidRequestError;
};

/// A switch that has no meaning: to a greenlet of another thread, or a parent that would close a cycle.
class GreenletError : public InvalidRequestError {
 public:
  using InvalidRequestError::InvalidRequestError;
};

/// The thread has a user shadow stack, which compares return addresses and does not follow a switch. The message says how
/// the program is started or compiled without one. No greenlet has run.
class ShadowStackError : public GreenletError {
 public:
  using GreenletError::GreenletError;
};

/// The connection, result, transaction or pool has been closed.
class ResourceClosedError : public Error {
 public:
  using Error::Error;
};

/// The system refused memory, address space, threads or descriptors. What already ran is unaffected.
class ResourceExhausted : public Error {
 public:
  using Error::Error;
};

/// A deadline passed. What was waited for is cancelled, and its connection proven idle or closed.
class TimeoutError : public Error {
 public:
  using Error::Error;
};

/// The form that a cancellation takes outside greenlets, in `start`, `get` and futures.
class OperationCancelled : public Error {
 public:
  using Error::Error;
};

/// A worker thread that has quit was given work (sqlalchemy_aio's `AlreadyQuit`).
class AlreadyQuit : public Error {
 public:
  using Error::Error;
};

/// A row was required and there was none.
class NoResultFound : public InvalidRequestError {
 public:
  using InvalidRequestError::InvalidRequestError;
};

/// Exactly one row was required and there were more.
class MultipleResultsFound : public InvalidRequestError {
 public:
  using InvalidRequestError::InvalidRequestError;
};

/// For handlers of EngineEvents::checkout: this session is of no use, take another one.
class DisconnectionError : public Error {
 public:
  using Error::Error;
};

/// An entity has to load something, and its session is gone.
class DetachedInstanceError : public InvalidRequestError {
 public:
  using InvalidRequestError::InvalidRequestError;
};

/// An UPDATE or DELETE of an entity met another number of rows than it had to.
class StaleDataError : public Error {
 public:
  using Error::Error;
};

/// What a database said about a failure, field by field. Empty strings and zeros mean that it said nothing.
struct Diagnostics {
  std::string message = {};     ///< The primary message, in the server's words.
  std::string sqlstate = {};    ///< Five characters (PostgreSQL manual, appendix A); empty for SQLite.
  int code = 0;                 ///< SQLite's extended result code; 0 for PostgreSQL.
  std::string detail = {};      ///< The server's DETAIL.
  std::string hint = {};        ///< The server's HINT.
  std::string constraint = {};  ///< Name of the violated constraint.
  std::string table = {};       ///< Table that the error is about.
  std::string column = {};      ///< Column that the error is about.
  std::string statement = {};   ///< The SQL text that was sent; never its parameters.
  int position = 0;             ///< Where in `statement` the error is, in characters from 1; 0 when not known.
  bool is_disconnect = false;   ///< The connection is of no more use.
};

/// A failure reported by a database or its client library.
///
/// `what()` is the message, the SQLSTATE or SQLite code, and, where the position is known, the line of the statement
/// with a caret under it. Detail and hint are not in `what()`: they may quote data.
class DBAPIError : public Error {
 public:
  /// @param fields  What the database said; kept, shared by copies of the exception.
  explicit DBAPIError(Diagnostics fields);

  /// @return Everything that the database said.
  [[nodiscard]] const Diagnostics& diagnostics() const noexcept { return *fields_; }
  /// @return The five characters of the SQLSTATE, or empty.
  [[nodiscard]] const std::string& sqlstate() const noexcept { return fields_->sqlstate; }
  /// @return SQLite's extended result code, or 0.
  [[nodiscard]] int code() const noexcept { return fields_->code; }
  /// @return The server's DETAIL, or empty.
  [[nodiscard]] const std::string& detail() const noexcept { return fields_->detail; }
  /// @return The server's HINT, or empty.
  [[nodiscard]] const std::string& hint() const noexcept { return fields_->hint; }
  /// @return The violated constraint, or empty.
  [[nodiscard]] const std::string& constraint() const noexcept { return fields_->constraint; }
  /// @return The table that the error is about, or empty.
  [[nodiscard]] const std::string& table() const noexcept { return fields_->table; }
  /// @return The column that the error is about, or empty.
  [[nodiscard]] const std::string& column() const noexcept { return fields_->column; }
  /// @return The SQL text, without parameters.
  [[nodiscard]] const std::string& statement() const noexcept { return fields_->statement; }
  /// @return Whether the connection is of no more use.
  [[nodiscard]] bool is_disconnect() const noexcept { return fields_->is_disconnect; }

 private:
  std::shared_ptr<const Diagnostics> fields_;
};

/// The client library refused the call; the server was not asked.
class InterfaceError : public DBAPIError {
 public:
  using DBAPIError::DBAPIError;
};

/// The database reported a failure.
class DatabaseError : public DBAPIError {
 public:
  using DBAPIError::DBAPIError;
};

/// A value does not fit: out of range, division by zero, malformed text (SQLSTATE class 22).
class DataError : public DatabaseError {
 public:
  using DatabaseError::DatabaseError;
};

/// The connection, the server's resources, or a lock that another transaction holds.
class OperationalError : public DatabaseError {
 public:
  using DatabaseError::DatabaseError;
};

/// A COMMIT (or a statement that commits by itself) was sent and its answer was lost. Whether it took effect is not
/// known, and Greenway never repeats it.
class OutcomeUnknown : public OperationalError {
 public:
  using OperationalError::OperationalError;
};

/// A constraint was violated (SQLSTATE class 23, SQLITE_CONSTRAINT).
class IntegrityError : public DatabaseError {
 public:
  using DatabaseError::DatabaseError;
};

/// The database reports an internal fault, or a corrupt file.
class InternalError : public DatabaseError {
 public:
  using DatabaseError::DatabaseError;
};

/// The statement is wrong: syntax, an unknown name, missing rights (SQLSTATE class 42, SQLITE_ERROR).
class ProgrammingError : public DatabaseError {
 public:
  using DatabaseError::DatabaseError;
};

/// The database cannot do that (SQLSTATE class 0A).
class NotSupportedError : public DatabaseError {
 public:
  using DatabaseError::DatabaseError;
};

/// Points at a place in a statement.
///
/// @param statement  UTF-8, of any number of lines.
/// @param position   A character of it, counted in code points from 1; one past the last stands for its end.
/// @return The line that holds the character, a line break, and a caret under it; empty when the position lies outside.
[[nodiscard]] std::string caret(std::string_view statement, int position);

}  // namespace greenway
