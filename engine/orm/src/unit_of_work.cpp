// SPDX-License-Identifier: BSL-1.0

// One flush: what has to be written, in the order that foreign keys allow.

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/orm/registry.hpp>
#include <greenway/sql/dml.hpp>

#include "identity_key.hpp"
#include "session_state.hpp"

namespace greenway::detail {

class UnitOfWork {
 public:
  explicit UnitOfWork(SessionState& session) : session_(session) {}

  void run() {
    cascade_saves();
    cascade_deletes();
    const std::vector<const Mapper*> mappers = in_order();
    for (const Mapper* const mapper : mappers) {
      relate(*mapper);
      insert_all(*mapper);
      update_all(*mapper);
    }
    for (auto mapper = mappers.rbegin(); mapper != mappers.rend(); ++mapper) {
      delete_all(**mapper);
    }
    remember();
  }

 private:
  using Mask = std::vector<bool>;  // of attributes

  static Related& related(const Instance& instance, std::size_t i) {
    return instance.mapper.related(instance.object.get(), i);
  }
  static void copy_key(const Relationship& relationship, const Instance& owner, const Instance& target, bool to_target) {
    for (const auto& [mine, other] : relationship.pairs) {
      const Instance& from = to_target ? owner : target;
      const Instance& to = to_target ? target : owner;
      const std::size_t read = to_target ? mine : other;
      const std::size_t written = to_target ? other : mine;
      to.mapper.attributes[written].type->assign(to.member(written), from.value(read));
    }
  }
  static void clear_key(const Mapper& mapper, const Relationship& relationship, const Instance& instance) {
    for (const auto& [mine, other] : relationship.pairs) {
      const std::size_t attribute = relationship.is_many ? other : mine;
      const Attribute& about = instance.mapper.attributes[attribute];
      if (!about.type->is_optional) {
        throw InvalidRequestError("an entity belongs to no " + mapper.name + " any more, by relationship " + mapper.name + "." +
                                  relationship.name + ", and its column '" + about.column.name() +
                                  "' cannot be NULL: make the member an std::optional, or the cascade \"all, delete-orphan\"");
      }
      about.type->unset(instance.member(attribute));
    }
  }

  // What belongs to an entity of the session is the session's.
  void cascade_saves() {
    std::vector<Instance*> open;
    for (const auto& [object, instance] : session_.instances_) {
      open.push_back(instance.get());
    }
    std::ranges::sort(open, {}, &Instance::number);
    for (std::size_t next = 0; next != open.size(); ++next) {
      const Instance& instance = *open[next];
      for (std::size_t i = 0; i != instance.related.size(); ++i) {
        if (!related(instance, i).is_loaded()) {
          continue;
        }
        for (const std::shared_ptr<void>& item : RelatedAccess::items(related(instance, i))) {
          if (session_.find(item.get()) == nullptr) {
            open.push_back(&session_.attach(*instance.mapper.relationships[i].target, item, false));
          }
        }
      }
    }
  }

  // What belongs to a deleted entity is deleted as well, or set free. Loads it, some hundred at a time.
  void cascade_deletes() {
    std::set<const Instance*> done;
    for (std::map<const Mapper*, std::vector<Instance*>> deleted = to_delete(done); !deleted.empty(); deleted = to_delete(done)) {
      for (const auto& [mapper, owners] : deleted) {
        for (std::size_t i = 0; i != mapper->relationships.size(); ++i) {
          const Relationship& relationship = mapper->relationships[i];
          if (relationship.is_many) {
            cascade_delete(*mapper, i, owners);
          }
        }
        done.insert(owners.begin(), owners.end());
      }
    }
  }

  std::map<const Mapper*, std::vector<Instance*>> to_delete(const std::set<const Instance*>& done) const {
    std::map<const Mapper*, std::vector<Instance*>> all;
    for (const auto& [object, instance] : session_.instances_) {
      if (instance->is_to_delete && !done.contains(instance.get())) {
        all[&instance->mapper].push_back(instance.get());
      }
    }
    return all;
  }

  void cascade_delete(const Mapper& mapper, std::size_t i, const std::vector<Instance*>& owners) {
    const Relationship& relationship = mapper.relationships[i];
    if (!relationship.passive_deletes) {
      std::vector<Instance*> unloaded;
      std::ranges::copy_if(owners, std::back_inserter(unloaded),
                           [&](const Instance* owner) { return !related(*owner, i).is_loaded(); });
      if (!unloaded.empty()) {
        session_.select_related(mapper, i, unloaded);
      }
    }
    for (const Instance* const owner : owners) {
      if (!related(*owner, i).is_loaded()) {
        continue;
      }
      for (const std::shared_ptr<void>& item : RelatedAccess::items(related(*owner, i))) {
        Instance& target = *session_.find(item.get());
        if (relationship.deletes) {
          target.is_to_delete = true;
        } else if (!target.is_to_delete) {
          clear_key(mapper, relationship, target);
        }
      }
    }
  }

  // Each class behind those that it refers to.
  std::vector<const Mapper*> in_order() const {
    std::map<std::string, const Mapper*> by_table;
    std::set<const MetaData*> schemas;
    for (const auto& [object, instance] : session_.instances_) {
      by_table[instance->mapper.table->data().key()] = &instance->mapper;
      schemas.insert(&instance->mapper.registry->metadata());
    }
    std::vector<const Mapper*> order;
    for (const MetaData* const schema : schemas) {
      for (const Table& table : schema->sorted_tables()) {
        if (const auto found = by_table.find(table.data().key()); found != by_table.end()) {
          order.push_back(found->second);
        }
      }
    }
    return order;
  }

  // Gives the members of foreign keys the values that relationships say: those of entities of this class.
  void relate(const Mapper& mapper) {
    std::vector<std::pair<Instance*, std::size_t>> added;  // owners first let go, then take
    for (const auto& [object, owner] : session_.instances_) {
      for (std::size_t i = 0; i != owner->related.size() && !owner->is_to_delete; ++i) {
        const Relationship& relationship = owner->mapper.relationships[i];
        const bool is_about = relationship.is_many ? relationship.target == &mapper : &owner->mapper == &mapper;
        if (is_about && related(*owner, i).is_loaded()) {
          let_go(*owner, i);
          added.emplace_back(owner.get(), i);
        }
      }
    }
    for (const auto& [owner, i] : added) {
      take(*owner, i);
    }
  }

  void let_go(Instance& owner, std::size_t i) {
    const Relationship& relationship = owner.mapper.relationships[i];
    const std::vector<std::shared_ptr<void>> now = RelatedAccess::items(related(owner, i));
    for (const std::shared_ptr<void>& item : owner.related[i].items) {
      Instance* const target = session_.find(item.get());
      if (std::ranges::find(now, item) != now.end() || target == nullptr || target->is_to_delete) {
        continue;
      }
      if (!relationship.is_many) {
        if (now.empty()) {
          clear_key(owner.mapper, relationship, owner);
        }
      } else if (relationship.deletes_orphans) {
        target->is_to_delete = true;
      } else {
        clear_key(owner.mapper, relationship, *target);
      }
    }
  }

  void take(Instance& owner, std::size_t i) {
    const Relationship& relationship = owner.mapper.relationships[i];
    const std::vector<std::shared_ptr<void>>& before = owner.related[i].items;
    for (const std::shared_ptr<void>& item : RelatedAccess::items(related(owner, i))) {
      if (std::ranges::find(before, item) == before.end()) {
        Instance& target = *session_.find(item.get());
        target.is_to_delete = target.is_to_delete && !relationship.deletes_orphans;
        if (!is_waiting(relationship.is_many ? owner : target)) {
          copy_key(relationship, owner, target, relationship.is_many);
        }
      }
    }
  }

  static bool is_waiting(const Instance& instance) { return instance.state == EntityState::pending; }

  // An entity of a class that refers to itself waits for the one that it belongs to.
  bool has_to_wait(const Instance& instance) const {
    for (std::size_t i = 0; i != instance.related.size(); ++i) {
      const Relationship& relationship = instance.mapper.relationships[i];
      if (!relationship.is_many && relationship.target == &instance.mapper && related(instance, i).is_loaded()) {
        for (const auto& item : RelatedAccess::items(related(instance, i))) {
          if (is_waiting(*session_.find(item.get()))) {
            return true;
          }
        }
      }
    }
    return parents_that_wait_.contains(&instance);
  }

  void find_parents_that_wait(const Mapper& mapper) {
    parents_that_wait_.clear();
    for (const auto& [object, owner] : session_.instances_) {
      if (&owner->mapper != &mapper || !is_waiting(*owner)) {
        continue;
      }
      for (std::size_t i = 0; i != owner->related.size(); ++i) {
        if (mapper.relationships[i].is_many && mapper.relationships[i].target == &mapper && related(*owner, i).is_loaded()) {
          for (const auto& item : RelatedAccess::items(related(*owner, i))) {
            parents_that_wait_.insert(session_.find(item.get()));
          }
        }
      }
    }
  }

  void insert_all(const Mapper& mapper) {
    for (;;) {
      std::vector<Instance*> waiting;
      for (const auto& [object, instance] : session_.instances_) {
        if (&instance->mapper == &mapper && is_waiting(*instance)) {
          waiting.push_back(instance.get());
        }
      }
      if (waiting.empty()) {
        return;
      }
      find_parents_that_wait(mapper);
      std::map<Mask, std::vector<Instance*>> groups;
      std::ranges::sort(waiting, {}, &Instance::number);
      for (Instance* const instance : waiting) {
        if (!has_to_wait(*instance)) {
          groups[set_members(*instance)].push_back(instance);
        }
      }
      if (groups.empty()) {
        throw InvalidRequestError("entities of " + mapper.name + " belong to each other in a circle: none can be inserted first");
      }
      for (const auto& [mask, instances] : groups) {
        insert_some(mapper, mask, instances);
      }
      relate(mapper);  // those that had to wait
    }
  }

  // Which members an INSERT says.
  static Mask set_members(const Instance& instance) {
    Mask mask;
    for (std::size_t i = 0; i != instance.mapper.attributes.size(); ++i) {
      const Attribute& attribute = instance.mapper.attributes[i];
      mask.push_back(!attribute.has_default || !attribute.type->is_unset(instance.member(i)));
    }
    return mask;
  }

  void insert_some(const Mapper& mapper, const Mask& mask, const std::vector<Instance*>& instances) {
    std::vector<std::size_t> made;  // by the database; or the key, so that there is an answer
    std::vector<Selected> returned;
    for (std::size_t i = 0; i != mask.size(); ++i) {
      if (!mask[i]) {
        made.push_back(i);
        returned.emplace_back(mapper.attributes[i].column);
      }
    }
    if (returned.empty()) {
      returned.emplace_back(mapper.attributes[mapper.key.front()].column);
    }
    std::vector<Parameters> sets;
    sets.reserve(instances.size());
    for (const Instance* const instance : instances) {
      Parameters set;
      for (std::size_t i = 0; i != mask.size(); ++i) {
        if (mask[i]) {
          set.add(mapper.attributes[i].column.name(), instance->value(i));
        }
      }
      sets.push_back(std::move(set));
    }
    const Insert insert = greenway::insert(*mapper.table).returning(returned);
    Result result = session_.connection().execute(insert, rows(std::move(sets)));
    for (Instance* const instance : instances) {
      const std::optional<Row> row = result.fetchone();
      if (!row) {
        throw StaleDataError("INSERT into table '" + mapper.table->data().name + "' returned fewer rows than it was given");
      }
      for (std::size_t i = 0; i != made.size(); ++i) {
        mapper.attributes[made[i]].type->read(instance->member(made[i]), *row, i);
      }
      instance->generated = made;
      become_persistent(*instance);
    }
  }

  void become_persistent(Instance& instance) {
    instance.state = EntityState::persistent;
    instance.is_new = true;
    instance.key = session_.key_of(instance);
    write_down(instance);
    if (!session_.identity_map_[&instance.mapper].emplace(instance.key, &instance).second) {
      throw InvalidRequestError("New instance of " + instance.mapper.name +
                                " with its primary key conflicts with a persistent instance of this Session");
    }
  }

  void update_all(const Mapper& mapper) {
    std::vector<Instance*> changed;
    for (const auto& [object, instance] : session_.instances_) {
      if (&instance->mapper == &mapper && instance->state == EntityState::persistent && !instance->is_to_delete) {
        changed.push_back(instance.get());
      }
    }
    std::ranges::sort(changed, {}, &Instance::key);  // so that two sessions lock rows in the same order
    for (Instance* const instance : changed) {
      Assignments set;
      for (std::size_t i = 0; i != mapper.attributes.size(); ++i) {
        if (!instance->is_unchanged(i)) {
          refuse_new_key(mapper, i);
          set.emplace_back(mapper.attributes[i].column.name(), instance->value(i));
        }
      }
      if (!set.empty()) {
        update_one(*instance, set);
      }
    }
  }

  static void refuse_new_key(const Mapper& mapper, std::size_t attribute) {
    if (std::ranges::find(mapper.key, attribute) != mapper.key.end()) {
      throw InvalidRequestError("a member of the primary key of " + mapper.name +
                                " was changed: delete the entity, and add another one");
    }
  }

  void update_one(Instance& instance, const Assignments& set) {
    const Mapper& mapper = instance.mapper;
    if (!instance.before && !instance.is_new) {
      instance.before = instance.row_values();
    }
    Update update = greenway::update(*mapper.table).values(set);
    for (const std::size_t attribute : mapper.key) {
      update = update.where(mapper.attributes[attribute].column == instance.value(attribute));
    }
    std::vector<std::size_t> made;
    std::vector<Selected> returned;
    for (std::size_t i = 0; i != mapper.attributes.size(); ++i) {
      const Column::Data& about = mapper.attributes[i].column.data();
      if ((about.onupdate_value || about.computed) && instance.is_unchanged(i)) {
        made.push_back(i);
        returned.emplace_back(mapper.attributes[i].column);
      }
    }
    Result result = session_.connection().execute(returned.empty() ? update : update.returning(returned));
    const std::optional<Row> row = returned.empty() ? std::nullopt : result.fetchone();
    check_rowcount("UPDATE", mapper, 1, result.rowcount());
    for (std::size_t i = 0; i != made.size(); ++i) {
      mapper.attributes[made[i]].type->read(instance.member(made[i]), *row, i);
    }
    write_down(instance);
  }

  void delete_all(const Mapper& mapper) {
    std::vector<Instance*> gone;
    for (const auto& [object, instance] : session_.instances_) {
      if (&instance->mapper == &mapper && instance->is_to_delete) {
        gone.push_back(instance.get());
      }
    }
    if (gone.empty()) {
      return;
    }
    std::ranges::sort(gone, {}, &Instance::key);
    std::vector<std::vector<Value>> keys;
    for (const Instance* const instance : gone) {
      std::vector<Value>& key = keys.emplace_back();
      for (const std::size_t attribute : mapper.key) {
        key.push_back(instance->value(attribute));
      }
    }
    const Delete statement = delete_(*mapper.table).where(mapper.is_among(mapper.key, keys));
    const Result result = session_.connection().execute(statement);
    check_rowcount("DELETE", mapper, static_cast<std::int64_t>(gone.size()), result.rowcount());
    for (Instance* const instance : gone) {
      instance->is_to_delete = false;
      instance->state = EntityState::deleted;
      session_.identity_map_[&mapper].erase(instance->key);
    }
  }

  static void check_rowcount(const char* what, const Mapper& mapper, std::int64_t expected, std::int64_t met) {
    if (met != expected) {
      throw StaleDataError(std::string(what) + " statement on table '" + mapper.table->data().name + "' expected to match " +
                           std::to_string(expected) + " row(s); " + std::to_string(met) + " were matched.");
    }
  }

  static void write_down(Instance& instance) {
    instance.loaded.reset();
    instance.written.clear();
    for (std::size_t i = 0; i != instance.mapper.attributes.size(); ++i) {
      instance.written.push_back(instance.value(i));
    }
  }

  // The relationships as they have been written.
  void remember() {
    for (const auto& [object, instance] : session_.instances_) {
      for (std::size_t i = 0; i != instance->related.size(); ++i) {
        Related& member = related(*instance, i);
        if (!member.is_loaded()) {
          continue;
        }
        const Relationship& relationship = instance->mapper.relationships[i];
        instance->related[i] = {true, RelatedAccess::items(member)};
        if (relationship.points_only) {
          RelatedAccess::point_only(member);
        }
        if (!relationship.is_many && instance->is_new && instance->related[i].items.empty()) {
          RelatedAccess::forget(member);  // a foreign key may say more
        }
      }
    }
  }

  SessionState& session_;
  std::set<const Instance*> parents_that_wait_;  // entities whose parents wait to be inserted
};

void SessionState::flush() {
  check_usable();
  if (is_flushing_) {
    return;
  }
  is_flushing_ = true;
  try {
    UnitOfWork(*this).run();
  } catch (...) {
    is_flushing_ = false;
    has_failed_ = true;
    throw;
  }
  is_flushing_ = false;
}

void SessionState::autoflush() {
  if (options_.autoflush && no_autoflush_ == 0 && !is_flushing_) {
    flush();
  }
}

}  // namespace greenway::detail
