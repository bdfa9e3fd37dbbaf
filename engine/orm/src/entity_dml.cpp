// SPDX-License-Identifier: BSL-1.0
#include <greenway/orm/entity_dml.hpp>

#include <algorithm>
#include <map>
#include <utility>

#include <greenway/base/error.hpp>

#include "entity_key.hpp"
#include "session_state.hpp"

namespace greenway::detail {

namespace {

std::vector<Selected> all_columns(const Mapper& mapper) {
  std::vector<Selected> columns;
  for (const Attribute& attribute : mapper.attributes) {
    columns.emplace_back(attribute.column);
  }
  return columns;
}

std::string key_in(const Mapper& mapper, const Row& row) {
  std::string key;
  for (const std::size_t attribute : mapper.key) {
    append_key(key, row.get<Value>(attribute));
  }
  return key;
}

/// What several rows of one INSERT must have in common: the columns that they say.
std::vector<std::string> names_of(const Parameters& set) {
  std::vector<std::string> names;
  for (const auto& [name, value] : set.items()) {
    names.push_back(name);
  }
  return names;
}

}  // namespace

Parameters parameters_of(const Mapper& mapper, const void* entity) {
  Parameters set;
  for (std::size_t i = 0; i != mapper.attributes.size(); ++i) {
    const Attribute& attribute = mapper.attributes[i];
    const void* const member = static_cast<const std::byte*>(entity) + attribute.offset;
    if (attribute.expression) {
      continue;
    }
    if (attribute.is_version && attribute.type->is_unset(member)) {
      set.add(attribute.column.name(), Value(1));
    } else if (!attribute.has_default || !attribute.type->is_unset(member)) {
      set.add(attribute.column.name(), attribute.type->value(member));
    }
  }
  return set;
}

Parameters replaced(const Parameters& set, const Parameters& by) {
  Parameters all;
  for (const auto& [name, value] : set.items()) {
    if (std::ranges::find(by.items(), name, [](const auto& item) { return item.first; }) == by.items().end()) {
      all.add(name, value);
    }
  }
  for (const auto& [name, value] : by.items()) {
    all.add(name, value);
  }
  return all;
}

std::vector<std::string> columns_of(const Mapper& mapper, const std::vector<std::size_t>& offsets) {
  std::vector<std::string> columns;
  for (const std::size_t offset : offsets) {
    const std::optional<std::size_t> attribute = mapper.find(offset);
    if (!attribute) {
      throw InvalidRequestError("a member of class '" + mapper.name + "' is not mapped to a column");
    }
    columns.push_back(mapper.attributes[*attribute].column.name());
  }
  return columns;
}

EntityWrite insert_entities(Session& session, const Mapper& mapper, const Insert& statement,
                            const std::vector<Parameters>& sets, Entities* returned) {
  const SessionUse state = SessionAccess::use(session);
  state->autoflush();
  std::map<std::vector<std::string>, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i != sets.size(); ++i) {
    groups[names_of(sets[i])].push_back(i);
  }
  EntityWrite written;
  std::vector<std::pair<std::size_t, std::shared_ptr<void>>> entities;  // with the place of what was given
  for (const auto& [names, members] : groups) {
    std::vector<Parameters> some;
    std::ranges::transform(members, std::back_inserter(some), [&](std::size_t i) { return sets[i]; });
    if (returned == nullptr) {
      written.rowcount += state->connection().execute(statement, rows(std::move(some))).rowcount();
      continue;
    }
    const Insert insert = statement.returning(all_columns(mapper));
    const std::vector<Row> found = state->connection().execute(insert, rows(std::move(some))).all();
    written.rowcount += static_cast<std::int64_t>(found.size());
    for (std::size_t i = 0; i != found.size(); ++i) {
      const std::size_t place = found.size() == members.size() ? members[i] : members.front();
      entities.emplace_back(place, state->load_written(mapper, found[i]));
    }
  }
  std::ranges::stable_sort(entities, {}, &std::pair<std::size_t, std::shared_ptr<void>>::first);
  for (auto& [place, entity] : entities) {
    returned->push_back(std::move(entity));
  }
  return written;
}

EntityWrite update_entities(Session& session, const Mapper& mapper, const Update& statement, SynchronizeSession how,
                            Entities* returned) {
  const SessionUse state = SessionAccess::use(session);
  state->autoflush();
  const bool synchronizes =
      how == SynchronizeSession::fetch || (how == SynchronizeSession::auto_ && state->has_any(mapper));
  if (!synchronizes && returned == nullptr) {
    return {state->connection().execute(statement).rowcount()};
  }
  const std::vector<Row> found = state->connection().execute(statement.returning(all_columns(mapper))).all();
  for (const Row& row : found) {
    if (synchronizes) {
      state->row_updated(mapper, row);
    }
    if (returned != nullptr) {
      returned->push_back(state->load(mapper, row));
    }
  }
  return {static_cast<std::int64_t>(found.size())};
}

EntityWrite delete_entities(Session& session, const Mapper& mapper, const Delete& statement, SynchronizeSession how) {
  const SessionUse state = SessionAccess::use(session);
  state->autoflush();
  if (how == SynchronizeSession::none || (how == SynchronizeSession::auto_ && !state->has_any(mapper))) {
    return {state->connection().execute(statement).rowcount()};
  }
  const std::vector<Row> found = state->connection().execute(statement.returning(all_columns(mapper))).all();
  for (const Row& row : found) {
    state->row_deleted(mapper, row);
  }
  return {static_cast<std::int64_t>(found.size())};
}

bool SessionState::has_any(const Mapper& mapper) const noexcept {
  const auto known = identity_map_.find(&mapper);
  return known != identity_map_.end() && !known->second.empty();
}

// Of a row that an INSERT has written, perhaps over one that there was.
std::shared_ptr<void> SessionState::load_written(const Mapper& mapper, const Row& row) {
  if (Instance* const known = identity_map_[&mapper].find(key_in(mapper, row))) {
    expire(*known);
  }
  return load(mapper, row);
}

void SessionState::row_updated(const Mapper& mapper, const Row& row) {
  Instance* const known = identity_map_[&mapper].find(key_in(mapper, row));
  if (known == nullptr) {
    return;
  }
  Instance& instance = *known;
  std::vector<std::size_t> attributes;  // those that nobody has changed
  for (std::size_t i = 0; i != mapper.attributes.size(); ++i) {
    if (instance.is_unchanged(i)) {
      attributes.push_back(i);
    }
  }
  take(instance, row, attributes);
  for (std::size_t i = 0; i != mapper.relationships.size(); ++i) {
    if (mapper.relationships[i].direction == Direction::many_to_one) {
      forget_related(instance, i);
    }
  }
}

void SessionState::row_deleted(const Mapper& mapper, const Row& row) {
  IdentityMap& entities = identity_map_[&mapper];
  Instance* const known = entities.find(key_in(mapper, row));
  if (known == nullptr) {
    return;
  }
  Instance& instance = *known;
  keep_before(instance);
  instance.is_to_delete = false;
  instance.state = EntityState::deleted;
  entities.erase(instance);
}

}  // namespace greenway::detail
