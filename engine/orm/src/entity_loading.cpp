// SPDX-License-Identifier: BSL-1.0

// Rows that become entities.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/orm/registry.hpp>
#include <greenway/sql/select.hpp>

#include "entity_key.hpp"
#include "session_state.hpp"

namespace greenway::detail {

namespace {

constexpr std::size_t rows_a_time = 1000;

// Nothing where the row has no such entity.
std::optional<EntityKey> key_in(const EntityColumns& columns, const Row& row) {
  const Mapper& mapper = *columns.mapper;
  if (mapper.key.size() == 1 && mapper.attributes[mapper.key.front()].type->is_integer) {
    const auto number = row.get<std::optional<std::int64_t>>(columns.column(mapper.key.front()));
    return number ? std::optional(EntityKey(*number)) : std::nullopt;
  }
  std::string parts;
  for (const std::size_t attribute : mapper.key) {
    const Value part = row.get<Value>(columns.column(attribute));
    if (part.is_null()) {
      return std::nullopt;
    }
    append_key(parts, part);
  }
  return EntityKey(parts);
}

}  // namespace

EntityRows SessionState::select(const EntityStatement& statement, bool streams) {
  check_usable();
  autoflush();
  auto query = std::make_shared<EntityQuery>(statement);
  const bool is_partitioned = statement.yield_per != 0;
  if (is_partitioned && query->needs_unique) {
    throw InvalidRequestError(
        "yield_per() cannot be used with a Many that is loaded by a join: the rows of an entity may be "
        "in several partitions; load it with selectinload()");
  }
  const std::size_t a_time = is_partitioned ? statement.yield_per : rows_a_time;
  ExecutionOptions how;
  if ((streams || is_partitioned) && !query->loads_more && !query->needs_unique) {
    how.yield_per = a_time;
  }
  Result result = connection().execute(query->select, {}, how);
  if (how.yield_per == 0) {
    for (const EntityColumns& columns : query->entities) {
      identity_map_[columns.mapper].reserve(static_cast<std::size_t>(std::max<std::int64_t>(result.rowcount(), 0)));
    }
  }
  return EntityRows(std::move(result), *this, std::move(query), a_time, is_partitioned);
}

void SessionState::populate(Instance& instance, EntityColumns& columns, const Row& row) {
  const Mapper& mapper = instance.mapper;
  std::size_t column = columns.first;
  for (std::size_t i = 0; i != mapper.attributes.size(); ++i) {
    if (!columns.is_left_out(i)) {
      mapper.attributes[i].type->read(instance.member(i), row, column++);
    }
  }
  if (columns.rows == nullptr || !columns.rows->is_of(row)) {
    columns.rows = new RowCursor(row, columns.first);
  }
  instance.loaded = LoadedRow(columns.rows, row);
  if (columns.plan != nullptr) {
    instance.own_rest().unloaded = columns.plan->deferred;
    instance.own_rest().plan = columns.plan;
    instance.mark_deferred();
  } else if (instance.has_rest()) {
    instance.own_rest().unloaded.clear();
  }
  instance.is_stale = false;
}

// What earlier rows had not.
void SessionState::complete(Instance& instance, const EntityColumns& columns, const Row& row) {
  instance.set_row_values(instance.row_values());
  Instance::Rest& rest = instance.own_rest();
  bool is_complete = true;
  for (std::size_t i = 0; i != rest.unloaded.size(); ++i) {
    if (rest.unloaded[i] && !columns.is_left_out(i)) {
      const MemberType& type = *instance.mapper.attributes[i].type;
      if (instance.is_assigned(i)) {
        DeferredAccess::settle(*type.deferred(instance.member(i)));
        rest.written[i] = row.get<Value>(columns.column(i));
      } else {
        type.read(instance.member(i), row, columns.column(i));
        rest.written[i] = instance.value(i);
      }
      if (rest.before) {
        (*rest.before)[i] = rest.written[i];  // it cannot have been changed since
      }
      rest.unloaded[i] = false;
    }
    is_complete &= !rest.unloaded[i];
  }
  if (is_complete) {
    rest.unloaded.clear();
  }
}

Instance* SessionState::load(EntityColumns& columns, const Row& row) {
  const Mapper& mapper = *columns.mapper;
  std::optional<EntityKey> key = key_in(columns, row);
  if (!key) {
    return nullptr;
  }
  IdentityMap& entities = identity_map_[&mapper];
  Instance* const known = entities.find(*key);
  if (known == nullptr) {
    return &load_new(columns, row, *std::move(key), entities);
  }
  if (known->is_stale || columns.overwrites) {
    populate(*known, columns, row);
    tell(&EntityEvents::refresh, *known);
  } else if (!known->rest().unloaded.empty()) {
    complete(*known, columns, row);
  }
  return known;
}

Instance& SessionState::load_new(EntityColumns& columns, const Row& row, EntityKey key, IdentityMap& entities) {
  Instance& instance = attach(*columns.mapper, columns.mapper->make(), true);
  try {
    instance.key = std::move(key);
    entities.insert(instance);
    populate(instance, columns, row);
    tell(&EntityEvents::load, instance);
  } catch (...) {
    release(instance);  // a value that does not fit into its member: there is no such entity then
    throw;
  }
  return instance;
}

std::shared_ptr<void> SessionState::get(const Mapper& mapper, const std::vector<Value>& key,
                                        const std::vector<LoaderOption>& options) {
  if (key.size() != mapper.key.size()) {
    throw ArgumentError("the primary key of " + mapper.name + " has " + std::to_string(mapper.key.size()) +
                        " columns, not " + std::to_string(key.size()));
  }
  mapper.registry->configure_once();
  std::string identity;
  for (const Value& part : key) {
    append_key(identity, part);
  }
  if (Instance* const known = identity_map_[&mapper].find(identity); known != nullptr && !known->is_stale) {
    if (!options.empty()) {
      load_branches(mapper, *plan_of(mapper, options), {known}, false);
    }
    return known->object;
  }
  autoflush();
  EntityQuery query(select_by(mapper, key), mapper, plan_of(mapper, options));
  Instance* found = nullptr;
  const Arrivals arrivals(*this, arrivals_);
  for (const Row& row : connection().execute(query.select)) {
    found = query.entities.front().read(*this, row);
  }
  query.entities.front().finish(*this);
  return found == nullptr ? nullptr : found->object;
}

void SessionState::refresh(const void* object) {
  Instance& instance = instance_of(object, "refresh");
  autoflush();
  std::vector<Value> key;
  for (const std::size_t attribute : instance.mapper.key) {
    key.push_back(instance.value(attribute));
  }
  EntityQuery query(select_by(instance.mapper, key), instance.mapper, mapped_plan(instance.mapper));
  const std::vector<Row> rows = connection().execute(query.select).all();
  if (rows.empty()) {
    throw InvalidRequestError("Could not refresh instance of " + instance.mapper.name + ": its row is gone");
  }
  expire(object);
  for (const Row& row : rows) {
    query.entities.front().read(*this, row);
  }
  query.entities.front().finish(*this);
}

Select SessionState::select_by(const Mapper& mapper, const std::vector<Value>& key) {
  Select select = *mapper.select_all;
  for (std::size_t i = 0; i != key.size(); ++i) {
    select = std::move(select).where(mapper.attributes[mapper.key[i]].column == key[i]);
  }
  return select;
}

// With what the other side has changed meanwhile. What has been assigned to stays: but now one knows what it was.
void SessionState::fill(Instance& owner, std::size_t relationship, std::vector<std::shared_ptr<void>> items,
                        bool overwrites) {
  Instance::Related& known = owner.related[relationship];
  Related& member = owner.mapper.related(owner.object.get(), relationship);
  if (overwrites) {
    known = {};
    RelatedAccess::forget(member);
  }
  if (known.is_loaded) {
    return;  // with changes, perhaps
  }
  known.is_loaded = true;
  known.items = items;
  if (!member.is_loaded()) {
    RelatedAccess::set(member, std::move(items), owner.mapper.relationships[relationship].points_only);
    for (const std::shared_ptr<void>& item : std::exchange(known.removed, {})) {
      RelatedAccess::drop(member, item.get());
    }
    for (const std::shared_ptr<void>& item : std::exchange(known.added, {})) {
      RelatedAccess::put(member, item);
    }
  }
}

void SessionState::let_go(const void* object, std::size_t number) {
  Instance* const instance = find(object);
  if (instance == nullptr || instance->number != number) {
    return;  // or another one is at its place
  }
  const auto awaits_more = [](const Instance::Related& related) {
    return !related.added.empty() || !related.removed.empty();
  };
  const bool is_as_its_row = instance->state == EntityState::persistent && !instance->is_to_delete &&
                             !instance->is_new && !instance->rest().before && !is_modified(object) &&
                             std::ranges::none_of(instance->related, awaits_more);
  if (is_as_its_row && instance->object.use_count() == 1) {
    release(*instance);
  }
}

}  // namespace greenway::detail
