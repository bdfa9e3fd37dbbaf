// SPDX-License-Identifier: BSL-1.0
#include <greenway/orm/inspect.hpp>

#include <cstddef>
#include <ostream>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/sql/detail/value_text.hpp>

#include "session_state.hpp"

namespace greenway {

std::ostream& operator<<(std::ostream& out, const IdentityKey& key) {
  std::string text = key.mapper->name + "(";
  for (std::size_t i = 0; i != key.values.size(); ++i) {
    text += i == 0 ? "" : ", ";
    detail::append_text(text, key.values[i]);
  }
  return out << text << ')';
}

namespace detail {

std::size_t relationship_of(const Mapper& mapper, std::size_t offset) {
  const std::optional<std::size_t> relationship = mapper.find_relationship(offset);
  if (!relationship) {
    throw InvalidRequestError("a member of class '" + mapper.name + "' is not mapped as a relationship");
  }
  return *relationship;
}

IdentityKey identity_of(const Mapper& mapper, const void* entity) {
  IdentityKey key{&mapper, {}};
  for (const std::size_t attribute : mapper.key) {
    const Attribute& about = mapper.attributes[attribute];
    key.values.push_back(about.type->value(static_cast<const std::byte*>(entity) + about.offset));
  }
  return key;
}

namespace {

const Related& related_of(const Mapper& mapper, const void* entity) {
  return mapper.related(const_cast<void*>(entity), 0);
}

}  // namespace

Session* session_of(const Mapper& mapper, const void* entity) {
  if (mapper.relationships.empty()) {
    throw InvalidRequestError("entities of class '" + mapper.name +
                              "' have no relationship that knows their session: ask a "
                              "session whether it contains() one");
  }
  const Instance* const owner = RelatedAccess::owner(related_of(mapper, entity));
  return owner != nullptr ? owner->session->handle() : nullptr;
}

std::shared_ptr<Session> async_session_of(const Mapper& mapper, const void* entity) {
  const Session* const session = session_of(mapper, entity);
  return session != nullptr ? SessionAccess::state(*session)->async_handle() : nullptr;
}

InstanceState inspect(const Mapper& mapper, const void* entity) {
  const Session* const session = session_of(mapper, entity);
  return inspect(session != nullptr ? SessionAccess::state(*session) : nullptr, mapper, entity);
}

InstanceState inspect(const SessionState* session, const Mapper& mapper, const void* entity) {
  InstanceState it{.mapper = mapper.name, .table = *mapper.table};
  const Instance* const instance = session != nullptr ? session->find(entity) : nullptr;
  if (instance == nullptr) {
    const bool is_of_none = mapper.relationships.empty() || RelatedAccess::owner(related_of(mapper, entity)) == nullptr;
    if (!mapper.relationships.empty() && is_of_none && RelatedAccess::had_row(related_of(mapper, entity))) {
      it.state = EntityState::detached;
      it.identity = identity_of(mapper, entity);
    }
    return it;
  }
  it.async_session = session->async_handle();
  it.state = session->state_of(entity);
  it.is_expired = instance->is_stale;
  const bool has_row = instance->state != EntityState::pending;
  if (has_row) {
    it.identity = identity_of(mapper, entity);
  }
  const std::vector<Value> row = has_row ? instance->row_values() : std::vector<Value>();
  for (std::size_t i = 0; i != mapper.attributes.size(); ++i) {
    const Attribute& attribute = mapper.attributes[i];
    if (has_row ? !instance->is_unchanged(i)
                : !attribute.expression && (!attribute.has_default || !attribute.type->is_unset(instance->member(i)))) {
      const bool is_known = has_row && !instance->is_unloaded(i);
      it.changed.push_back(
          {attribute.column.name(), is_known ? std::optional(row[i]) : std::nullopt, instance->value(i)});
    }
  }
  for (const std::size_t attribute : mapper.deferred) {
    if (!mapper.attributes[attribute].type->deferred(instance->member(attribute))->is_loaded()) {
      it.unloaded.push_back(mapper.attributes[attribute].column.name());
    }
  }
  for (std::size_t i = 0; i != instance->related.size(); ++i) {
    const Related& related = mapper.related(instance->object.get(), i);
    if (!related.is_loaded() && mapper.relationships[i].is_write_only) {
      continue;
    }
    if (!related.is_loaded()) {
      it.unloaded.push_back(mapper.relationships[i].name);
    } else if (RelatedAccess::items(related) != instance->related[i].items) {
      it.changed_relationships.push_back(mapper.relationships[i].name);
    }
  }
  return it;
}

std::pair<std::vector<std::shared_ptr<void>>, std::vector<std::shared_ptr<void>>> before_and_now(
    const SessionState* session, const Mapper& mapper, const void* entity, std::size_t relationship) {
  const Instance* const instance = session != nullptr ? session->find(entity) : nullptr;
  const Related& related = mapper.related(const_cast<void*>(entity), relationship);
  if (!related.is_loaded()) {
    return {};
  }
  return {instance != nullptr ? instance->related[relationship].items : std::vector<std::shared_ptr<void>>(),
          RelatedAccess::items(related)};
}

}  // namespace detail

}  // namespace greenway
