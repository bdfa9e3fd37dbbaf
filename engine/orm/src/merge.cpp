// SPDX-License-Identifier: BSL-1.0

// Entities of elsewhere that become what a session has.

#include <algorithm>
#include <string>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/orm/registry.hpp>

#include "entity_key.hpp"
#include "session_state.hpp"

namespace greenway::detail {

namespace {

class Merge {
 public:
  Merge(SessionState& session, bool loads) noexcept : session_(session), loads_(loads) {}

  std::shared_ptr<void> operator()(const Mapper& mapper, const std::shared_ptr<void>& given) {
    if (const auto known = done_.find(given.get()); known != done_.end()) {
      return known->second;
    }
    if (session_.find(given.get()) != nullptr) {
      return done_[given.get()] = given;
    }
    std::vector<Value> key;
    bool has_key = true;
    for (const std::size_t attribute : mapper.key) {
      const Attribute& about = mapper.attributes[attribute];
      const void* const member = static_cast<const std::byte*>(given.get()) + about.offset;
      has_key &= !about.has_default || !about.type->is_unset(member);
      key.push_back(about.type->value(member));
    }
    return loads_ ? merge_loading(mapper, given, has_key ? key : std::vector<Value>())
                  : merge_as_row(mapper, given, has_key);
  }

 private:
  std::shared_ptr<void> merge_loading(const Mapper& mapper, const std::shared_ptr<void>& given,
                                      const std::vector<Value>& key) {
    std::shared_ptr<void> mine = key.empty() ? nullptr : session_.get(mapper, key, std::vector<LoaderOption>());
    const bool is_new = mine == nullptr;
    if (is_new) {
      mine = mapper.make();
    }
    done_[given.get()] = mine;
    for (const Attribute& attribute : mapper.attributes) {
      const void* const from = static_cast<const std::byte*>(given.get()) + attribute.offset;
      // What an INSERT would leave out says nothing here either.
      if (says_something(attribute, given.get()) && (!attribute.has_default || !attribute.type->is_unset(from))) {
        attribute.type->assign(static_cast<std::byte*>(mine.get()) + attribute.offset, attribute.type->value(from));
      }
    }
    if (is_new) {
      session_.add(mapper, mine);
    }
    merge_related(mapper, given, mine);
    return mine;
  }

  std::shared_ptr<void> merge_as_row(const Mapper& mapper, const std::shared_ptr<void>& given, bool has_key) {
    if (!has_key) {
      throw InvalidRequestError("merge() with load=false takes entities that stand for rows: this " + mapper.name +
                                " has no primary key");
    }
    std::vector<Value> values;
    for (const Attribute& attribute : mapper.attributes) {
      values.push_back(attribute.type->value(static_cast<const std::byte*>(given.get()) + attribute.offset));
    }
    std::shared_ptr<void> mine = session_.take_as_row(mapper, std::move(values));
    done_[given.get()] = mine;
    std::vector<std::size_t> unknown;
    for (const Attribute& attribute : mapper.attributes) {
      if (!says_something(attribute, given.get())) {
        unknown.push_back(attribute.offset);
      }
    }
    if (!unknown.empty()) {
      session_.expire(mine.get(), unknown);
    }
    merge_related(mapper, given, mine);
    return mine;
  }

  // What has not been loaded, or is no column, does not.
  static bool says_something(const Attribute& attribute, void* entity) {
    const MemberType& type = *attribute.type;
    return !attribute.expression &&
           (type.deferred == nullptr || type.deferred(static_cast<std::byte*>(entity) + attribute.offset)->is_loaded());
  }

  void merge_related(const Mapper& mapper, const std::shared_ptr<void>& given, const std::shared_ptr<void>& mine) {
    for (std::size_t i = 0; i != mapper.relationships.size(); ++i) {
      const Related& theirs = mapper.related(given.get(), i);
      if (!mapper.relationships[i].cascades.merges || mapper.relationships[i].is_write_only || !theirs.is_loaded()) {
        continue;
      }
      std::vector<std::shared_ptr<void>> items = RelatedAccess::items(theirs);
      if (items.empty() && !RelatedAccess::is_attached(theirs)) {
        continue;  // of an entity of no session nobody knows whether it was ever filled
      }
      for (std::shared_ptr<void>& item : items) {
        item = (*this)(*mapper.relationships[i].target, item);
      }
      session_.replace_related(mine.get(), i, std::move(items), !loads_);
    }
  }

  SessionState& session_;
  const bool loads_;
  std::unordered_map<const void*, std::shared_ptr<void>> done_;
};

}  // namespace

std::shared_ptr<void> SessionState::merge(const Mapper& mapper, const std::shared_ptr<void>& given, bool loads) {
  check_usable();
  if (given == nullptr) {
    throw ArgumentError("merge(): there is no entity");
  }
  mapper.registry->configure_once();
  if (loads) {
    autoflush();
  }
  ++no_autoflush_;
  try {
    std::shared_ptr<void> mine = Merge(*this, loads)(mapper, given);
    --no_autoflush_;
    return mine;
  } catch (...) {
    --no_autoflush_;
    throw;
  }
}

// A persistent entity whose row says what is given.
std::shared_ptr<void> SessionState::take_as_row(const Mapper& mapper, std::vector<Value> values) {
  std::string key;
  for (const std::size_t attribute : mapper.key) {
    append_key(key, values[attribute]);
  }
  IdentityMap& entities = identity_map_[&mapper];
  Instance* const known = entities.find(key);
  Instance& instance = known != nullptr ? *known : attach(mapper, mapper.make(), true);
  if (known == nullptr) {
    instance.key = key;
    entities.insert(instance);
  } else {
    keep_before(instance);
  }
  instance.assign(values);
  instance.set_row_values(std::move(values));
  instance.is_stale = false;
  return instance.object;
}

// Two that belong together still do, whatever the member of the foreign key was given.
void SessionState::keep_key(const Instance& owner, std::size_t relationship, const Instance& target) {
  const Relationship& about = owner.mapper.relationships[relationship];
  for (const auto& [mine, other] : about.pairs) {
    if (about.direction == Direction::one_to_many) {
      target.mapper.attributes[other].type->assign(target.member(other), owner.value(mine));
    } else {
      owner.mapper.attributes[mine].type->assign(owner.member(mine), target.value(other));
    }
  }
}

// What belongs to an entity is what is given: as its rows say, or by a change that the next flush writes.
void SessionState::replace_related(const void* owner, std::size_t relationship,
                                   std::vector<std::shared_ptr<void>> items, bool as_rows) {
  Instance& instance = *find(owner);
  Related& related = instance.mapper.related(instance.object.get(), relationship);
  if (as_rows) {
    return fill(instance, relationship, std::move(items), true);
  }
  if (!related.is_loaded()) {
    load_related(instance, relationship, true);
  }
  const std::vector<std::shared_ptr<void>> before = RelatedAccess::items(related);
  for (const std::shared_ptr<void>& item : before) {
    if (std::ranges::find(items, item) == items.end()) {
      RelatedAccess::drop(related, item.get());
      related_changed(instance, relationship, item, nullptr);
    }
  }
  for (const std::shared_ptr<void>& item : items) {
    if (std::ranges::find(before, item) == before.end()) {
      RelatedAccess::put(related, item);
      related_changed(instance, relationship, nullptr, item);
    } else {
      keep_key(instance, relationship, *find(item.get()));
    }
  }
}

}  // namespace greenway::detail
