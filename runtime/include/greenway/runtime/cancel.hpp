// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/cancel.hpp
/// @brief Cancellation: how a wait is ended from outside, bounded in time, or protected.
///
/// Layer: runtime. Source: Trio's cancel scopes. Cancellation is level-triggered: once a scope is cancelled, each
/// suspension point inside it throws Cancelled, and so does the next one after somebody swallowed it.
///
/// Everything here works in a greenlet and in a plain thread alike: scopes belong to whichever of the two made them.

#include <string>
#include <type_traits>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/runtime/deadline.hpp>

namespace greenway {

struct ScopeAccess;
struct Scopes;

/// Thrown at a suspension point of a cancelled scope.
///
/// Deliberately no `std::exception`: a `catch (const std::exception&)` of legacy code cannot swallow it. It never leaves
/// the greenlets' world: an Operation turns it into `operation_aborted` or OperationCancelled.
class Cancelled {};

/// A stretch of code that can be cancelled as one. Scopes nest; each belongs to the greenlet or thread that made it.
///
///     open  --cancel(), or its deadline passes-->  cancelled      (for good)
///
/// @par Threads
/// cancel() may be called from the loop's thread only; Operation::cancel() is the one for other threads.
class CancelScope {
 public:
  /// Opens a scope inside the current one.
  /// @param deadline  When the scope cancels itself.
  explicit CancelScope(Deadline deadline = {}) noexcept : CancelScope(deadline, false) {}
  /// Closes the scope. Scopes close in the reverse order of their opening.
  ~CancelScope();
  CancelScope(const CancelScope&) = delete;
  CancelScope& operator=(const CancelScope&) = delete;

  /// Cancels the scope: the owner's next suspension point inside it throws Cancelled, at once if it is in one now.
  void cancel() noexcept;

  /// @return Whether this scope itself, not one around it, has been cancelled or has passed its deadline.
  [[nodiscard]] bool is_cancelled() const noexcept { return cancelled_ || deadline_.has_passed(); }
  /// @return Its deadline.
  [[nodiscard]] Deadline deadline() const noexcept { return deadline_; }
  /// @return The scope around it that is felt inside; null for the outermost and for a shield.
  [[nodiscard]] const CancelScope* outer() const noexcept { return shielding_ ? nullptr : outer_; }

 protected:
  /// @param deadline   As above.
  /// @param shielding  Whether the scopes around are not felt inside.
  CancelScope(Deadline deadline, bool shielding) noexcept;

 private:
  friend struct ScopeAccess;
  struct Ended {};
  explicit CancelScope(Ended) noexcept : outer_(nullptr), owner_(nullptr), shielding_(false), cancelled_(true) {}

  CancelScope* outer_;
  Scopes* owner_;
  Deadline deadline_;
  bool shielding_;
  bool cancelled_ = false;
};

/// Code that the cancellation of scopes around it does not reach: clean-up. It is bounded: past its own deadline it is
/// cancelled itself, and the clean-up has to end the hard way.
class Shield : public CancelScope {
 public:
  /// @param bound  At most this long.
  explicit Shield(Duration bound) noexcept : CancelScope(Deadline::in(bound), true) {}
};

/// Throws Cancelled if a scope around the caller has been cancelled; otherwise does nothing. Never suspends.
void checkpoint();

/// @return Whether this greenlet is being unwound because its last handle went away. Nothing may suspend then: each wait
///         throws Cancelled, shields or not, and clean-up has to close what it cannot hand back.
[[nodiscard]] bool is_unwinding() noexcept;

/// @return The earliest bound that the scopes around the caller set.
[[nodiscard]] Deadline current_deadline() noexcept;

namespace detail {
[[noreturn]] void throw_timed_out(Duration limit);
/// Rethrows unless `scope` is why the cancellation happened.
[[nodiscard]] bool timed_out_here(const CancelScope& scope) noexcept;
}  // namespace detail

/// Runs `fn` with a bound on its time.
///
/// @param limit  At most this long. Inside `fn`, the suspension point that meets the bound throws Cancelled.
/// @param fn     Called once, in place.
/// @return What `fn` returns, however late it does.
/// @throws TimeoutError  The bound was met; `fn` has been unwound. A bound around this one that was met as well wins,
///                       and shows at its own boundary.
template <class F>
std::invoke_result_t<F> with_timeout(Duration limit, F&& fn) {
  CancelScope scope(Deadline::in(limit));
  try {
    return std::forward<F>(fn)();
  } catch (const Cancelled&) {
    if (!detail::timed_out_here(scope)) {
      throw;
    }
  }
  detail::throw_timed_out(limit);
}

}  // namespace greenway
