// SPDX-License-Identifier: BSL-1.0
#include <greenway/orm/write_only.hpp>

#include <greenway/base/error.hpp>
#include <greenway/orm/registry.hpp>

#include "session_state.hpp"

namespace greenway::detail {

ColumnElement belongs_to(const Instance& owner, std::size_t relationship) {
  const Relationship& about = owner.mapper.relationships[relationship];
  std::vector<ColumnElement> conditions;
  for (const auto& [mine, other] : about.pairs) {
    conditions.push_back(about.target->attributes[other].column == owner.value(mine));
  }
  if (about.secondary) {
    for (const auto& [attribute, column] : about.target_pairs) {
      conditions.push_back(about.target->attributes[attribute].column == column);
    }
    for (const auto& [attribute, column] : about.owner_pairs) {
      conditions.push_back(column == owner.value(attribute));
    }
    return select(literal_column("1")).select_from(*about.secondary).where(and_(conditions)).exists();
  }
  return and_(conditions);
}

Parameters key_to(const Instance& owner, std::size_t relationship) {
  const Relationship& about = owner.mapper.relationships[relationship];
  if (about.secondary) {
    throw InvalidRequestError("'" + owner.mapper.name + "." + about.name +
                              "' is related by a third table: an INSERT alone cannot " +
                              "say what belongs to it; add() it");
  }
  Parameters key;
  for (const auto& [mine, other] : about.pairs) {
    key.add(about.target->attributes[other].column.name(), owner.value(mine));
  }
  return key;
}

std::vector<ColumnElement> order_of(const Instance& owner, std::size_t relationship) {
  return owner.mapper.relationships[relationship].order_by;
}

}  // namespace greenway::detail
