// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/interpose_scope.hpp
/// @brief Where libc's blocking calls suspend: for libraries that know nothing of greenlets.
///
/// Layer: runtime. What does it is `greenway::interpose`, linked, or libgreenway_interpose.so, preloaded; without either this
/// has no effect. docs/legacy.md tells which calls there are, and what each returns when its greenlet is cancelled.
///
/// ```cpp
/// const gw::InterposeScope scope;
/// PGresult* result = PQexec(connection, "SELECT pg_sleep(1)");   // the loop goes on meanwhile
/// ```

#include <greenway/runtime/detail/greenlet_record.hpp>

namespace greenway {

/// A stretch of a greenlet's code in which libc's blocking calls suspend it, or in which they do not. Scopes nest; outside of
/// any, GreenletOptions::interpose decides, and GREENWAY_INTERPOSE=1 in the environment, which is for all greenlets of the
/// program. Outside a greenlet it changes nothing.
///
/// @par Threads
/// Closed by the greenlet that opened it.
class InterposeScope {
 public:
  /// Opens it.
  /// @param suspends  False: the calls are libc's, and block the loop.
  explicit InterposeScope(bool suspends = true) noexcept;
  /// What was before holds again.
  ~InterposeScope();
  InterposeScope(const InterposeScope&) = delete;
  InterposeScope& operator=(const InterposeScope&) = delete;

 private:
  GreenletRecord* greenlet_;  // null: outside a greenlet
  detail::Interposing before_ = detail::Interposing::off;
};

/// @return Whether libc's blocking calls, made here, suspend: there is a greenlet that allows it, and something that
///         intercepts them.
[[nodiscard]] bool is_interposed() noexcept;

}  // namespace greenway
