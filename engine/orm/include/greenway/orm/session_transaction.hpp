// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/session_transaction.hpp
/// @brief A transaction of a session, or a savepoint in it, that rolls back unless it has been committed.
///
/// Layer: orm. Source: SQLAlchemy's `SessionTransaction`.
///
/// ```cpp
/// auto outer = session.begin();
/// session.add(A{.data = "kept"});
/// {
///   auto nested = session.begin_nested();            // writes what there is first
///   session.add(A{.data = "transient again"});
/// }                                                  // back to the savepoint
/// outer.commit();
/// ```

#include <cstdint>
#include <memory>

namespace greenway {

namespace detail {

class SessionState;

/// Throws once transaction `number`, of a function that runs in it, is over: set while the function runs.
class SessionScope {
 public:
  SessionScope(const std::weak_ptr<SessionState>& session, std::uint64_t number);
  ~SessionScope();
  SessionScope(const SessionScope&) = delete;
  SessionScope& operator=(const SessionScope&) = delete;

 private:
  std::weak_ptr<SessionState> session_;
  std::uint64_t outer_ = 0;
};

}  // namespace detail

/// One transaction (Session::begin) or one savepoint (Session::begin_nested).
///
///     active  --commit(), rollback(), ~SessionTransaction, an enclosing one ends, the session closes-->  inactive
///
/// @par Lifetime
/// May outlive its session, which leaves it inactive. Destroying an active one rolls it back, for at most 2 seconds; an
/// error closes the connection instead of being thrown.
class [[nodiscard]] SessionTransaction {
 public:
  /// @param other  Left inactive.
  SessionTransaction(SessionTransaction&& other) noexcept = default;
  /// @param other  Left inactive; what this was is rolled back.
  /// @return This.
  SessionTransaction& operator=(SessionTransaction&& other) noexcept;
  /// Rolls back: see Lifetime.
  ~SessionTransaction();

  /// Writes what has changed, and commits, or releases the savepoint: what was done in it is then the enclosing one's.
  /// @throws ResourceClosedError  It is inactive.
  /// @throws ...                  As Session::commit.
  void commit();
  /// Rolls back: Session::rollback. Or back to the savepoint: each entity of the session has its values and
  /// relationships of then, without I/O besides; new ones are transient, deleted ones persistent, and those loaded
  /// meanwhile stale. The session is usable again if a flush has failed. An inactive one stays as it is.
  /// @throws ...  As Session::rollback.
  void rollback();
  /// rollback(), by the name for one that is perhaps over.
  /// @throws ...  As Session::rollback.
  void close() { rollback(); }

  /// @return Whether it can still be committed or rolled back.
  [[nodiscard]] bool is_active() const noexcept;
  /// @return Whether it is a savepoint.
  [[nodiscard]] bool nested() const noexcept { return is_nested_; }

 private:
  friend class Session;
  SessionTransaction(const std::shared_ptr<detail::SessionState>& session, std::uint64_t number, bool is_nested,
                     bool is_owner) noexcept
      : session_(session), number_(number), is_nested_(is_nested), is_owner_(is_owner) {}
  [[nodiscard]] std::shared_ptr<detail::SessionState> active() const noexcept;

  std::weak_ptr<detail::SessionState> session_;
  std::uint64_t number_;
  bool is_nested_;
  bool is_owner_;  // rolls back when it goes
};

}  // namespace greenway
