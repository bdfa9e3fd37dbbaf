// SPDX-License-Identifier: BSL-1.0

// Who is told what happens to a session and its entities.

#include <algorithm>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/orm/mapper_events.hpp>

#include "session_state.hpp"

namespace greenway::detail {

EntityEvents& events_of(const Mapper& mapper) { return *mapper.events; }

void add_validator(const Mapper& mapper, std::size_t offset, std::function<void(const void*)> validator) {
  const std::optional<std::size_t> attribute = mapper.find(offset);
  if (!attribute) {
    throw InvalidRequestError("a member of class '" + mapper.name + "' is not mapped to a column");
  }
  mapper.events->validators.emplace_back(*attribute, std::move(validator));
}

SessionEvents& SessionState::events() {
  if (events_ == nullptr) {
    events_ = std::make_unique<SessionEvents>();
  }
  return *events_;
}

bool SessionState::is_heard(EntityNews which) const noexcept {
  return handle_ != nullptr && ((events_ != nullptr && (events_.get()->*which).is_heard()) ||
                                (maker_events_ != nullptr && (maker_events_.get()->*which).is_heard()));
}

void SessionState::tell(Listeners<Session&> SessionEvents::*which) {
  for (SessionEvents* const events : {events_.get(), maker_events_.get()}) {
    if (events != nullptr && handle_ != nullptr) {
      (events->*which)(*handle_);
    }
  }
}

void SessionState::tell_begun() {
  for (SessionEvents* const events : {events_.get(), maker_events_.get()}) {
    if (events != nullptr && handle_ != nullptr) {
      events->after_begin(*handle_, *connection_);
    }
  }
}

void SessionState::note(EntityNews which, const Instance& instance) {
  if (is_heard(which)) [[unlikely]] {
    news_.emplace_back(which, AnyEntity(instance.mapper, instance.object));
  }
}

void SessionState::tell_news() {
  while (!news_.empty()) {
    for (const auto& [which, entity] : std::exchange(news_, {})) {
      for (SessionEvents* const events : {events_.get(), maker_events_.get()}) {
        if (events != nullptr && handle_ != nullptr) {
          (events->*which)(*handle_, entity);
        }
      }
    }
  }
}

void SessionState::tell(EntityEvent EntityEvents::*which, const Instance& instance) {
  const EntityEvent& event = instance.mapper.events.get()->*which;
  if (event.is_heard() && handle_ != nullptr) [[unlikely]] {
    event(*handle_, instance.object.get());
  }
}

// Before anything is written: what a validator throws leaves all as it was.
void SessionState::validate() const {
  std::vector<const Instance*> checked;  // first, since a validator may load what belongs to an entity
  for (const Instance* const instance : instances_) {
    const bool may_be_written = instance->state == EntityState::pending || instance->state == EntityState::persistent;
    if (may_be_written && !instance->is_to_delete && !instance->mapper.events->validators.empty()) {
      checked.push_back(instance);
    }
  }
  for (const Instance* const instance : checked) {
    for (const auto& [attribute, check] : instance->mapper.events->validators) {
      if (instance->state == EntityState::pending || !instance->is_unchanged(attribute)) {
        check(instance->object.get());
      }
    }
  }
}

// Whether there is something to write and somebody who wants to know.
bool SessionState::tells_of_flush() const {
  const auto is_heard = [](const SessionEvents* events) {
    return events != nullptr && (events->before_flush.is_heard() || events->after_flush.is_heard());
  };
  return (is_heard(events_.get()) || is_heard(maker_events_.get())) &&
         std::ranges::any_of(instances_, [](const Instance* instance) {
           return instance->is_to_delete || (instance->state != EntityState::deleted && is_modified(*instance));
         });
}

// What is about to be written and somebody wants to know of, in the order in which it came to the session.
void SessionState::before_writing() {
  written_.clear();
  const bool tells_inserted = is_heard(&SessionEvents::pending_to_persistent);
  const bool tells_deleted = is_heard(&SessionEvents::persistent_to_deleted);
  for (Instance* const instance : instances_) {
    const EntityEvents& its = *instance->mapper.events;
    if (instance->is_to_delete) {
      if (tells_deleted || its.before_delete.is_heard() || its.after_delete.is_heard()) {
        written_.emplace_back(instance, Writing::remove);
      }
    } else if (instance->state == EntityState::pending) {
      if (tells_inserted || its.before_insert.is_heard() || its.after_insert.is_heard()) {
        written_.emplace_back(instance, Writing::insert);
      }
    } else if ((its.before_update.is_heard() || its.after_update.is_heard()) &&
               instance->state == EntityState::persistent && has_changed_members(*instance)) {
      written_.emplace_back(instance, Writing::update);
    }
  }
  std::ranges::sort(written_, {}, [](const auto& entry) { return entry.first->number; });
  for (const auto& [instance, writing] : written_) {
    tell(writing == Writing::insert   ? &EntityEvents::before_insert
         : writing == Writing::update ? &EntityEvents::before_update
                                      : &EntityEvents::before_delete,
         *instance);
  }
}

void SessionState::after_writing() {
  for (const auto& [instance, writing] : std::exchange(written_, {})) {
    if (writing == Writing::insert) {
      note(&SessionEvents::pending_to_persistent, *instance);
      tell(&EntityEvents::after_insert, *instance);
    } else if (writing == Writing::update) {
      tell(&EntityEvents::after_update, *instance);
    } else {
      note(&SessionEvents::persistent_to_deleted, *instance);
      tell(&EntityEvents::after_delete, *instance);
    }
  }
}

bool SessionState::has_changed_members(const Instance& instance) {
  for (std::size_t i = 0; i != instance.mapper.attributes.size(); ++i) {
    if (!instance.is_unchanged(i)) {
      return true;
    }
  }
  return false;
}

}  // namespace greenway::detail
