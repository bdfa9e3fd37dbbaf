// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <utility>

#include <greenway/runtime/cancel.hpp>
#include <greenway/runtime/waiter.hpp>

#include "scopes.hpp"

namespace greenway {

/// What the rest of the runtime asks of the scopes of greenlets besides their public face.
struct ScopeAccess {
  /// The scope around every greenlet of a host that ends: one for all, cancelled for good.
  static CancelScope& ended() noexcept {
    static auto& scope = *new CancelScope(CancelScope::Ended());
    return scope;
  }

  /// Puts ended() around all other scopes, once.
  static void cancel_from_outside(Scopes& scopes) noexcept {
    CancelScope** place = &scopes.innermost;
    while (*place != nullptr && *place != &ended()) {
      place = &(*place)->outer_;
    }
    if (std::exchange(*place, &ended()) == nullptr && scopes.waiting != nullptr && is_cancelled_now(scopes)) {
      scopes.waiting->interrupt();
    }
  }

  /// Lets a cancellation through each Shield. What protects a stack that others use has no bound, and stays.
  static void break_shields(Scopes& scopes) noexcept {
    for (CancelScope* scope = scopes.innermost; scope != nullptr; scope = scope->outer_) {
      scope->shielding_ = scope->shielding_ && !scope->deadline_.is_set();
    }
    if (scopes.waiting != nullptr && is_cancelled_now(scopes)) {
      scopes.waiting->interrupt();
    }
  }

  /// @return The scope around all others that a cancellation from outside reaches; null inside a shield, and if there is none.
  static CancelScope* outermost(const Scopes& scopes) noexcept {
    CancelScope* scope = scopes.innermost;
    while (scope != nullptr && !scope->shielding_ && scope->outer_ != nullptr) {
      scope = scope->outer_;
    }
    return scope != nullptr && scope->shielding_ ? nullptr : scope;
  }
};

}  // namespace greenway
