// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a statement loads of the entities of one class: what their mapping says, and its options over that.

#include <cstddef>
#include <memory>
#include <vector>

#include <greenway/orm/loader_option.hpp>

namespace greenway::detail {

struct LoadPlan {
  struct Branch {
    std::size_t relationship;
    LazyLoad how;
    bool is_inner = false;
    int depth = 1;                        // levels of a class that refers to itself; -1: all
    std::shared_ptr<LoadPlan> plan = {};  // of the target; or null
  };

  std::vector<bool> deferred = {};  // attributes that are left out; or empty
  bool is_chosen = false;           // by an option
  std::vector<Branch> branches = {};

  const Branch* find(std::size_t relationship) const noexcept;
};

// Null where there is nothing but what is loaded when it is touched.
std::shared_ptr<LoadPlan> mapped_plan(const Mapper& mapper);
// Takes those paths of options that begin at the class.
std::shared_ptr<LoadPlan> plan_of(const Mapper& mapper, const std::vector<LoaderOption>& options);

// How a relationship of an entity is loaded that was found by a plan, or by none.
LazyLoad how_to_load(const Mapper& mapper, std::size_t relationship, const LoadPlan* plan) noexcept;

}  // namespace greenway::detail
