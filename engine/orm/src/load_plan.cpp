// SPDX-License-Identifier: BSL-1.0
#include "load_plan.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <greenway/base/error.hpp>

namespace greenway {

namespace detail {

std::size_t relationship_at(const Mapper& mapper, std::size_t offset) {
  if (const std::optional<std::size_t> found = mapper.find_relationship(offset)) {
    return *found;
  }
  throw InvalidRequestError("a member of class '" + mapper.name + "' is not mapped as a relationship");
}

std::size_t attribute_at(const Mapper& mapper, std::size_t offset) {
  if (const std::optional<std::size_t> found = mapper.find(offset)) {
    return *found;
  }
  throw InvalidRequestError("a member of class '" + mapper.name + "' is not mapped to a column");
}

LazyLoad lazy_load_of(const std::string& name) {
  static const std::pair<const char*, LazyLoad> names[] = {
      {"select", LazyLoad::select},       {"selectin", LazyLoad::selectin}, {"joined", LazyLoad::joined},
      {"immediate", LazyLoad::immediate}, {"raise", LazyLoad::raise},       {"raise_on_sql", LazyLoad::raise_on_sql}};
  const auto* const found =
      std::ranges::find(names, name, [](const auto& known) { return std::string_view(known.first); });
  if (found == std::end(names)) {
    throw ArgumentError("lazy='" + name + "' is none of select, selectin, joined, immediate, raise, raise_on_sql");
  }
  return found->second;
}

namespace {

using Trail = std::vector<const Relationship*>;

bool is_eager(LazyLoad how) noexcept {
  return how == LazyLoad::selectin || how == LazyLoad::joined || how == LazyLoad::immediate;
}

// A class that leads back to itself is not followed a second time.
std::shared_ptr<LoadPlan> mapped_plan(const Mapper& mapper, Trail& trail) {
  std::shared_ptr<LoadPlan> plan;
  if (!mapper.deferred.empty()) {
    plan = std::make_shared<LoadPlan>();
    plan->deferred.resize(mapper.attributes.size());
    for (const std::size_t attribute : mapper.deferred) {
      plan->deferred[attribute] = true;
    }
  }
  for (std::size_t i = 0; i != mapper.relationships.size(); ++i) {
    const Relationship& relationship = mapper.relationships[i];
    if (!is_eager(relationship.lazy) || std::ranges::find(trail, &relationship) != trail.end()) {
      continue;
    }
    trail.push_back(&relationship);
    plan = plan != nullptr ? plan : std::make_shared<LoadPlan>();
    plan->branches.push_back({i, relationship.lazy, false, 1, mapped_plan(*relationship.target, trail)});
    trail.pop_back();
  }
  return plan;
}

// Without a key an entity is not found again; by a foreign key that is not there nothing is loaded, or set.
bool is_always_loaded(const Mapper& mapper, std::size_t attribute) {
  return mapper.attributes[attribute].column.data().primary_key || mapper.attributes[attribute].is_foreign_key;
}

void choose_columns(const LoadStep& step, LoadPlan& plan) {
  const bool defers = step.columns == LoadStep::Columns::defer;
  if (!std::exchange(plan.is_chosen, true)) {
    plan.deferred.resize(step.mapper->attributes.size());
    for (std::size_t i = 0; i != plan.deferred.size() && step.columns == LoadStep::Columns::only; ++i) {
      plan.deferred[i] = !is_always_loaded(*step.mapper, i);
    }
  }
  for (const std::size_t attribute : step.attributes) {
    plan.deferred[attribute] = defers && !is_always_loaded(*step.mapper, attribute);
  }
}

LoadPlan& follow(const LoadStep& step, LoadPlan& plan) {
  auto branch = std::ranges::find(plan.branches, *step.relationship, &LoadPlan::Branch::relationship);
  if (branch == plan.branches.end()) {
    const Relationship& relationship = step.mapper->relationships[*step.relationship];
    plan.branches.push_back({*step.relationship, relationship.lazy, false, 1, mapped_plan(*relationship.target)});
    branch = plan.branches.end() - 1;
  }
  if (step.how != LazyLoad::mapped) {
    branch->how = step.how;
    branch->is_inner = step.is_inner;
    branch->depth = step.depth;
  }
  if (branch->plan == nullptr) {
    branch->plan = std::make_shared<LoadPlan>();
  }
  return *branch->plan;
}

void add_path(const Mapper& mapper, const std::vector<LoadStep>& path, LoadPlan& root) {
  LoadPlan* plan = &root;
  const Mapper* at = &mapper;
  for (const LoadStep& step : path) {
    if (step.mapper != at) {
      throw ArgumentError("a loader option is about class " + step.mapper->name + ", not " + at->name);
    }
    if (step.columns != LoadStep::Columns::none) {
      choose_columns(step, *plan);
    } else {
      plan = &follow(step, *plan);
      at = step.mapper->relationships[*step.relationship].target;
    }
  }
}

}  // namespace

const LoadPlan::Branch* LoadPlan::find(std::size_t relationship) const noexcept {
  const auto found = std::ranges::find(branches, relationship, &Branch::relationship);
  return found == branches.end() ? nullptr : &*found;
}

std::shared_ptr<LoadPlan> mapped_plan(const Mapper& mapper) {
  Trail trail;
  return mapped_plan(mapper, trail);
}

std::shared_ptr<LoadPlan> plan_of(const Mapper& mapper, const std::vector<LoaderOption>& options) {
  std::shared_ptr<LoadPlan> plan = mapped_plan(mapper);
  for (const LoaderOption& option : options) {
    for (const std::vector<LoadStep>& path : option.paths()) {
      if (path.front().mapper == &mapper) {
        plan = plan != nullptr ? plan : std::make_shared<LoadPlan>();
        add_path(mapper, path, *plan);
      }
    }
  }
  return plan;
}

LazyLoad how_to_load(const Mapper& mapper, std::size_t relationship, const LoadPlan* plan) noexcept {
  const LoadPlan::Branch* const branch = plan == nullptr ? nullptr : plan->find(relationship);
  return branch == nullptr ? mapper.relationships[relationship].lazy : branch->how;
}

}  // namespace detail

LoaderOption LoaderOption::along(detail::LoadStep step) const {
  LoaderOption more = *this;
  more.trunk_.push_back(std::move(step));
  more.paths_.push_back(more.trunk_);
  return more;
}

LoaderOption LoaderOption::with(detail::LoadStep step) const {
  LoaderOption more = *this;
  more.paths_.push_back(trunk_);
  more.paths_.back().push_back(std::move(step));
  return more;
}

void LoaderOption::add(const LoaderOption& option) {
  for (const std::vector<detail::LoadStep>& path : option.paths_) {
    std::vector<detail::LoadStep>& whole = paths_.emplace_back(trunk_);
    whole.insert(whole.end(), path.begin(), path.end());
  }
}

}  // namespace greenway
