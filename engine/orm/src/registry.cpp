// SPDX-License-Identifier: BSL-1.0
#include <greenway/orm/registry.hpp>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include <cxxabi.h>

#include <greenway/base/error.hpp>
#include <greenway/orm/detail/entity_events.hpp>
#include <greenway/orm/loader_option.hpp>

#include "configure.hpp"

namespace greenway {

namespace detail {

std::string readable_name(const char* type_name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(type_name, nullptr, nullptr, &status),
                                                         &std::free);
  std::string name = status == 0 ? text.get() : type_name;
  if (name.ends_with('*')) {
    name.pop_back();  // of a class that was only declared
  }
  return name.substr(name.rfind(':') + 1);
}

void throw_unmapped(const char* type_name) {
  throw InvalidRequestError("Class '" + readable_name(type_name) + "' is not mapped: Registry::map<" +
                            readable_name(type_name) + ">() comes first, and the registry has to live");
}

void throw_not_assignable(const Value& value) {
  throw InvalidRequestError(value.is_null() ? "NULL cannot be assigned to a member that is no std::optional"
                                            : "a key cannot be assigned to a member of another type");
}

ColumnParts::ColumnParts(std::vector<Attribute> some) : attributes(std::move(some)) {}
ColumnParts::ColumnParts(const ColumnParts& other) = default;
ColumnParts::ColumnParts(ColumnParts&& other) noexcept = default;
ColumnParts::~ColumnParts() = default;

void ColumnParts::add(const ColumnParts& more, std::size_t offset) {
  for (Attribute attribute : more.attributes) {
    attribute.offset += offset;
    attributes.push_back(std::move(attribute));
  }
}

RelationshipPart::RelationshipPart(Relationship one) : relationship(std::move(one)) {}
RelationshipPart::RelationshipPart(const RelationshipPart& other) = default;
RelationshipPart::RelationshipPart(RelationshipPart&& other) noexcept = default;
RelationshipPart::~RelationshipPart() = default;

ColumnParts accessor_part(ColumnParts part, const char* accessor) {
  part.attributes.front().accessor = accessor;
  return part;
}

ColumnParts computed_part(std::size_t offset, const MemberType& member, std::string_view name, const Type& type,
                          std::function<ColumnElement()> expression) {
  Attribute attribute{offset, &member, Column(std::string(name), type)};
  attribute.expression = std::move(expression);
  return ColumnParts({std::move(attribute)});
}

const RelationshipOptions& usual_relationship() noexcept {
  static const RelationshipOptions usual;
  return usual;
}

RelationshipPart relationship_part(const RelationshipMember& member, std::string_view name,
                                   const RelationshipOptions& options) {
  Relationship made{member.offset,  std::string(name), member.target_slot, readable_name(member.target_name),
                    member.related, member.is_many};
  made.cascades = cascades_of(options.cascade);
  made.passive_deletes = options.passive_deletes;
  made.order_by = options.order_by;
  made.back_populates = options.back_populates;
  made.secondary_name = options.secondary;
  made.foreign_keys = options.foreign_keys;
  made.lazy = lazy_load_of(options.lazy);
  made.is_write_only = member.is_write_only;
  return RelationshipPart(std::move(made));
}

Mapping::Mapping(const char* type_name, std::shared_ptr<void> (*make)(), std::atomic<const Mapper*>& slot)
    : mapper(std::make_unique<Mapper>()) {
  mapper->name = readable_name(type_name);
  mapper->make = make;
  mapper->slot = &slot;
}

Mapping::~Mapping() = default;

void Mapping::take(const ColumnParts& part, std::size_t offset) {
  for (Attribute attribute : part.attributes) {
    attribute.offset += offset;
    mapper->attributes.push_back(std::move(attribute));
  }
}

void Mapping::take(const RelationshipPart& part, std::size_t offset) {
  mapper->relationships.push_back(part.relationship);
  mapper->relationships.back().offset += offset;
}

std::vector<Column> Mapping::columns() const {
  std::vector<Column> columns;
  for (const Attribute& attribute : mapper->attributes) {
    if (!attribute.expression) {
      columns.push_back(attribute.column);
    }
  }
  return columns;
}

std::optional<std::size_t> Mapper::find(std::size_t offset) const noexcept {
  const auto found = std::ranges::find_if(attributes, [&](const Attribute& attribute) {
    return attribute.accessor == nullptr && attribute.offset == offset;
  });
  return found == attributes.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - attributes.begin()));
}

const Column& Mapper::column_at(std::size_t offset) const { return attributes[attribute_at(*this, offset)].column; }

const Column& Mapper::column_of(const char* accessor) const {
  const auto found = std::ranges::find(attributes, accessor, &Attribute::accessor);
  if (found == attributes.end()) {
    throw InvalidRequestError("a function of class '" + name + "' is not mapped to a column");
  }
  return found->column;
}

std::optional<std::size_t> Mapper::find_relationship(std::size_t offset) const noexcept {
  const auto found = std::ranges::find(relationships, offset, &Relationship::offset);
  return found == relationships.end() ? std::nullopt
                                      : std::optional(static_cast<std::size_t>(found - relationships.begin()));
}

std::size_t Mapper::number_of(std::string_view column) const {
  const auto found = std::ranges::find(
      attributes, column, [](const Attribute& attribute) { return std::string_view(attribute.column.name()); });
  if (found == attributes.end()) {
    throw InvalidRequestError("column '" + std::string(column) + "' of a foreign key is mapped to no member of class " +
                              name);
  }
  return static_cast<std::size_t>(found - attributes.begin());
}

ColumnElement is_among(const std::vector<ColumnElement>& columns, const std::vector<std::vector<Value>>& values) {
  if (columns.size() == 1) {
    std::vector<Value> alone;
    alone.reserve(values.size());
    std::ranges::transform(values, std::back_inserter(alone),
                           [](const std::vector<Value>& list) { return list.front(); });
    return columns.front().in_(alone);
  }
  return tuple_(columns).in_rows(values);
}

ColumnElement Mapper::is_among(const std::vector<std::size_t>& some,
                               const std::vector<std::vector<Value>>& values) const {
  std::vector<ColumnElement> columns;
  for (const std::size_t attribute : some) {
    columns.push_back(attributes[attribute].column);
  }
  return detail::is_among(columns, values);
}

}  // namespace detail

Registry::Registry() = default;

Registry::~Registry() {
  for (const auto& mapper : mappers_) {
    mapper->slot->store(nullptr, std::memory_order_release);
  }
}

void Registry::add(detail::Mapping& mapping, std::string_view table) {
  add(mapping, Table(std::string(table), metadata_, mapping.columns()));
}

void Registry::add(detail::Mapping& mapping, const Table& table) {
  std::unique_ptr<detail::Mapper>& mapper = mapping.mapper;
  mapper->registry = this;
  mapper->table = table;
  for (std::size_t i = 0; i != mapper->attributes.size(); ++i) {
    detail::Attribute& attribute = mapper->attributes[i];
    if (attribute.type->deferred != nullptr) {
      if (attribute.column.data().primary_key || !attribute.column.data().foreign_keys.empty()) {
        throw ArgumentError("column '" + attribute.column.name() + "' of class " + mapper->name +
                            " is a key, which is loaded with its entity always: its member cannot be Deferred");
      }
      mapper->deferred.push_back(i);
    }
    if (attribute.expression) {
      mapper->computed.push_back(i);
      continue;
    }
    attribute.column = mapper->table->c(attribute.column.name());
    const Column::Data& about = attribute.column.data();
    attribute.has_default = about.default_value || about.server_default || about.identity || about.computed ||
                            mapper->table->data().is_counted(about);
    attribute.changes_by_update = attribute.changes_by_update || about.onupdate_value || about.computed;
    if (attribute.is_version) {
      mapper->version = i;
    }
    attribute.is_foreign_key =
        std::ranges::any_of(mapper->table->data().foreign_keys, [&](const ForeignKeyConstraint& key) {
          return std::ranges::find(key.columns, about.name) != key.columns.end();
        });
    if (about.primary_key) {
      mapper->key.push_back(i);
    }
  }
  if (mapper->key.empty()) {
    throw ArgumentError("class " + mapper->name +
                        " has no primary key: an entity has to be told from others by its row");
  }
  mapper->events = std::make_shared<detail::EntityEvents>();
  const detail::Mapper* none = nullptr;
  if (!mapper->slot->compare_exchange_strong(none, mapper.get(), std::memory_order_acq_rel)) {
    throw InvalidRequestError("Class '" + mapper->name + "' already has a primary mapper defined");
  }
  try {
    std::vector<Selected> columns;
    for (detail::Attribute& attribute : mapper->attributes) {
      if (attribute.expression) {
        // To whoever selects it, or asks for it, the column is the expression.
        static_cast<ColumnElement&>(attribute.column) = attribute.expression();
      }
      columns.emplace_back(attribute.column);
    }
    mapper->select_all = Select(columns);
  } catch (...) {
    mapper->slot->store(nullptr, std::memory_order_release);
    throw;
  }
  mapper->number = mappers_.size();
  mappers_.push_back(std::move(mapper));
  is_configured_ = false;
}

void Registry::configure_once() {
  if (!is_configured_) {
    const std::lock_guard lock(mutex_);
    configure();
    is_configured_ = true;
  }
}

void Registry::configure() {
  std::vector<detail::Mapper*> mappers;
  for (const auto& mapper : mappers_) {
    mappers.push_back(mapper.get());
  }
  detail::configure(mappers, metadata_);
}

}  // namespace greenway
