// SPDX-License-Identifier: BSL-1.0
#include <greenway/runtime/cancel.hpp>

#include <string>

#include <greenway/runtime/waiter.hpp>

#include "scheduler.hpp"
#include "scopes.hpp"

namespace greenway {

CancelScope::CancelScope(Deadline deadline, bool shielding) noexcept
    : owner_(&detail::this_thread_hub().current->scopes), deadline_(deadline), shielding_(shielding) {
  outer_ = std::exchange(owner_->innermost, this);
}

CancelScope::~CancelScope() { owner_->innermost = outer_; }

void CancelScope::cancel() noexcept {
  cancelled_ = true;
  if (owner_->waiting != nullptr && is_cancelled_now(*owner_)) {
    owner_->waiting->interrupt();
  }
}

[[gnu::hot]] bool is_cancelled_now(const Scopes& scopes) noexcept {
  for (const CancelScope* scope = scopes.innermost; scope != nullptr; scope = scope->outer()) {
    if (scope->is_cancelled()) {
      return true;
    }
  }
  return false;
}

[[gnu::hot]] Deadline deadline_of(const Scopes& scopes) noexcept {
  Deadline earliest;
  for (const CancelScope* scope = scopes.innermost; scope != nullptr; scope = scope->outer()) {
    earliest = earlier(earliest, scope->deadline());
  }
  return earliest;
}

[[gnu::hot]] void checkpoint() {
  const GreenletRecord& current = *detail::this_thread_hub().current;
  if (current.is_unwinding || is_cancelled_now(current.scopes)) {
    throw Cancelled();
  }
}

bool is_unwinding() noexcept { return detail::this_thread_hub().current->is_unwinding; }

Deadline current_deadline() noexcept { return deadline_of(detail::this_thread_hub().current->scopes); }

namespace detail {

void throw_timed_out(Duration limit) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
  throw TimeoutError("the work took longer than its " + std::to_string(milliseconds) + " ms and was cancelled");
}

bool timed_out_here(const CancelScope& scope) noexcept {
  if (!scope.is_cancelled()) {
    return false;
  }
  for (const CancelScope* outer = scope.outer(); outer != nullptr; outer = outer->outer()) {
    if (outer->is_cancelled()) {
      return false;
    }
  }
  return true;
}

}  // namespace detail

}  // namespace greenway
