// SPDX-License-Identifier: BSL-1.0
#include <greenway/orm/related.hpp>

#include <greenway/base/error.hpp>

#include "session_state.hpp"

namespace greenway::detail {

void Related::select(bool is_asked_for) const {
  if (owner_ == nullptr) {
    throw DetachedInstanceError(
        "the relationship was not loaded before its entity left the session: load it there, by "
        "touching it or with selectinload()");
  }
  owner_->session->load_related(*owner_, relationship_, is_asked_for);
}

void Related::tell_session(const std::shared_ptr<void>& removed, const std::shared_ptr<void>& added) {
  owner_->session->related_changed(*owner_, relationship_, removed, added);
}

const Instance& Related::owner() const {
  if (owner_ == nullptr || owner_->state == EntityState::pending) {
    throw InvalidRequestError(
        "what belongs to an entity is asked for once that has a row, and while it is in a session: add() and "
        "flush() it first");
  }
  return *owner_;
}

void Related::throw_gone() {
  throw DetachedInstanceError(
      "what the relationship points to is gone: its session is closed, and the entity that keeps it, on "
      "the other side of the relationship, is no more");
}

void DeferredMember::select(bool is_asked_for) const {
  if (owner_ == nullptr) {
    throw DetachedInstanceError(
        "the column was not loaded before its entity left the session: load it there, by touching it or "
        "with undefer()");
  }
  owner_->session->load_deferred(*owner_, attribute_, is_asked_for);
}

}  // namespace greenway::detail
