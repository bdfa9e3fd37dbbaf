// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include <greenway/db/listeners.hpp>

namespace greenway {

class Session;

namespace detail {

struct Mapper;

using EntityEvent = Listeners<Session&, void*>;

/// Who wants to know what happens to the entities of a class.
struct EntityEvents {
  EntityEvent before_insert;
  EntityEvent after_insert;
  EntityEvent before_update;
  EntityEvent after_update;
  EntityEvent before_delete;
  EntityEvent after_delete;
  EntityEvent load;
  EntityEvent refresh;
  std::vector<std::pair<std::size_t, std::function<void(const void*)>>> validators;  // by attribute
};

EntityEvents& events_of(const Mapper& mapper);
void add_validator(const Mapper& mapper, std::size_t offset, std::function<void(const void*)> validator);

}  // namespace detail

}  // namespace greenway
