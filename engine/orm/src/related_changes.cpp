// SPDX-License-Identifier: BSL-1.0

// What follows at once when a relationship of an entity of the session is changed: what was added is the session's, and
// the other side says the same. SQLAlchemy: the save-update cascade, and backref events.

#include <algorithm>
#include <utility>

#include "entity_key.hpp"
#include "session_state.hpp"

namespace greenway::detail {

namespace {

void take_out(std::vector<std::shared_ptr<void>>& items, const void* item) {
  std::erase_if(items, [&](const std::shared_ptr<void>& held) { return held.get() == item; });
}

}  // namespace

void SessionState::related_changed(Instance& owner, std::size_t relationship, const std::shared_ptr<void>& removed,
                                   const std::shared_ptr<void>& added) {
  const Relationship& about = owner.mapper.relationships[relationship];
  if (about.direction == Direction::many_to_one && about.back && removed != nullptr) {
    owner.is_orphan = added == nullptr && about.target->relationships[*about.back].cascades.deletes_orphans;
  }
  if (about.is_write_only && removed != nullptr) {
    owner.related[relationship].items.push_back(removed);  // it has been in it: what else was nobody knows
  }
  if (Instance* const target = removed == nullptr ? nullptr : find(removed.get())) {
    target->is_orphan = target->is_orphan || about.cascades.deletes_orphans;
    if (about.back) {
      drop_back(*target, *about.back, owner);
    }
  } else if (about.back && about.direction == Direction::many_to_one && !owner.related[relationship].is_loaded) {
    // What it was before it was assigned to, without being loaded, only its foreign key says.
    if (Instance* const before = known_target(owner, relationship)) {
      drop_back(*before, *about.back, owner);
    }
  }
  if (added != nullptr) {
    std::vector<Instance*> more;
    take_in(owner, relationship, added, more);
    for (Instance* const instance : more) {
      cascade_save(*instance);
    }
  }
}

// With all that belongs to it, however long the chain.
void SessionState::cascade_save(Instance& instance) {
  std::vector<Instance*> open{&instance};
  while (!open.empty()) {
    Instance& owner = *open.back();
    open.pop_back();
    for (std::size_t i = 0; i != owner.related.size(); ++i) {
      const Related& related = owner.mapper.related(owner.object.get(), i);
      if (!related.is_loaded()) {
        continue;
      }
      for (const std::shared_ptr<void>& item : RelatedAccess::items(related)) {
        take_in(owner, i, item, open);
      }
    }
  }
}

void SessionState::take_in(Instance& owner, std::size_t relationship, const std::shared_ptr<void>& item,
                           std::vector<Instance*>& added) {
  const Relationship& about = owner.mapper.relationships[relationship];
  Instance* target = find(item.get());
  if (target == nullptr && about.cascades.save_update) {
    target = &attach(*about.target, item, false);
    added.push_back(target);
  }
  if (target == nullptr) {
    return;
  }
  target->is_orphan = target->is_orphan && !about.cascades.deletes_orphans;
  if (about.back) {
    put_back(*target, *about.back, owner);
  }
}

void SessionState::put_back(Instance& target, std::size_t relationship, Instance& owner) {
  const Relationship& about = target.mapper.relationships[relationship];
  Related& member = target.mapper.related(target.object.get(), relationship);
  if (about.is_many) {
    if (member.is_loaded() || about.is_write_only) {
      RelatedAccess::put(member, owner.object);
    } else {
      Instance::Related& later = target.related[relationship];
      take_out(later.removed, owner.object.get());
      later.added.push_back(owner.object);
    }
    return;
  }
  // It belonged to another one until now.
  Instance* before = nullptr;
  if (!member.is_loaded()) {
    before = known_target(target, relationship);
  } else if (const auto items = RelatedAccess::items(member); !items.empty()) {
    before = find(items.front().get());
  }
  if (before != nullptr && before != &owner && about.back) {
    drop_back(*before, *about.back, target);
  }
  if (before != &owner || !member.is_loaded()) {
    RelatedAccess::set(member, {owner.object}, about.points_only);
  }
}

void SessionState::drop_back(Instance& target, std::size_t relationship, const Instance& owner) {
  Related& member = target.mapper.related(target.object.get(), relationship);
  if (target.mapper.relationships[relationship].is_write_only) {
    RelatedAccess::drop(member, owner.object.get());
  } else if (member.is_loaded() || !target.mapper.relationships[relationship].is_many) {
    RelatedAccess::drop(member, owner.object.get());
    RelatedAccess::note_loaded(member);
  } else {
    Instance::Related& later = target.related[relationship];
    take_out(later.added, owner.object.get());
    later.removed.push_back(owner.object);
  }
}

Instance* SessionState::known_target(const Instance& owner, std::size_t relationship) const {
  const Relationship& about = owner.mapper.relationships[relationship];
  if (about.direction != Direction::many_to_one || about.pairs.size() != about.target->key.size()) {
    return nullptr;
  }
  std::string key;
  for (const std::size_t attribute : about.target->key) {
    const auto pair = std::ranges::find(about.pairs, attribute, [](const auto& each) { return each.second; });
    if (pair == about.pairs.end()) {
      return nullptr;
    }
    append_key(key, owner.value(pair->first));
  }
  const auto known = identity_map_.find(about.target);
  return known == identity_map_.end() ? nullptr : known->second.find(key);
}

}  // namespace greenway::detail
