// SPDX-License-Identifier: BSL-1.0

// What belongs to entities, by statements of its own: when it is touched, or with them.

#include <algorithm>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/base/log.hpp>
#include <greenway/runtime/bridge.hpp>
#include <greenway/sql/select.hpp>

#include "entity_key.hpp"
#include "session_state.hpp"

namespace greenway::detail {

namespace {

constexpr std::size_t keys_a_select = 500;  // SQLAlchemy's

/// What relates owners to their targets: the owners' attributes, and the columns that say the same of a target; those
/// of a secondary table are selected besides the target's own.
struct LinkColumns {
  explicit LinkColumns(const Relationship& about) : about_(about) {
    for (const auto& [mine, other] : about.pairs) {
      mine_.push_back(mine);
      columns_.push_back(about.target->attributes[other].column);
    }
    for (const auto& [mine, column] : about.owner_pairs) {
      mine_.push_back(mine);
      columns_.push_back(column);
    }
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
  static std::string key(const std::vector<Value>& values) {
    std::string key;
    for (const Value& value : values) {
      append_key(key, value);
    }
    return key;
  }
  [[nodiscard]] std::string key(const EntityQuery& query, const Row& row) const {
    std::string key;
    for (const auto& [mine, other] : about_.pairs) {
      append_key(key, row.get<Value>(query.entities.front().column(other)));
    }
    for (const std::size_t column : query.columns) {
      append_key(key, row.get<Value>(column));
    }
    return key;
  }
  [[nodiscard]] std::vector<ColumnElement> besides() const {
    return about_.secondary ? columns_ : std::vector<ColumnElement>();
  }
  /// Selects the targets, in their order.
  [[nodiscard]] Select targets(const std::vector<std::vector<Value>>& wanted, bool is_lazy) const {
    Select select = *about_.target->select_all;
    if (about_.secondary) {
      std::vector<ColumnElement> on;
      for (const auto& [attribute, column] : about_.target_pairs) {
        on.push_back(about_.target->attributes[attribute].column == column);
      }
      select = select.join(*about_.secondary, and_(on));
    }
    if (!is_lazy) {
      select = std::move(select).where(is_among(columns_, wanted));
    }
    for (std::size_t i = 0; i != columns_.size() && is_lazy; ++i) {
      select = std::move(select).where(columns_[i] == wanted.front()[i]);
    }
    for (const ColumnElement& element : about_.order_by) {
      select = select.order_by(element);
    }
    return select;
  }

  const Relationship& about_;
  std::vector<std::size_t> mine_;
  std::vector<ColumnElement> columns_;
};

std::string option_for(const Mapper& mapper, std::size_t relationship) {
  return ".options(selectinload(&" + mapper.name + "::" + mapper.relationships[relationship].name + "))";
}

/// That leaves out all that need not be known of an entity whose attribute is loaded.
std::shared_ptr<LoadPlan> plan_for(const Instance& instance, std::size_t attribute) {
  if (instance.is_stale) {
    std::shared_ptr<LoadPlan> plan = mapped_plan(instance.mapper);
    plan->deferred[attribute] = false;
    return plan;
  }
  auto plan = std::make_shared<LoadPlan>();
  plan->deferred.resize(instance.mapper.attributes.size(), true);
  plan->deferred[attribute] = false;
  for (const std::size_t part : instance.mapper.key) {
    plan->deferred[part] = false;
  }
  return plan;
}

}  // namespace

void SessionState::load_related(Instance& owner, std::size_t relationship, bool is_asked_for) {
  const Mapper& mapper = owner.mapper;
  const Relationship& about = mapper.relationships[relationship];
  const LoadPlan* const plan = owner.rest().plan.get();
  const bool is_implicit = !is_flushing_ && !is_asked_for;
  const LazyLoad how = !is_implicit ? LazyLoad::select : how_to_load(mapper, relationship, plan);
  const std::string name = mapper.name + "." + about.name;
  if (about.is_write_only) {
    throw InvalidRequestError("'" + name + "' is write-only, and never loaded: ask for what is in it by its select()");
  }
  if (how == LazyLoad::raise) {
    throw InvalidRequestError("'" + name + "' is not available due to lazy='raise'");
  }
  const SessionUse use(*this);
  check_usable();
  const LoadPlan::Branch* const branch = plan == nullptr ? nullptr : plan->find(relationship);
  RelatedSelect select{branch != nullptr ? branch->plan : mapped_plan(*about.target), false, true};
  const Instance* const known = known_target(owner, relationship);
  if (!LinkColumns(about).values(owner).empty() && (known == nullptr || known->is_stale)) {
    if (how == LazyLoad::raise_on_sql) {
      throw InvalidRequestError("'" + name + "' is not available due to lazy='raise_on_sql'");
    }
    check_may_load(mapper, about.name, option_for(mapper, relationship), is_implicit);
    autoflush();
    if (is_implicit) {
      note_lazy_load(owner, relationship);
    }
  }
  select_related(mapper, relationship, {&owner}, select);
}

void SessionState::check_may_load(const Mapper& mapper, const std::string& name, const std::string& option,
                                  bool is_implicit) const {
  if (options_.no_implicit_io && is_implicit) {
    throw InvalidRequestError("loading '" + mapper.name + "." + name +
                              "' takes a statement, which this Session sends for nobody that does not ask for it "
                              "(no_implicit_io): load it with its entity by " +
                              option);
  }
  if (facade_ == Facade::async && !in_greenlet()) {
    throw MissingGreenlet("loading " + mapper.name + "::" + name + " needs a greenlet: load it with its entity by " +
                          option + ", or run what touches it with AsyncSession::run_sync()");
  }
}

void SessionState::load_deferred(Instance& owner, std::size_t attribute, bool is_asked_for) {
  const Mapper& mapper = owner.mapper;
  const std::string& name = mapper.attributes[attribute].column.name();
  const SessionUse use(*this);
  check_usable();
  check_may_load(mapper, name, ".options(undefer(&" + mapper.name + "::" + name + "))", !is_flushing_ && !is_asked_for);
  autoflush();
  std::vector<Value> key;
  for (const std::size_t part : mapper.key) {
    key.push_back(owner.row_value(part));
  }
  EntityQuery query(select_by(mapper, key), mapper, plan_for(owner, attribute));
  const std::optional<Row> row = connection().execute(query.select).first();
  if (!row) {
    throw InvalidRequestError("Could not load '" + mapper.name + "." + name + "': the row of its entity is gone");
  }
  query.entities.front().read(*this, *row);
  query.entities.front().finish(*this);
}

void SessionState::note_lazy_load(const Instance& owner, std::size_t relationship) {
  const Relationship* const about = &owner.mapper.relationships[relationship];
  if (options_.warn_lazy_loads != 0 && owner.result != 0 &&
      ++lazy_loads_[{owner.result, about}] == options_.warn_lazy_loads + 1) {
    log(LogLevel::warning, "greenway.orm",
        "'" + owner.mapper.name + "." + about->name + "' has been loaded by touching it for more than " +
            std::to_string(options_.warn_lazy_loads) +
            " entities of one result, with a statement for each: load it with them by " +
            option_for(owner.mapper, relationship));
  }
}

void SessionState::load_branches(const Mapper& mapper, const LoadPlan& plan, const std::vector<Instance*>& owners,
                                 bool overwrites) {
  for (const LoadPlan::Branch& branch : plan.branches) {
    const RelatedSelect how{branch.plan, overwrites, false};
    if (branch.how == LazyLoad::immediate) {
      for (Instance* const owner : owners) {
        if (overwrites || !owner->related[branch.relationship].is_loaded) {
          select_related(mapper, branch.relationship, {owner}, {branch.plan, overwrites, true});
        }
      }
    } else if (branch.how == LazyLoad::selectin || branch.how == LazyLoad::joined) {
      // As SQLAlchemy does, of all of them, whether it is loaded or not: who asks for it wants to know what is there.
      std::vector<Instance*> level = owners;
      if (branch.how == LazyLoad::joined) {
        // Those that came with no row of this statement: the session had them.
        std::erase_if(level, [&](const Instance* owner) { return owner->related[branch.relationship].is_loaded; });
      }
      std::unordered_set<const Instance*> done;
      for (int depth = branch.depth; depth != 0 && !level.empty(); --depth) {
        std::erase_if(level, [&](const Instance* owner) { return !done.insert(owner).second; });
        level = select_related(mapper, branch.relationship, level, how);
        if (mapper.relationships[branch.relationship].target != &mapper) {
          break;
        }
      }
    }
  }
}

std::vector<Instance*> SessionState::select_related(const Mapper& mapper, std::size_t relationship,
                                                    const std::vector<Instance*>& owners, const RelatedSelect& how) {
  const Relationship& about = mapper.relationships[relationship];
  const Mapper& target = *about.target;
  const Arrivals arrivals(*this, arrivals_);
  const LinkColumns links(about);
  std::unordered_map<std::string, std::vector<std::shared_ptr<void>>> found;  // by what relates them
  std::vector<Instance*> targets;
  std::vector<std::vector<Value>> wanted;
  for (const Instance* const owner : owners) {
    std::vector<Value> parts = links.values(*owner);
    const auto [items, is_new] = found.try_emplace(LinkColumns::key(parts));
    if (parts.empty() || !is_new) {
      continue;
    }
    // What the session has needs no statement.
    if (Instance* const known = known_target(*owner, relationship);
        known != nullptr && !known->is_stale && !how.overwrites) {
      items->second.push_back(known->object);
      targets.push_back(known);
    } else {
      wanted.push_back(std::move(parts));
    }
  }
  if (how.plan != nullptr && !targets.empty()) {
    load_branches(target, *how.plan, targets, false);
  }
  for (std::size_t first = 0; first < wanted.size(); first += keys_a_select) {
    const auto begin = wanted.begin() + static_cast<std::ptrdiff_t>(first);
    const auto count = std::min(keys_a_select, wanted.size() - first);
    const Select select = links.targets({begin, begin + static_cast<std::ptrdiff_t>(count)}, how.is_lazy);
    EntityQuery query(select, target, how.plan, links.besides());
    EntityColumns& columns = query.entities.front();
    columns.overwrites = how.overwrites;
    std::set<std::pair<std::string, const Instance*>> seen;
    for (const Row& row : connection().execute(query.select)) {
      Instance* const instance = columns.read(*this, row);
      std::string link = links.key(query, row);
      if (query.needs_unique && !seen.emplace(link, instance).second) {
        continue;  // once more, with something else that was joined to it
      }
      found[std::move(link)].push_back(instance->object);
      targets.push_back(instance);
    }
    columns.finish(*this);
  }
  for (Instance* const owner : owners) {
    fill(*owner, relationship, found[LinkColumns::key(links.values(*owner))], how.overwrites);
  }
  return targets;
}

}  // namespace greenway::detail
