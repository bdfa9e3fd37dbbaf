// SPDX-License-Identifier: BSL-1.0

// One flush: what has to be written, in the order that foreign keys allow.
//
// What relationships have become is compared with what they were when they were loaded or last written. From that
// follow who is an orphan, which members of foreign keys change, which rows of secondary tables come and go, and who
// has to be inserted before whom. Then class by class, each above those that it refers to, the entities are written.
// Where rows refer to each other in a circle, a key that may be NULL is written by an UPDATE after they have been
// inserted, or before they are deleted: SQLAlchemy's post_update, which nobody has to ask for here.

#include <algorithm>
#include <map>
#include <ranges>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/orm/registry.hpp>

#include "entity_key.hpp"
#include "entity_writing.hpp"
#include "session_state.hpp"

namespace greenway::detail {

class UnitOfWork {
 public:
  explicit UnitOfWork(SessionState& session) : session_(session), writer_(session) {}

  void run() {
    release_orphans();
    find_changes();
    find_orphans();
    cascade_deletes();
    relate();
    session_.before_writing();
    write();
    remember();
  }

 private:
  /// What a relationship of an entity has become.
  struct Change {
    Instance* owner;
    std::size_t number;
    std::vector<Instance*> removed;
    std::vector<Instance*> added;
    bool is_let_go = false;  // from whatever the foreign key says: it was not loaded

    [[nodiscard]] const Relationship& about() const { return owner->mapper.relationships[number]; }
  };
  /// The one has the other's key.
  struct Link {
    Instance* holder;
    Instance* referred;
    const Relationship* about;
    bool is_holders;  // the relationship is the holder's
  };
  using Pairs = std::map<const Relationship*, std::set<std::pair<const Instance*, const Instance*>>>;
  using Groups = std::vector<std::pair<const Mapper*, std::vector<Instance*>>>;            // by class
  using Owners = std::map<std::pair<const Mapper*, std::size_t>, std::vector<Instance*>>;  // by relationship

  static Related& related(const Instance& instance, std::size_t i) {
    return instance.mapper.related(instance.object.get(), i);
  }
  static bool is_pending(const Instance& instance) noexcept { return instance.state == EntityState::pending; }

  // What was taken from what it cannot be without, before it was ever written.
  void release_orphans() {
    std::vector<Instance*> orphans;
    for (Instance* const instance : session_.instances_) {
      if (instance->is_orphan && is_pending(*instance)) {
        orphans.push_back(instance);
      }
    }
    for (Instance* const orphan : orphans) {
      session_.release(*orphan);
    }
  }

  void find_changes() {
    std::vector<Instance*> all;
    Owners replaced;  // what was assigned to before it was loaded
    for (Instance* const instance : session_.instances_) {
      if (instance->related.empty() || instance->state == EntityState::deleted) {
        continue;
      }
      all.push_back(instance);
      for (std::size_t i = 0; i != instance->related.size(); ++i) {
        const Relationship& about = instance->mapper.relationships[i];
        if (about.direction == Direction::one_to_many && !about.is_many && !is_pending(*instance) &&
            !instance->related[i].is_loaded && related(*instance, i).is_loaded()) {
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
        if (related(*instance, i).is_loaded()) {
          compare(*instance, i);
        }
      }
    }
  }

  void compare(Instance& owner, std::size_t i) {
    const std::vector<std::shared_ptr<void>> now = RelatedAccess::items(related(owner, i));
    const std::vector<std::shared_ptr<void>>& before = owner.related[i].items;
    const bool is_let_go = now.empty() && !is_pending(owner) && !owner.related[i].is_loaded && refers(owner, i);
    if (now == before && !is_let_go) {
      return;
    }
    Change change{&owner, i, only_in(before, now), only_in(now, before), is_let_go};
    changes_.push_back(std::move(change));
  }

  // Whether the foreign key of a relationship says something.
  static bool refers(const Instance& owner, std::size_t i) {
    const Relationship& about = owner.mapper.relationships[i];
    return about.direction == Direction::many_to_one &&
           std::ranges::none_of(about.pairs, [&](const auto& pair) { return owner.value(pair.first).is_null(); });
  }

  // Those of the session; what is not saved with its owner need not be.
  std::vector<Instance*> only_in(const std::vector<std::shared_ptr<void>>& some,
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

  void find_orphans() {
    std::set<std::pair<const Relationship*, const Instance*>> taken;
    for (const Change& change : changes_) {
      for (const Instance* const target : change.added) {
        taken.emplace(&change.about(), target);
      }
    }
    for (const Change& change : changes_) {
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

  static bool is_held(const Instance& instance, std::size_t back) {
    return related(instance, back).is_loaded() && !RelatedAccess::items(related(instance, back)).empty();
  }

  // What belongs to a deleted entity is deleted as well, or set free. Loads it, some hundred at a time.
  void cascade_deletes() {
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

  void cascade_delete(const Mapper& mapper, std::size_t i, const std::vector<Instance*>& owners,
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
                           [&](const Instance* owner) { return !related(*owner, i).is_loaded(); });
      if (!unloaded.empty()) {
        session_.select_related(mapper, i, unloaded);
      }
    }
    for (Instance* const owner : owners) {
      if (!related(*owner, i).is_loaded()) {
        continue;
      }
      for (const std::shared_ptr<void>& item : RelatedAccess::items(related(*owner, i))) {
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

  // Members of foreign keys, as far as what they refer to has its key already; and rows of secondary tables.
  void relate() {
    for (const Change& change : changes_) {
      const Relationship& about = change.about();
      const bool is_holders = about.direction == Direction::many_to_one;
      for (Instance* const target : change.removed) {
        if (about.secondary) {
          note_link(change, *target, gone_);
        } else if (!is_holders || change.added.empty()) {
          cleared_.push_back(
              {is_holders ? change.owner : target, is_holders ? target : change.owner, &about, is_holders});
        }
      }
      if (change.is_let_go) {
        cleared_.push_back({change.owner, nullptr, &about, true});
      }
      for (Instance* const target : change.added) {
        if (about.secondary) {
          note_link(change, *target, come_);
        } else {
          links_.push_back(
              {is_holders ? change.owner : target, is_holders ? target : change.owner, &about, is_holders});
        }
      }
    }
    std::set<std::pair<const Instance*, std::size_t>> linked;
    for (const Link& link : links_) {
      for (const auto& [mine, other] : link.about->pairs) {
        linked.emplace(link.holder, link.is_holders ? mine : other);
      }
    }
    for (const Link& link : cleared_) {
      const auto& first = link.about->pairs.front();
      if (!link.holder->is_to_delete && !linked.contains({link.holder, link.is_holders ? first.first : first.second})) {
        clear_key(link);
      }
    }
    for (std::size_t i = 0; i != links_.size(); ++i) {
      const Link& link = links_[i];
      if (link.holder->is_to_delete) {
        continue;
      }
      if (is_pending(*link.referred)) {
        waiting_.emplace(link.referred, i);
        ++waits_for_[link.holder];
      } else {
        copy_key(link);
      }
    }
  }

  // Both sides of a relationship say the same: one is written.
  static void note_link(const Change& change, const Instance& target, Pairs& links) {
    const Relationship& about = change.about();
    if (change.owner->is_to_delete || target.is_to_delete) {
      return;
    }
    if (about.back && about.points_only) {
      links[&about.target->relationships[*about.back]].emplace(&target, change.owner);
    } else {
      links[&about].emplace(change.owner, &target);
    }
  }

  static void copy_key(const Link& link) {
    for (const auto& [mine, other] : link.about->pairs) {
      const std::size_t written = link.is_holders ? mine : other;
      const std::size_t read = link.is_holders ? other : mine;
      link.holder->mapper.attributes[written].type->assign(link.holder->member(written), link.referred->value(read));
      if (is_pending(*link.holder) || link.holder->is_new) {
        link.holder->own_rest().generated.push_back(written);
      }
    }
  }

  static void clear_key(const Link& link) {
    for (const auto& [mine, other] : link.about->pairs) {
      const std::size_t attribute = link.is_holders ? mine : other;
      const Attribute& about = link.holder->mapper.attributes[attribute];
      if (!about.type->is_optional) {
        const std::string& holder = link.holder->mapper.name;
        const std::string& referred = link.is_holders ? link.about->target->name : link.referred->mapper.name;
        throw InvalidRequestError(
            "an entity belongs to no " + referred + " any more, by relationship " +
            (link.is_holders ? holder : referred) + "." + link.about->name + ", and its column '" +
            about.column.name() +
            "' cannot be NULL: make the member an std::optional, or the cascade \"all, delete-orphan\"");
      }
      about.type->unset(link.holder->member(attribute));
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
                         [](const Instance* instance) { return is_pending(*instance) && !instance->is_to_delete; });
    while (!waiting.empty()) {
      std::vector<Instance*> ready;
      std::vector<Instance*> later;
      for (Instance* const instance : waiting) {
        const auto waits = waits_for_.find(instance);
        (waits == waits_for_.end() || waits->second == 0 ? ready : later).push_back(instance);
      }
      if (ready.empty()) {
        break_circle(waiting);
        continue;
      }
      for_each_class(ready,
                     [&](const Mapper& mapper, std::span<Instance* const> some) { writer_.insert(mapper, some); });
      for (const Instance* const instance : ready) {
        const auto [first, last] = waiting_.equal_range(instance);
        for (auto link = first; link != last; ++link) {
          copy_key(links_[link->second]);
          if (!broken_.contains(link->second)) {
            --waits_for_[links_[link->second].holder];
          }
        }
      }
      waiting = std::move(later);
    }
  }

  // Lets a key that may be NULL wait until all of them have been inserted.
  void break_circle(const std::vector<Instance*>& waiting) {
    std::set<const Instance*> circle(waiting.begin(), waiting.end());
    const auto is_in_it = [&](const Link& link) {
      return circle.contains(link.holder) && circle.contains(link.referred);
    };
    for (bool shrinks = true; shrinks;) {  // whom nobody waits for only comes behind it
      std::set<const Instance*> referred;
      for (const auto& [instance, link] : waiting_) {
        if (is_in_it(links_[link])) {
          referred.insert(instance);
        }
      }
      shrinks = std::erase_if(circle, [&](const Instance* instance) { return !referred.contains(instance); }) != 0;
    }
    const auto is_open = [&](std::size_t i) { return !broken_.contains(i) && is_in_it(links_[i]); };
    const auto all = std::views::iota(std::size_t(0), links_.size());
    const auto first = std::ranges::find_if(all, [&](std::size_t i) { return is_open(i) && may_be_null(links_[i]); });
    if (first == all.end()) {
      throw InvalidRequestError(
          "entities of " + waiting.front()->mapper.name +
          " belong to each other in a circle: none can be inserted first, since no foreign key of it "
          "may be NULL; make the member of one an std::optional");
    }
    for (const std::size_t i : all) {
      if (is_open(i) && key_of(links_[i]) == key_of(links_[*first])) {
        broken_.insert(i);
        --waits_for_[links_[i].holder];
      }
    }
  }

  // Both sides of a relationship have the same one.
  static std::pair<const Mapper*, std::size_t> key_of(const Link& link) {
    const auto& [mine, other] = link.about->pairs.front();
    return {&link.holder->mapper, link.is_holders ? mine : other};
  }

  static bool may_be_null(const Link& link) {
    return std::ranges::all_of(link.about->pairs, [&](const auto& pair) {
      return may_be_null(link.holder->mapper.attributes[link.is_holders ? pair.first : pair.second]);
    });
  }
  static bool may_be_null(const Attribute& attribute) {
    return attribute.type->is_optional && attribute.column.data().is_nullable();
  }

  void write_links() {
    for (const auto& [about, owners] : unlinked_) {
      writer_.unlink_all(*about, owners);
    }
    for (const auto& [about, links] : gone_) {
      writer_.unlink(*about, {links.begin(), links.end()});
    }
    for (const auto& [about, links] : come_) {
      writer_.link(*about, {links.begin(), links.end()});
    }
  }

  // The relationships as they have been written.
  void remember() {
    for (Instance* const instance : session_.instances_) {
      for (std::size_t i = 0; i != instance->related.size(); ++i) {
        Instance::Related& known = instance->related[i];
        Related& member = related(*instance, i);
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
  std::set<const Mapper*> deleted_;  // classes
  std::vector<Change> changes_;
  std::vector<Link> links_;
  std::vector<Link> cleared_;
  std::unordered_multimap<const Instance*, std::size_t> waiting_;  // links, by what they wait for
  std::unordered_map<const Instance*, std::size_t> waits_for_;     // how many, by who waits
  std::set<std::size_t> broken_;                                   // links that nobody waits for
  Pairs come_;
  Pairs gone_;
  std::vector<std::pair<const Relationship*, std::vector<const Instance*>>> unlinked_;
};

void SessionState::write_changes() { UnitOfWork(*this).run(); }

}  // namespace greenway::detail
