// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/session_options.hpp
/// @brief How a session behaves.
///
/// Layer: orm. Source: the arguments of SQLAlchemy's `Session`.

#include <any>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace greenway {

/// What a session does with the transaction that it finds on the connection it is bound to.
enum class JoinTransactionMode : std::uint8_t {
  conditional_savepoint,  ///< `create_savepoint` if a savepoint is open already, else `rollback_only`.
  rollback_only,          ///< Rollback rolls it back; commit and close leave it open.
  create_savepoint,       ///< Works in a savepoint of its own: the transaction is left alone.
  control_fully,          ///< Commits and rolls back as if it had begun it; close rolls it back.
};

/// Options of a session. Plain data; start from the defaults.
struct SessionOptions {
  /// Changes are written before a statement is executed that may need to see them.
  bool autoflush = true;
  /// After a commit every entity is stale: the next row that is met overwrites it.
  bool expire_on_commit = false;
  /// Of a session that is bound to a connection.
  JoinTransactionMode join_transaction_mode = JoinTransactionMode::conditional_savepoint;
  /// What Session::info() begins with.
  std::map<std::string, std::any> info = {};
  /// A relationship that is touched and would take a statement throws InvalidRequestError before it is sent, and names
  /// the loader option to add. What is asked for by its name is loaded all the same: AsyncSession::load, a flush.
  bool no_implicit_io = false;
  /// For development. When the same relationship has been loaded by touching it for more than so many entities of one
  /// result, a warning of "greenway.orm" names the loader option to add. 0: never.
  std::size_t warn_lazy_loads = 0;
};

}  // namespace greenway
