// SPDX-License-Identifier: BSL-1.0

// Rows that become entities.

#include <algorithm>
#include <string>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/orm/registry.hpp>
#include <greenway/sql/select.hpp>

#include "identity_key.hpp"
#include "session_state.hpp"

namespace greenway::detail {

namespace {

constexpr std::size_t rows_a_time = 1000;

}  // namespace

EntityRows SessionState::select(const EntityStatement& statement, bool streams) {
  check_usable();
  autoflush();
  auto query = std::make_shared<EntityQuery>(statement);
  const bool is_partitioned = statement.yield_per != 0;
  if (is_partitioned && query->needs_unique) {
    throw InvalidRequestError("yield_per() cannot be used with a Many that is loaded by a join: the rows of an entity may be "
                              "in several partitions; load it with selectinload()");
  }
  const std::size_t a_time = is_partitioned ? statement.yield_per : rows_a_time;
  ExecutionOptions how;
  if ((streams || is_partitioned) && !query->loads_more && !query->needs_unique) {
    how.yield_per = a_time;
  }
  Result result = connection().execute(query->select, {}, how);
  return EntityRows(std::move(result), *this, std::move(query), a_time, is_partitioned);
}

void SessionState::populate(Instance& instance, const EntityColumns& columns, const Row& row) {
  const Mapper& mapper = instance.mapper;
  std::size_t column = columns.first;
  for (std::size_t i = 0; i != mapper.attributes.size(); ++i) {
    if (!columns.is_left_out(i)) {
      mapper.attributes[i].type->read(instance.member(i), row, column++);
    }
  }
  instance.loaded = row;
  instance.first_column = columns.first;
  instance.unloaded.clear();
  if (columns.plan != nullptr) {
    instance.unloaded = columns.plan->deferred;
    instance.plan = columns.plan;
  }
  instance.is_stale = false;
}

// What earlier rows had not.
void SessionState::complete(Instance& instance, const EntityColumns& columns, const Row& row) {
  instance.written = instance.row_values();
  instance.loaded.reset();
  bool is_complete = true;
  for (std::size_t i = 0; i != instance.unloaded.size(); ++i) {
    if (instance.unloaded[i] && !columns.is_left_out(i)) {
      instance.mapper.attributes[i].type->read(instance.member(i), row, columns.column(i));
      instance.written[i] = instance.value(i);
      if (instance.before) {
        (*instance.before)[i] = instance.written[i];  // it cannot have been changed since
      }
      instance.unloaded[i] = false;
    }
    is_complete &= !instance.unloaded[i];
  }
  if (is_complete) {
    instance.unloaded.clear();
  }
}

Instance* SessionState::load(const EntityColumns& columns, const Row& row) {
  const Mapper& mapper = *columns.mapper;
  std::string key;
  for (const std::size_t attribute : mapper.key) {
    const Value part = row.get<Value>(columns.column(attribute));
    if (part.is_null()) {
      return nullptr;
    }
    append_key(key, part);
  }
  auto [place, is_new] = identity_map_[&mapper].try_emplace(std::move(key));
  if (!is_new) {
    Instance& known = *place->second;
    if (known.is_stale || columns.overwrites) {
      populate(known, columns, row);
      tell(&EntityEvents::refresh, known);
    } else if (!known.unloaded.empty()) {
      complete(known, columns, row);
    }
    return &known;
  }
  try {
    Instance& instance = attach(mapper, mapper.make(), true);
    instance.key = place->first;
    place->second = &instance;
    populate(instance, columns, row);
    tell(&EntityEvents::load, instance);
    return &instance;
  } catch (...) {
    // A value that does not fit into its member: there is no such entity then.
    if (Instance* const half = place->second) {
      release(*half);
    } else {
      identity_map_[&mapper].erase(place);
    }
    throw;
  }
}

std::shared_ptr<void> SessionState::get(const Mapper& mapper, const std::vector<Value>& key,
                                        const std::vector<LoaderOption>& options) {
  if (key.size() != mapper.key.size()) {
    throw ArgumentError("the primary key of " + mapper.name + " has " + std::to_string(mapper.key.size()) + " columns, not " +
                        std::to_string(key.size()));
  }
  mapper.registry->configure_once();
  std::string identity;
  for (const Value& part : key) {
    append_key(identity, part);
  }
  const ByKey& known = identity_map_[&mapper];
  if (const auto found = known.find(identity); found != known.end() && !found->second->is_stale) {
    if (!options.empty()) {
      load_branches(mapper, *plan_of(mapper, options), {found->second}, false);
    }
    return found->second->object;
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
void SessionState::fill(Instance& owner, std::size_t relationship, std::vector<std::shared_ptr<void>> items, bool overwrites) {
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
  const auto awaits_more = [](const Instance::Related& related) { return !related.added.empty() || !related.removed.empty(); };
  const bool is_as_its_row = instance->state == EntityState::persistent && !instance->is_to_delete && !instance->is_new &&
                             !instance->before && !is_modified(object) &&
                             std::ranges::none_of(instance->related, awaits_more);
  if (is_as_its_row && instance->object.use_count() == 1) {
    release(*instance);
  }
}

}  // namespace greenway::detail
