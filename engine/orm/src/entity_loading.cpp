// SPDX-License-Identifier: BSL-1.0

// Rows that become entities, and the relationships of those.

#include <algorithm>
#include <string>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/runtime/bridge.hpp>
#include <greenway/sql/select.hpp>

#include "identity_key.hpp"
#include "session_state.hpp"

namespace greenway::detail {

namespace {

constexpr std::size_t keys_a_select = 500;  // SQLAlchemy's

/// What relates owners to their targets: the owners' attributes, the columns that say the same of a target, and where these
/// are in its row. Those of a secondary table are behind the target's own.
struct LinkColumns {
  LinkColumns(const Relationship& about) {
    for (const auto& [mine, other] : about.pairs) {
      add(mine, about.target->attributes[other].column, other);
    }
    for (const auto& [mine, column] : about.owner_pairs) {
      add(mine, column, about.target->attributes.size() + mine_.size());
    }
  }
  void add(std::size_t mine, const ColumnElement& column, std::size_t place) {
    mine_.push_back(mine);
    columns_.push_back(column);
    places_.push_back(place);
  }
  /// Empty where a part is NULL, and so nothing is related.
  [[nodiscard]] std::vector<Value> values(const Instance& owner) const {
    std::vector<Value> values;
    for (const std::size_t attribute : mine_) {
      values.push_back(owner.value(attribute));
      if (values.back().is_null()) {
        return {};
      }
    }
    return values;
  }
  [[nodiscard]] std::string key(const Row& row) const {
    std::string key;
    for (const std::size_t place : places_) {
      append_key(key, row.get<Value>(place));
    }
    return key;
  }
  static std::string key(const std::vector<Value>& values) {
    std::string key;
    for (const Value& value : values) {
      append_key(key, value);
    }
    return key;
  }
  [[nodiscard]] Select narrowed(Select select, const std::vector<std::vector<Value>>& wanted) const {
    if (wanted.size() != 1) {
      return std::move(select).where(is_among(columns_, wanted));
    }
    for (std::size_t i = 0; i != columns_.size(); ++i) {
      select = std::move(select).where(columns_[i] == wanted.front()[i]);
    }
    return select;
  }

  std::vector<std::size_t> mine_;
  std::vector<ColumnElement> columns_;
  std::vector<std::size_t> places_;
};

/// Selects the targets of a relationship, in its order.
Select targets_of(const Relationship& about, const LinkColumns& links) {
  Select select = *about.target->select_all;
  if (about.secondary) {
    std::optional<ColumnElement> on;
    for (std::size_t i = 0; i != about.target_pairs.size(); ++i) {
      const auto& [attribute, column] = about.target_pairs[i];
      const ColumnElement same = about.target->attributes[attribute].column == column;
      on = on ? *on && same : same;
    }
    select = select.add_columns({links.columns_.begin(), links.columns_.end()}).join(*about.secondary, on);
  }
  for (const ColumnElement& element : about.order_by) {
    select = select.order_by(element);
  }
  return select;
}

}  // namespace

void SessionState::populate(Instance& instance, const Row& row, std::size_t first_column) {
  for (std::size_t i = 0; i != instance.mapper.attributes.size(); ++i) {
    instance.mapper.attributes[i].type->read(instance.member(i), row, first_column + i);
  }
  instance.loaded = row;
  instance.first_column = first_column;
  instance.is_stale = false;
}

std::shared_ptr<void> SessionState::load(const Mapper& mapper, const Row& row, std::size_t first_column) {
  std::string key;
  for (const std::size_t attribute : mapper.key) {
    append_key(key, row.get<Value>(first_column + attribute));
  }
  auto [place, is_new] = identity_map_[&mapper].try_emplace(std::move(key));
  if (!is_new) {
    Instance& known = *place->second;
    if (known.is_stale) {
      populate(known, row, first_column);
    }
    return known.object;
  }
  try {
    Instance& instance = attach(mapper, mapper.make(), true);
    instance.key = place->first;
    place->second = &instance;
    populate(instance, row, first_column);
    return instance.object;
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
  std::string identity;
  for (const Value& part : key) {
    append_key(identity, part);
  }
  const ByKey& known = identity_map_[&mapper];
  if (const auto found = known.find(identity); found != known.end() && !found->second->is_stale) {
    load_options(mapper, {found->second->object}, options);
    return found->second->object;
  }
  autoflush();
  Select select = *mapper.select_all;
  for (std::size_t i = 0; i != key.size(); ++i) {
    select = std::move(select).where(mapper.attributes[mapper.key[i]].column == key[i]);
  }
  const std::optional<Row> row = connection().execute(select).first();
  if (!row) {
    return nullptr;
  }
  std::shared_ptr<void> object = load(mapper, *row, 0);
  load_options(mapper, {object}, options);
  return object;
}

void SessionState::refresh(const void* object) {
  Instance& instance = instance_of(object, "refresh");
  autoflush();
  Select select = *instance.mapper.select_all;
  for (const std::size_t attribute : instance.mapper.key) {
    select = std::move(select).where(instance.mapper.attributes[attribute].column == instance.value(attribute));
  }
  const std::optional<Row> row = connection().execute(select).first();
  if (!row) {
    throw InvalidRequestError("Could not refresh instance of " + instance.mapper.name + ": its row is gone");
  }
  expire(object);
  populate(instance, *row, 0);
}

void SessionState::load_related(Instance& owner, std::size_t relationship) {
  const Relationship& related = owner.mapper.relationships[relationship];
  const std::string name = owner.mapper.name + "::" + related.name;
  if (facade_ == Facade::async && !in_greenlet()) {
    throw MissingGreenlet("loading " + name + " needs a greenlet: load it with its entity by .options(selectinload(&" + name +
                          ")), or run what touches it with AsyncSession::run_sync()");
  }
  const SessionUse use(*this);
  check_usable();
  if (!is_flushing_) {
    autoflush();
  }
  select_related(owner.mapper, relationship, {&owner});
}

void SessionState::load_options(const Mapper& mapper, const std::vector<std::shared_ptr<void>>& objects,
                                const std::vector<LoaderOption>& options) {
  for (const LoaderOption& option : options) {
    if (option.mapper != &mapper) {
      throw ArgumentError("a loader option is about class " + option.mapper->name + ", not " + mapper.name);
    }
    std::vector<Instance*> owners;
    for (const auto& object : objects) {
      owners.push_back(find(object.get()));
    }
    // As SQLAlchemy does, of all of them, whether it is loaded or not: who asks for it wants to know what is there.
    select_related(mapper, option.relationship, owners);
  }
}

void SessionState::select_related(const Mapper& mapper, std::size_t relationship, const std::vector<Instance*>& owners) {
  const Relationship& about = mapper.relationships[relationship];
  const LinkColumns links(about);
  std::unordered_map<std::string, std::vector<std::shared_ptr<void>>> found;  // by what relates them
  std::vector<std::vector<Value>> wanted;
  for (const Instance* const owner : owners) {
    std::vector<Value> parts = links.values(*owner);
    const auto [items, is_new] = found.try_emplace(LinkColumns::key(parts));
    if (parts.empty() || !is_new) {
      continue;
    }
    // What the session has needs no statement.
    if (const Instance* const known = known_target(*owner, relationship); known != nullptr && !known->is_stale) {
      items->second.push_back(known->object);
    } else {
      wanted.push_back(std::move(parts));
    }
  }
  for (std::size_t first = 0; first < wanted.size(); first += keys_a_select) {
    const auto begin = wanted.begin() + static_cast<std::ptrdiff_t>(first);
    const auto count = std::min(keys_a_select, wanted.size() - first);
    const Select select = links.narrowed(targets_of(about, links), {begin, begin + static_cast<std::ptrdiff_t>(count)});
    for (const Row& row : connection().execute(select)) {
      found[links.key(row)].push_back(load(*about.target, row, 0));
    }
  }
  for (Instance* const owner : owners) {
    fill(*owner, relationship, found[LinkColumns::key(links.values(*owner))]);
  }
}

// With what the other side has changed meanwhile. What has been assigned to stays: but now one knows what it was.
void SessionState::fill(Instance& owner, std::size_t relationship, std::vector<std::shared_ptr<void>> items) {
  Instance::Related& known = owner.related[relationship];
  Related& member = owner.mapper.related(owner.object.get(), relationship);
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

}  // namespace greenway::detail
