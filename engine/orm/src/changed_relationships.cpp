// SPDX-License-Identifier: BSL-1.0
#include "changed_relationships.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/orm/registry.hpp>

namespace greenway::detail {

namespace {

// Whether the foreign key of a relationship says something.
bool refers(const Instance& owner, std::size_t i) {
  const Relationship& about = owner.mapper.relationships[i];
  return about.direction == Direction::many_to_one &&
         std::ranges::none_of(about.pairs, [&](const auto& pair) { return owner.value(pair.first).is_null(); });
}

bool is_held(const Instance& instance, std::size_t back) {
  const Related& member = RelatedAccess::of(instance, back);
  return member.is_loaded() && !RelatedAccess::items(member).empty();
}

}  // namespace

const Relationship& RelationshipChange::about() const { return owner->mapper.relationships[number]; }

void ChangedRelationships::find() {
  std::vector<Instance*> all;
  Owners replaced;  // what was assigned to before it was loaded
  for (Instance* const instance : session_.instances_) {
    if (instance->related.empty() || instance->state == EntityState::deleted) {
      continue;
    }
    all.push_back(instance);
    for (std::size_t i = 0; i != instance->related.size(); ++i) {
      const Relationship& about = instance->mapper.relationships[i];
      if (about.direction == Direction::one_to_many && !about.is_many && !instance->is_pending() &&
          !instance->related[i].is_loaded && RelatedAccess::of(*instance, i).is_loaded()) {
        replaced[{&instance->mapper, i}].push_back(instance);
      }
    }
  }
  for (const auto& [relationship, owners] : replaced) {
    session_.select_related(*relationship.first, relationship.second, owners);
  }
  std::ranges::sort(all, {}, &Instance::number);
  for (Instance* const instance : all) {
    for (std::size_t i = 0; i != instance->related.size(); ++i) {
      if (RelatedAccess::of(*instance, i).is_loaded()) {
        compare(*instance, i);
      }
    }
  }
}

void ChangedRelationships::compare(Instance& owner, std::size_t i) {
  const std::vector<std::shared_ptr<void>> now = RelatedAccess::items(RelatedAccess::of(owner, i));
  const std::vector<std::shared_ptr<void>>& before = owner.related[i].items;
  const bool is_let_go = now.empty() && !owner.is_pending() && !owner.related[i].is_loaded && refers(owner, i);
  if (now == before && !is_let_go) {
    return;
  }
  RelationshipChange change{&owner, i, only_in(before, now), only_in(now, before), is_let_go};
  changes_.push_back(std::move(change));
}

// Those of the session; what is not saved with its owner need not be.
std::vector<Instance*> ChangedRelationships::only_in(const std::vector<std::shared_ptr<void>>& some,
                               const std::vector<std::shared_ptr<void>>& others) {
  std::vector<const void*> known;
  for (const std::shared_ptr<void>& other : others) {
    known.push_back(other.get());
  }
  std::ranges::sort(known);
  std::vector<Instance*> only;
  for (const std::shared_ptr<void>& item : some) {
    Instance* const instance = std::ranges::binary_search(known, item.get()) ? nullptr : session_.find(item.get());
    if (instance != nullptr && instance->state != EntityState::deleted) {
      only.push_back(instance);
    }
  }
  return only;
}

void ChangedRelationships::find_orphans() {
  std::set<std::pair<const Relationship*, const Instance*>> taken;
  for (const RelationshipChange& change : changes_) {
    for (const Instance* const target : change.added) {
      taken.emplace(&change.about(), target);
    }
  }
  for (const RelationshipChange& change : changes_) {
    const Relationship& about = change.about();
    if (about.cascades.deletes_orphans && about.direction != Direction::many_to_one) {
      for (Instance* const target : change.removed) {
        const bool has_another = about.back && !about.secondary && is_held(*target, *about.back);
        target->is_to_delete = target->is_to_delete || (!has_another && !taken.contains({&about, target}));
      }
    } else if (about.direction == Direction::many_to_one && about.back && change.added.empty() &&
               (change.is_let_go || !change.removed.empty()) &&
               about.target->relationships[*about.back].cascades.deletes_orphans) {
      change.owner->is_to_delete = true;
    }
  }
}

void ChangedRelationships::cascade_deletes() {
  std::vector<Instance*> open;
  for (Instance* const instance : session_.instances_) {
    if (instance->is_to_delete) {
      open.push_back(instance);
    }
  }
  std::ranges::sort(open, {}, &Instance::number);
  std::set<const Instance*> known(open.begin(), open.end());
  while (!open.empty()) {
    Owners owners;
    for (Instance* const instance : open) {
      for (std::size_t i = 0; i != instance->related.size(); ++i) {
        owners[{&instance->mapper, i}].push_back(instance);
      }
    }
    open.clear();
    for (const auto& [relationship, some] : owners) {
      cascade_delete(*relationship.first, relationship.second, some, known, open);
    }
  }
}

void ChangedRelationships::cascade_delete(const Mapper& mapper, std::size_t i, const std::vector<Instance*>& owners,
                                          std::set<const Instance*>& known, std::vector<Instance*>& open) {
  const Relationship& about = mapper.relationships[i];
  if (about.secondary && !about.passive_deletes) {
    unlinked_.emplace_back(&about, std::vector<const Instance*>(owners.begin(), owners.end()));
  }
  const bool is_of_interest = about.cascades.deletes || about.direction == Direction::one_to_many;
  if (!is_of_interest) {
    return;
  }
  if (about.is_write_only && !about.passive_deletes) {
    throw InvalidRequestError(
        "'" + mapper.name + "." + about.name + "' is write-only, and cannot be loaded to delete what " +
        "belongs to an entity, or set it free: leave that to the database, by passive_deletes and an ON "
        "DELETE of the foreign key");
  }
  if (!about.passive_deletes) {
    std::vector<Instance*> unloaded;
    std::ranges::copy_if(owners, std::back_inserter(unloaded),
                         [&](const Instance* owner) { return !RelatedAccess::of(*owner, i).is_loaded(); });
    if (!unloaded.empty()) {
      session_.select_related(mapper, i, unloaded);
    }
  }
  for (Instance* const owner : owners) {
    if (!RelatedAccess::of(*owner, i).is_loaded()) {
      continue;
    }
    for (const std::shared_ptr<void>& item : RelatedAccess::items(RelatedAccess::of(*owner, i))) {
      Instance* const target = session_.find(item.get());
      if (target == nullptr || target->state == EntityState::deleted) {
        continue;
      }
      if (!about.cascades.deletes) {
        cleared_.push_back({target, owner, &about, false});
      } else if (known.insert(target).second) {
        target->is_to_delete = true;
        open.push_back(target);
      }
    }
  }
}

}  // namespace greenway::detail
