// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/transaction.hpp
/// @brief A transaction or savepoint that rolls back unless it has been committed.
///
/// Layer: db. Source: SQLAlchemy's `RootTransaction` and `NestedTransaction`.

#include <cstdint>
#include <memory>

namespace greenway {

namespace detail {

class ConnectionState;

/// Names a transaction of a connection, or a savepoint in it.
struct TransactionKey {
  std::uint64_t transaction = 0;  ///< Counted from 1 on each connection.
  std::uint64_t savepoint = 0;    ///< Counted from 1 on each connection; 0 is the transaction itself.
};

}  // namespace detail

/// One transaction (Connection::begin) or one savepoint (Connection::begin_nested).
///
///     active --commit(), rollback(), ~Transaction, an enclosing one ends, the connection ends-->  inactive
///
/// Whether it is active is asked of the client library, so that a COMMIT or ROLLBACK sent as plain SQL counts.
///
/// @par Lifetime
/// Destroying an active one rolls it back: inside a greenlet that may suspend, in a plain thread block, for at most 2
/// seconds; an error closes the connection instead of being thrown. Where nothing may wait (a transaction of the async
/// facade that is dropped outside a greenlet, a greenlet that is being destroyed) the rollback is the first thing that
/// its connection does when it is next used, or given back.
class [[nodiscard]] Transaction {
 public:
  /// @param other  Left inactive.
  Transaction(Transaction&& other) noexcept = default;
  /// @param other  Left inactive; what this was is rolled back.
  /// @return This.
  Transaction& operator=(Transaction&& other) noexcept;
  /// Rolls back: see Lifetime.
  ~Transaction();

  /// Commits, or releases the savepoint.
  /// @throws InvalidRequestError   It is inactive.
  /// @throws PendingRollbackError  Its connection broke: roll back.
  /// @throws OutcomeUnknown        The COMMIT was sent and its answer lost.
  /// @throws DBAPIError            It is not committed. is_active() tells whether it is still open, as on SQLite, and
  ///                               commit() may be tried again, or has been rolled back, as on PostgreSQL.
  void commit();
  /// Rolls back, or back to the savepoint. An inactive one stays as it is.
  /// @throws DBAPIError  The rollback failed; the connection has been closed, which comes to the same.
  void rollback();
  /// rollback(), by the name for one that is perhaps over.
  /// @throws DBAPIError  As rollback().
  void close() { rollback(); }

  /// @return Whether it can still be committed or rolled back.
  [[nodiscard]] bool is_active() const noexcept;

 private:
  friend class Connection;
  Transaction(std::shared_ptr<detail::ConnectionState> connection, detail::TransactionKey key) noexcept;

  std::shared_ptr<detail::ConnectionState> connection_;
  detail::TransactionKey key_;
};

}  // namespace greenway
