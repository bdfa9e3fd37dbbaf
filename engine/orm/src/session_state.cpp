// SPDX-License-Identifier: BSL-1.0
#include "session_state.hpp"

#include <algorithm>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/orm/registry.hpp>

#include "entity_key.hpp"

namespace greenway::detail {

// Its values of before the transaction; what is loaded of its relationships is stale as well.
void SessionState::restore(Instance& instance) {
  if (instance.state == EntityState::deleted) {
    note(&SessionEvents::deleted_to_persistent, instance);
  }
  std::vector<Value> values = instance.rest().before ? *std::move(instance.own_rest().before) : instance.row_values();
  instance.assign(values);
  instance.set_row_values(std::move(values));
  instance.own_rest().before.reset();
  instance.is_to_delete = false;
  instance.state = EntityState::persistent;
  identity_map_[&instance.mapper].put(instance);
  make_stale(instance);
}

void SessionState::make_stale(Instance& instance) {
  instance.is_stale = true;
  for (std::size_t i = 0; i != instance.related.size(); ++i) {
    forget_related(instance, i);
  }
  if (!instance.mapper.deferred.empty()) {
    instance.set_row_values(instance.row_values());
    std::vector<bool>& unloaded = instance.own_rest().unloaded;
    unloaded.resize(instance.mapper.attributes.size());
    for (const std::size_t attribute : instance.mapper.deferred) {
      unloaded[attribute] = true;
    }
    instance.mark_deferred();
  }
}

Instance* SessionState::find(const void* object) const noexcept { return instances_.find(object); }

Instance& SessionState::instance_of(const void* object, const char* what) const {
  Instance* const instance = find(object);
  if (instance == nullptr || instance->state == EntityState::pending || instance->state == EntityState::deleted) {
    throw InvalidRequestError(std::string("the entity to ") + what + " is not persistent in this Session");
  }
  return *instance;
}

void SessionState::add(const Mapper& mapper, const std::shared_ptr<void>& object) {
  check_usable();
  if (object == nullptr) {
    throw ArgumentError("add(): there is no entity");
  }
  if (Instance* const known = find(object.get())) {
    known->is_to_delete = false;
    return;
  }
  cascade_save(attach(mapper, object, false));
  tell_news();
}

Instance& SessionState::attach(const Mapper& mapper, std::shared_ptr<void> object, bool is_loaded) {
  mapper.registry->configure_once();
  const void* const address = object.get();
  Instance& instance = instances_.emplace(mapper, ++last_number_, std::move(object), *this);
  instance.state = is_loaded ? EntityState::persistent : EntityState::pending;
  if (!is_loaded) {
    note(&SessionEvents::transient_to_pending, instance);
  }
  instance.result = result_;
  if (is_loaded && arrivals_ != nullptr) {
    arrivals_->emplace_back(address, instance.number);
  }
  attach_related(instance, is_loaded);
  return instance;
}

void SessionState::attach_related(Instance& instance, bool is_loaded) {
  instance.related.resize(instance.mapper.relationships.size());
  for (std::size_t i = 0; i != instance.related.size(); ++i) {
    // Of a new entity the relationships are what they are.
    RelatedAccess::attach(instance.mapper.related(instance.object.get(), i), instance, i, !is_loaded);
  }
  for (const std::size_t attribute : instance.mapper.deferred) {
    DeferredAccess::attach(*instance.mapper.attributes[attribute].type->deferred(instance.member(attribute)), instance,
                           attribute, !is_loaded);
  }
}

void SessionState::detach(const Instance& instance) noexcept {
  for (std::size_t i = 0; i != instance.mapper.relationships.size(); ++i) {
    RelatedAccess::detach(instance.mapper.related(instance.object.get(), i));
  }
  for (const std::size_t attribute : instance.mapper.deferred) {
    DeferredAccess::detach(*instance.mapper.attributes[attribute].type->deferred(instance.member(attribute)));
  }
}

void SessionState::release(Instance& instance) noexcept {
  detach(instance);
  if (const auto found = identity_map_.find(&instance.mapper); found != identity_map_.end()) {
    found->second.erase(instance);
  }
  instances_.erase(instance);
}

void SessionState::mark_deleted(const void* object) {
  check_usable();
  instance_of(object, "delete").is_to_delete = true;
}

void SessionState::say(const void* object, std::size_t offset) {
  check_usable();
  Instance* const instance = find(object);
  if (instance == nullptr || instance->state != EntityState::pending) {
    throw InvalidRequestError("set() is about the INSERT of an entity: add() it first, and call this before a flush");
  }
  instance->own_rest().said.push_back(attribute_at(instance->mapper, offset));
}

void SessionState::expunge(const void* object) {
  Instance* const instance = find(object);
  if (instance == nullptr) {
    throw InvalidRequestError("the entity to expunge is not in this Session");
  }
  std::vector<std::shared_ptr<void>> open{instance->object};
  while (!open.empty()) {
    const std::shared_ptr<void> next = std::move(open.back());
    open.pop_back();
    Instance* const gone = find(next.get());
    if (gone == nullptr) {
      continue;
    }
    for (std::size_t i = 0; i != gone->related.size(); ++i) {
      const Related& related = gone->mapper.related(gone->object.get(), i);
      if (gone->mapper.relationships[i].cascades.expunges && related.is_loaded()) {
        std::ranges::move(RelatedAccess::items(related), std::back_inserter(open));
      }
    }
    note(gone->state == EntityState::pending ? &SessionEvents::pending_to_transient
                                             : &SessionEvents::persistent_to_detached,
         *gone);
    release(*gone);
  }
  tell_news();
}

// What it is now stays readable, and is not written.
void SessionState::expire(Instance& instance) {
  keep_before(instance);
  std::vector<Value> values;
  for (std::size_t i = 0; i != instance.mapper.attributes.size(); ++i) {
    values.push_back(instance.value(i));
  }
  instance.set_row_values(std::move(values));
  make_stale(instance);
}

void SessionState::expire_all() {
  check_open();
  for (Instance* const instance : instances_) {
    if (instance->state == EntityState::persistent) {
      expire(*instance);
    }
  }
}

void SessionState::expunge_all() {
  check_open();
  forget_entities();
}

EntityState SessionState::state_of(const void* object) const noexcept {
  const Instance* const instance = find(object);
  return instance == nullptr ? EntityState::transient : instance->is_to_delete ? EntityState::deleted : instance->state;
}

bool SessionState::is_modified(const void* object) const {
  const Instance* const instance = find(object);
  if (instance == nullptr) {
    throw InvalidRequestError("the entity is not in this Session");
  }
  return is_modified(*instance);
}

bool SessionState::is_modified(const Instance& instance) {
  if (instance.state == EntityState::pending) {
    return true;
  }
  for (std::size_t i = 0; i != instance.mapper.attributes.size(); ++i) {
    if (!instance.is_unchanged(i)) {
      return true;
    }
  }
  for (std::size_t i = 0; i != instance.related.size(); ++i) {
    const Related& related = instance.mapper.related(instance.object.get(), i);
    if (related.is_loaded() && RelatedAccess::items(related) != instance.related[i].items) {
      return true;
    }
  }
  return false;
}

template <class P>
std::vector<AnyEntity> SessionState::entities_that(P&& predicate) const {
  std::vector<const Instance*> found;
  for (const Instance* const instance : instances_) {
    if (predicate(*instance)) {
      found.push_back(instance);
    }
  }
  std::ranges::sort(found, {}, &Instance::number);
  std::vector<AnyEntity> entities;
  for (const Instance* const instance : found) {
    entities.emplace_back(instance->mapper, instance->object);
  }
  return entities;
}

std::vector<AnyEntity> SessionState::entities(std::optional<EntityState> state) const {
  return entities_that([&](const Instance& instance) { return !state || state_of(instance.object.get()) == *state; });
}

std::vector<AnyEntity> SessionState::dirty() const {
  return entities_that([](const Instance& instance) {
    return instance.state == EntityState::persistent && !instance.is_to_delete && is_modified(instance);
  });
}

EntityKey SessionState::key_of(const Instance& instance) const {
  std::string key;
  for (const std::size_t attribute : instance.mapper.key) {
    append_key(key, instance.value(attribute));
  }
  return key;
}

}  // namespace greenway::detail
