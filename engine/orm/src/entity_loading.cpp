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

/// What relates an owner to its targets: empty where a part is NULL, and so nothing does.
std::string link_of(const Instance& instance, const Relationship& relationship, bool is_owner) {
  std::string link;
  for (const auto& [mine, other] : relationship.pairs) {
    const Value part = instance.value(is_owner ? mine : other);
    if (part.is_null()) {
      return {};
    }
    append_key(link, part);
  }
  return link;
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
  const Mapper& target = *about.target;
  std::unordered_map<std::string, std::vector<std::shared_ptr<void>>> found;  // by what relates them
  std::vector<std::vector<Value>> wanted;
  std::vector<std::size_t> others;  // the target's attributes
  for (const auto& [mine, other] : about.pairs) {
    others.push_back(other);
  }
  for (const Instance* const owner : owners) {
    const std::string link = link_of(*owner, about, true);
    if (link.empty() || found.contains(link)) {
      continue;
    }
    auto& items = found[link];
    if (about.direction == Direction::many_to_one) {
      // What the session has needs no statement.
      const ByKey& known = identity_map_[&target];
      const auto place = known.find(link);
      if (place != known.end() && !place->second->is_stale && about.pairs.size() == target.key.size()) {
        items.push_back(place->second->object);
        continue;
      }
    }
    std::vector<Value> parts;
    for (const auto& [mine, other] : about.pairs) {
      parts.push_back(owner->value(mine));
    }
    wanted.push_back(std::move(parts));
  }
  for (std::size_t first = 0; first < wanted.size(); first += keys_a_select) {
    const std::size_t last = std::min(first + keys_a_select, wanted.size());
    Select select = *target.select_all;
    if (last - first == 1) {
      for (std::size_t i = 0; i != others.size(); ++i) {
        select = std::move(select).where(target.attributes[others[i]].column == wanted[first][i]);
      }
    } else {
      const auto begin = wanted.begin() + static_cast<std::ptrdiff_t>(first);
      select = std::move(select).where(
          target.is_among(others, {begin, wanted.begin() + static_cast<std::ptrdiff_t>(last)}));
    }
    for (const ColumnElement& element : about.order_by) {
      select = select.order_by(element);
    }
    for (const Row& row : connection().execute(select)) {
      const std::shared_ptr<void> object = load(target, row, 0);
      std::string link;
      for (const std::size_t other : others) {
        append_key(link, row.get<Value>(other));
      }
      found[link].push_back(object);
    }
  }
  for (Instance* const owner : owners) {
    if (mapper.related(owner->object.get(), relationship).is_loaded()) {
      continue;  // with changes, perhaps
    }
    const auto place = found.find(link_of(*owner, about, true));
    fill(*owner, relationship, place == found.end() ? std::vector<std::shared_ptr<void>>() : place->second);
  }
}

void SessionState::fill(Instance& owner, std::size_t relationship, std::vector<std::shared_ptr<void>> items) {
  owner.related[relationship] = {true, items};
  RelatedAccess::set(owner.mapper.related(owner.object.get(), relationship), std::move(items),
                     owner.mapper.relationships[relationship].points_only);
}

}  // namespace greenway::detail
