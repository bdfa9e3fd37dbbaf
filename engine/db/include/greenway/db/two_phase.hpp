// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/two_phase.hpp
/// @brief Transactions that are prepared first and committed later, perhaps by somebody else: PostgreSQL's two-phase commit.
///
/// Layer: db. Source: SQLAlchemy's `begin_twophase()`, `prepare()` and `recover_twophase()`. The server allows them when its
/// max_prepared_transactions is not 0.

#include <string>
#include <vector>

#include <greenway/db/connection.hpp>
#include <greenway/db/transaction.hpp>

namespace greenway {

/// A transaction with a name that outlives its session once it is prepared.
///
///     active    --prepare()-->  prepared
///     active    --commit(), rollback(), ~TwoPhaseTransaction-->  over
///     prepared  --commit(), rollback()-->  over
///
/// @par Lifetime
/// Its connection outlives it. Destroying an active one rolls it back, as Transaction; a prepared one stays prepared on the
/// server, with its locks, until commit_prepared() or rollback_prepared() is called for its name by any connection.
class [[nodiscard]] TwoPhaseTransaction {
 public:
  /// Begins one.
  /// @param connection  To PostgreSQL.
  /// @param xid         Its name: at most 199 bytes, unique on the server.
  /// @throws NotSupportedError  The database has no such transactions.
  /// @throws ArgumentError      The name is empty or too long.
  /// @throws ...                As Connection::begin.
  TwoPhaseTransaction(Connection& connection, std::string xid);

  /// The first phase: afterwards commit() cannot fail for what the transaction did.
  /// @throws InvalidRequestError  It is not active.
  /// @throws DBAPIError           It could not be prepared, and has been rolled back.
  void prepare();
  /// The second phase, or both in one.
  /// @throws ...  As Transaction::commit, and commit_prepared().
  void commit();
  /// Rolls back, prepared or not; one that is over stays as it is.
  /// @throws ...  As Transaction::rollback, and rollback_prepared().
  void rollback();

  /// @return Its name.
  [[nodiscard]] const std::string& xid() const noexcept { return xid_; }
  /// @return Whether it is prepared and waits for the second phase.
  [[nodiscard]] bool is_prepared() const noexcept { return is_prepared_; }
  /// @return Whether it has not been prepared or ended.
  [[nodiscard]] bool is_active() const noexcept { return transaction_.is_active(); }

 private:
  Connection& connection_;
  std::string xid_;
  Transaction transaction_;
  bool is_prepared_ = false;
};

/// @param connection  To PostgreSQL, without a transaction.
/// @return The names of the database's transactions that are prepared, sorted.
/// @throws ...  As Connection::execute.
[[nodiscard]] std::vector<std::string> recover_twophase(Connection& connection);
/// Commits a prepared transaction, whoever prepared it.
/// @param connection  To PostgreSQL, without a transaction.
/// @param xid         Its name.
/// @throws InvalidRequestError  The connection is in a transaction.
/// @throws DBAPIError           There is none of that name.
void commit_prepared(Connection& connection, const std::string& xid);
/// Rolls a prepared transaction back, whoever prepared it.
/// @param connection  To PostgreSQL, without a transaction.
/// @param xid         Its name.
/// @throws InvalidRequestError, DBAPIError  As commit_prepared().
void rollback_prepared(Connection& connection, const std::string& xid);

}  // namespace greenway
