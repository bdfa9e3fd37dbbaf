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

RelatedOne::RelatedOne(std::shared_ptr<void> item) noexcept : item_(std::move(item)) {}

RelatedOne::RelatedOne(const RelatedOne& other) : Related(other) {}

RelatedOne::RelatedOne(RelatedOne&& other) noexcept
    : Related(other), item_(other.is_attached() ? nullptr : std::move(other.item_)) {}

RelatedOne::~RelatedOne() = default;

void RelatedOne::assign(const RelatedOne& other) {
  const std::shared_ptr<void> before = is_loaded() ? held() : nullptr;
  item_ = other.found();
  pointed_to_.reset();
  is_pointing_ = false;
  note_loaded();
  if (before != item_ || item_ == nullptr) {
    const std::shared_ptr<void> now = item_;  // which what is told may change
    tell(before, now);
  }
}

std::shared_ptr<void> RelatedOne::found() const {
  touch();
  std::shared_ptr<void> item = held();
  if (item == nullptr && is_pointing_) {
    throw_gone();
  }
  return item;
}

std::shared_ptr<void> RelatedOne::held() const noexcept { return is_pointing_ ? pointed_to_.lock() : item_; }

std::vector<std::shared_ptr<void>> RelatedOne::items() const {
  std::shared_ptr<void> item = held();
  return item != nullptr ? std::vector<std::shared_ptr<void>>{std::move(item)} : std::vector<std::shared_ptr<void>>();
}

void RelatedOne::set_items(std::vector<std::shared_ptr<void>> items) {
  item_ = items.empty() ? nullptr : std::move(items.front());
  pointed_to_.reset();
  is_pointing_ = false;
}

void RelatedOne::put(const std::shared_ptr<void>& item) { set_items({item}); }

void RelatedOne::drop(const void* item) {
  if (held().get() == item) {
    set_items({});
  }
}

void RelatedOne::point_only() noexcept {
  if (item_ != nullptr) {
    pointed_to_ = std::move(item_);
    item_ = nullptr;
    is_pointing_ = true;
  }
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
