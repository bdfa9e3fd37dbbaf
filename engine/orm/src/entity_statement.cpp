// SPDX-License-Identifier: BSL-1.0
#include <greenway/orm/detail/entity_statement.hpp>

#include <utility>

#include <greenway/orm/registry.hpp>

#include "entity_query.hpp"

namespace greenway::detail {

namespace {

Select select_of(const std::vector<EntityStatement::Item>& items) {
  if (items.size() == 1 && items.front().mapper != nullptr && !items.front().alias) {
    return *items.front().mapper->select_all;
  }
  std::vector<Selected> columns;
  for (const EntityStatement::Item& item : items) {
    if (item.mapper == nullptr) {
      columns.emplace_back(*item.column);
      continue;
    }
    for (const Attribute& attribute : item.mapper->attributes) {
      columns.emplace_back(item.alias ? column_in(*item.mapper, attribute, *item.alias)
                                      : ColumnElement(attribute.column));
    }
  }
  return Select(columns);
}

std::vector<RelatedJoin> joins_of(const Mapper& mapper, std::size_t relationship, const FromClause* to) {
  const auto mine = [&](std::size_t attribute) { return ColumnElement(mapper.attributes[attribute].column); };
  return joins_of(mapper.relationships[relationship], mine, to);
}

}  // namespace

EntityStatement::EntityStatement(const std::vector<Item>& selected) : select(select_of(selected)), items(selected) {}

EntityStatement::EntityStatement(const Mapper& mapper) : EntityStatement(std::vector<Item>{{&mapper}}) {}

EntityStatement::EntityStatement(const EntityStatement& other) = default;
EntityStatement::EntityStatement(EntityStatement&& other) noexcept = default;
EntityStatement& EntityStatement::operator=(const EntityStatement& other) = default;
EntityStatement& EntityStatement::operator=(EntityStatement&& other) noexcept = default;
EntityStatement::~EntityStatement() = default;

void EntityStatement::narrow(const ColumnElement& condition) { select = std::move(select).where(condition); }

void EntityStatement::order(const ColumnElement& element) {
  select = select.order_by(element);
  order_by.push_back(element);
}

void EntityStatement::load(const LoaderOption& option) { options.push_back(option); }

void EntityStatement::join(const Mapper& mapper, std::size_t relationship, const FromClause* to, bool isouter) {
  mapper.registry->configure_once();
  for (const RelatedJoin& join : joins_of(mapper, relationship, to)) {
    select = select.join(join.to, join.on, isouter);
  }
}

ColumnElement exists_related(const Mapper& mapper, std::size_t relationship,
                             const std::optional<ColumnElement>& condition) {
  mapper.registry->configure_once();
  const Mapper& target = *mapper.relationships[relationship].target;
  // Of a class that refers to itself the inner one has another name, which the condition is about.
  const std::optional<FromClause> alias = &target == &mapper ? std::optional(target.table->alias()) : std::nullopt;
  const FromClause* const to = alias ? &*alias : nullptr;
  Select select = greenway::select(literal_column("1"));
  for (const RelatedJoin& join : joins_of(mapper, relationship, to)) {
    select = select.select_from(join.to).where(join.on);
  }
  if (condition) {
    select = std::move(select).where(alias ? rebased(*condition, *target.table, *alias) : *condition);
  }
  return select.exists();
}

}  // namespace greenway::detail
