// SPDX-License-Identifier: BSL-1.0

// Entities that are looked up, or looked at again, in a way that is said.

#include <optional>
#include <string>
#include <utility>

#include <greenway/base/error.hpp>

#include "entity_key.hpp"
#include "session_state.hpp"

namespace greenway::detail {

std::optional<Row> SessionState::select_row(const Mapper& mapper, const std::vector<Value>& key,
                                            const std::optional<ForUpdate>& lock) {
  const Select select = select_by(mapper, key);
  return connection().execute(lock ? select.with_for_update(*lock) : select).first();
}

// Of a row that says all attributes in their order.
std::shared_ptr<void> SessionState::load(const Mapper& mapper, const Row& row) {
  EntityColumns columns{.mapper = &mapper};
  return load(columns, row)->object;
}

std::shared_ptr<void> SessionState::get(const Mapper& mapper, const std::vector<Value>& key, const GetOptions& how) {
  if ((how.populate_existing || how.with_for_update) && key.size() == mapper.key.size()) {
    autoflush();
    const std::optional<Row> row = select_row(mapper, key, how.with_for_update);
    if (!row) {
      return nullptr;
    }
    std::string identity;
    for (const Value& part : key) {
      append_key(identity, part);
    }
    Instance* const known = identity_map_[&mapper].find(identity);
    if (how.populate_existing && known != nullptr) {
      expire(*known);
    }
    load(mapper, *row);
  }
  return get(mapper, key, how.options);
}

void SessionState::refresh(const void* object, const std::vector<std::size_t>& members,
                           const std::optional<ForUpdate>& lock) {
  if (members.empty() && !lock) {
    return refresh(object);
  }
  Instance& instance = instance_of(object, "refresh");
  const auto [attributes, relationships] = split(instance.mapper, members);
  autoflush();
  if (lock || !attributes.empty()) {
    std::vector<Value> key;
    for (const std::size_t attribute : instance.mapper.key) {
      key.push_back(instance.value(attribute));
    }
    const std::optional<Row> row = select_row(instance.mapper, key, lock);
    if (!row) {
      throw InvalidRequestError("Could not refresh instance of " + instance.mapper.name + ": its row is gone");
    }
    if (members.empty()) {
      expire(instance);
      load(instance.mapper, *row);
    }
    take(instance, *row, attributes);
  }
  for (const std::size_t relationship : relationships) {
    forget_related(instance, relationship);
    load_related(instance, relationship, true);
  }
}

void SessionState::expire(const void* object, const std::vector<std::size_t>& members) {
  Instance& instance = instance_of(object, "expire");
  if (members.empty()) {
    return expire(instance);
  }
  const auto [attributes, relationships] = split(instance.mapper, members);
  keep_before(instance);
  instance.set_row_values(instance.row_values());
  instance.own_rest().unloaded.resize(instance.mapper.attributes.size());
  for (const std::size_t attribute : attributes) {
    instance.own_rest().unloaded[attribute] = true;
  }
  instance.mark_deferred();
  for (const std::size_t relationship : relationships) {
    forget_related(instance, relationship);
  }
}

// The attributes among some members, and the relationships.
std::pair<std::vector<std::size_t>, std::vector<std::size_t>> SessionState::split(
    const Mapper& mapper, const std::vector<std::size_t>& members) {
  std::pair<std::vector<std::size_t>, std::vector<std::size_t>> split;
  for (const std::size_t offset : members) {
    if (const std::optional<std::size_t> attribute = mapper.find(offset)) {
      split.first.push_back(*attribute);
    } else {
      split.second.push_back(relationship_of(mapper, offset));
    }
  }
  return split;
}

// Gives some attributes the values of a row that says all of them in their order.
void SessionState::take(Instance& instance, const Row& row, const std::vector<std::size_t>& attributes) {
  keep_before(instance);
  instance.set_row_values(instance.row_values());
  Instance::Rest& rest = instance.own_rest();
  for (const std::size_t attribute : attributes) {
    instance.mapper.attributes[attribute].type->read(instance.member(attribute), row, attribute);
    rest.written[attribute] = instance.value(attribute);
    if (!rest.unloaded.empty()) {
      rest.unloaded[attribute] = false;
    }
  }
}

void SessionState::forget_related(Instance& instance, std::size_t relationship) {
  RelatedAccess::forget(instance.mapper.related(instance.object.get(), relationship));
  instance.related[relationship] = {};
}

}  // namespace greenway::detail
