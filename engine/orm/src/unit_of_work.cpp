// SPDX-License-Identifier: BSL-1.0

// One flush: what has to be written, in the order that foreign keys allow.
//
// What relationships have become is compared with what they were when they were loaded or last written. From that
// follow who is an orphan, which members of foreign keys change, which rows of secondary tables come and go, and who
// has to be inserted before whom. Then class by class, each above those that it refers to, the entities are written.
// Where rows refer to each other in a circle, a key that may be NULL is written by an UPDATE after they have been
// inserted, or before they are deleted: SQLAlchemy's post_update, which nobody has to ask for here.

#include <algorithm>
#include <iterator>
#include <optional>
#include <ranges>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>

#include <greenway/orm/registry.hpp>

#include "changed_relationships.hpp"
#include "entity_key.hpp"
#include "entity_writing.hpp"
#include "key_links.hpp"
#include "session_state.hpp"

namespace greenway::detail {

class UnitOfWork {
 public:
  explicit UnitOfWork(SessionState& session) : session_(session), writer_(session), changes_(session) {}

  void run() {
    release_orphans();
    changes_.find();
    changes_.find_orphans();
    changes_.cascade_deletes();
    links_.emplace(changes_);
    session_.before_writing();
    write();
    remember();
  }

 private:
  using Groups = std::vector<std::pair<const Mapper*, std::vector<Instance*>>>;  // by class

  // What was taken from what it cannot be without, before it was ever written.
  void release_orphans() {
    std::vector<Instance*> orphans;
    for (Instance* const instance : session_.instances_) {
      if (instance->is_orphan && instance->is_pending()) {
        orphans.push_back(instance);
      }
    }
    for (Instance* const orphan : orphans) {
      session_.release(*orphan);
    }
  }

  void write() {
    std::vector<Instance*> all;
    for (Instance* const instance : session_.instances_) {
      if (instance->state != EntityState::deleted) {
        all.push_back(instance);
      }
    }
    const auto rank_of = [](const Instance* instance) {
      return std::pair(instance->mapper.registry, instance->mapper.rank);
    };
    std::ranges::sort(all, {}, [&](const Instance* instance) {
      return std::tuple(instance->mapper.registry, instance->mapper.rank, instance->mapper.number, instance->number);
    });
    std::vector<std::vector<Instance*>> ranks;
    for (auto at = all.begin(); at != all.end();) {
      const auto end =
          std::find_if(at, all.end(), [&](const Instance* other) { return rank_of(other) != rank_of(*at); });
      ranks.emplace_back(at, end);
      at = end;
    }
    for (const std::vector<Instance*>& rank : ranks) {
      insert_all(rank);
      for_each_class(rank, [&](const Mapper& mapper, std::span<Instance* const> some) {
        std::vector<Instance*> kept;
        std::ranges::copy_if(some, std::back_inserter(kept), [](const Instance* instance) {
          return instance->state == EntityState::persistent && !instance->is_to_delete;
        });
        writer_.update(mapper, kept);
      });
    }
    write_links();
    for (auto rank = ranks.rbegin(); rank != ranks.rend(); ++rank) {
      remove_all(*rank);
    }
  }

  // Class by class, each when the rows of no other refer to its own any more.
  void remove_all(std::span<Instance* const> rank) {
    Groups groups;
    for_each_class(rank, [&](const Mapper& mapper, std::span<Instance* const> some) {
      std::vector<Instance*> gone;
      std::ranges::copy_if(some, std::back_inserter(gone),
                           [](const Instance* instance) { return instance->is_to_delete; });
      if (!gone.empty()) {
        groups.emplace_back(&mapper, std::move(gone));
      }
    });
    while (!groups.empty()) {
      auto next = std::ranges::find_if(groups, [&](const auto& group) { return !is_referred_to(group, groups); });
      if (next == groups.end()) {
        if (clear_circle(groups)) {
          continue;
        }
        next = groups.begin();  // which a deferred constraint allows
      }
      writer_.remove(*next->first, std::move(next->second));
      deleted_.insert(next->first);
      groups.erase(next);
    }
  }

  static bool is_referred_to(const Groups::value_type& group, const Groups& groups) {
    return std::ranges::any_of(groups, [&](const auto& other) {
      return std::ranges::any_of(other.first->cyclic_keys, [&](const CyclicKey& key) {
        return key.target == group.first && !referring(key, other.second, group.second).empty();
      });
    });
  }

  // Those of some entities whose rows refer to one of others.
  static std::vector<Instance*> referring(const CyclicKey& key, const std::vector<Instance*>& some,
                                          const std::vector<Instance*>& others) {
    const auto text_of = [](const Instance& instance, auto&& attributes) {
      std::string text;
      for (const std::size_t attribute : attributes) {
        append_key(text, instance.row_value(attribute));
      }
      return text;
    };
    std::set<std::string> referred;
    for (const Instance* const other : others) {
      referred.insert(text_of(*other, std::views::values(key.pairs)));
    }
    std::vector<Instance*> found;
    std::ranges::copy_if(some, std::back_inserter(found), [&](const Instance* instance) {
      return referred.contains(text_of(*instance, std::views::keys(key.pairs)));
    });
    return found;
  }

  // Writes NULL where rows refer to each other; false where that may not be.
  bool clear_circle(const Groups& groups) {
    for (const auto& [mapper, some] : groups) {
      for (const CyclicKey& key : mapper->cyclic_keys) {
        const auto others = std::ranges::find(groups, key.target, &Groups::value_type::first);
        const bool may_be = std::ranges::all_of(
            key.pairs, [&](const auto& pair) { return may_be_null(mapper->attributes[pair.first]); });
        const std::vector<Instance*> found =
            may_be && others != groups.end() ? referring(key, some, others->second) : std::vector<Instance*>();
        for (Instance* const instance : found) {
          for (const std::size_t attribute : std::views::keys(key.pairs)) {
            mapper->attributes[attribute].type->unset(instance->member(attribute));
          }
        }
        if (!found.empty()) {
          writer_.update(*mapper, found);
          return true;
        }
      }
    }
    return false;
  }

  template <class F>
  static void for_each_class(std::span<Instance* const> instances, F&& body) {
    for (auto at = instances.begin(); at != instances.end();) {
      const Mapper& mapper = (*at)->mapper;
      const auto end =
          std::find_if(at, instances.end(), [&](const Instance* other) { return &other->mapper != &mapper; });
      body(mapper, std::span<Instance* const>(at, end));
      at = end;
    }
  }

  // An entity waits for those of its rank whose keys it has; those below have been inserted.
  void insert_all(std::span<Instance* const> rank) {
    std::vector<Instance*> waiting;
    std::ranges::copy_if(rank, std::back_inserter(waiting),
                         [](const Instance* instance) { return instance->is_pending() && !instance->is_to_delete; });
    while (!waiting.empty()) {
      std::vector<Instance*> ready;
      std::vector<Instance*> later;
      std::ranges::partition_copy(waiting, std::back_inserter(ready), std::back_inserter(later),
                                  [&](const Instance* instance) { return links_->is_ready(*instance); });
      if (ready.empty()) {
        links_->break_circle(waiting);
        continue;
      }
      for_each_class(ready,
                     [&](const Mapper& mapper, std::span<Instance* const> some) { writer_.insert(mapper, some); });
      for (const Instance* const instance : ready) {
        links_->has_key(*instance);
      }
      waiting = std::move(later);
    }
  }

  void write_links() {
    for (const auto& [about, owners] : changes_.unlinked()) {
      writer_.unlink_all(*about, owners);
    }
    for (const auto& [about, links] : links_->gone()) {
      writer_.unlink(*about, {links.begin(), links.end()});
    }
    for (const auto& [about, links] : links_->come()) {
      writer_.link(*about, {links.begin(), links.end()});
    }
  }

  // The relationships as they have been written.
  void remember() {
    for (Instance* const instance : session_.instances_) {
      for (std::size_t i = 0; i != instance->related.size(); ++i) {
        Instance::Related& known = instance->related[i];
        Related& member = RelatedAccess::of(*instance, i);
        if (instance->mapper.relationships[i].is_write_only && instance->state == EntityState::persistent) {
          RelatedAccess::forget(member);
          known = {};
          continue;
        }
        known.added.clear();
        known.removed.clear();
        if (!member.is_loaded()) {
          continue;
        }
        std::vector<std::shared_ptr<void>> now = RelatedAccess::items(member);
        if (deleted_.contains(instance->mapper.relationships[i].target)) {
          drop_deleted(member, now);
        }
        const bool is_first = !known.is_loaded;
        if (!is_first && known.items == now) {
          continue;
        }
        known.is_loaded = true;
        known.items = std::move(now);
        const Relationship& about = instance->mapper.relationships[i];
        if (about.points_only) {
          RelatedAccess::point_only(member);
        }
        if (is_first && !about.is_many && instance->is_new && known.items.empty()) {
          RelatedAccess::forget(member);  // a foreign key may say more
          known = {};
        }
      }
    }
  }

  // What is deleted is related to nothing, wherever it was.
  void drop_deleted(Related& member, std::vector<std::shared_ptr<void>>& items) {
    std::erase_if(items, [&](const std::shared_ptr<void>& item) {
      const Instance* const instance = session_.find(item.get());
      const bool is_deleted = instance != nullptr && instance->state == EntityState::deleted;
      if (is_deleted) {
        RelatedAccess::drop(member, item.get());
      }
      return is_deleted;
    });
  }

  SessionState& session_;
  EntityWriter writer_;
  ChangedRelationships changes_;
  std::optional<KeyLinks> links_;    // once they are known
  std::set<const Mapper*> deleted_;  // classes
};

void SessionState::write_changes() { UnitOfWork(*this).run(); }

}  // namespace greenway::detail
