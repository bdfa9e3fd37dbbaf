// SPDX-License-Identifier: BSL-1.0
#include <greenway/orm/registry.hpp>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include <cxxabi.h>

#include <greenway/base/error.hpp>

namespace greenway {

namespace detail {

std::string readable_name(const char* type_name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(type_name, nullptr, nullptr, &status), &std::free);
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

std::optional<std::size_t> Mapper::find(std::size_t offset) const noexcept {
  const auto found = std::ranges::find(attributes, offset, &Attribute::offset);
  return found == attributes.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - attributes.begin()));
}

std::optional<std::size_t> Mapper::find_relationship(std::size_t offset) const noexcept {
  const auto found = std::ranges::find(relationships, offset, &Relationship::offset);
  return found == relationships.end() ? std::nullopt
                                      : std::optional(static_cast<std::size_t>(found - relationships.begin()));
}

std::size_t Mapper::number_of(std::string_view column) const {
  const auto found =
      std::ranges::find(attributes, column, [](const Attribute& attribute) { return std::string_view(attribute.column.name()); });
  if (found == attributes.end()) {
    throw InvalidRequestError("column '" + std::string(column) + "' of a foreign key is mapped to no member of class " + name);
  }
  return static_cast<std::size_t>(found - attributes.begin());
}

ColumnElement Mapper::is_among(const std::vector<std::size_t>& some, const std::vector<std::vector<Value>>& values) const {
  if (some.size() == 1) {
    std::vector<Value> alone;
    std::ranges::transform(values, std::back_inserter(alone), [](const std::vector<Value>& list) { return list.front(); });
    return attributes[some.front()].column.in_(alone);
  }
  std::vector<ColumnElement> columns;
  for (const std::size_t attribute : some) {
    columns.push_back(attributes[attribute].column);
  }
  return tuple_(columns).in_rows(values);
}

namespace {

using Pairs = std::vector<std::pair<std::size_t, std::size_t>>;

/// The foreign keys of one class that refer to another: attributes of the one, and of the other.
std::vector<Pairs> foreign_keys(const Mapper& from, const Mapper& to) {
  std::vector<Pairs> all;
  for (const ForeignKeyConstraint& key : from.table->data().foreign_keys) {
    if (key.referred.front().substr(0, key.referred.front().rfind('.')) != to.table->data().key()) {
      continue;
    }
    Pairs pairs;
    for (std::size_t i = 0; i != key.columns.size(); ++i) {
      const std::string column = key.referred[i].substr(key.referred[i].rfind('.') + 1);
      pairs.emplace_back(from.number_of(key.columns[i]), to.number_of(column));
    }
    all.push_back(std::move(pairs));
  }
  return all;
}

[[noreturn]] void refuse(const Mapper& mapper, const Relationship& relationship, const std::string& why) {
  throw InvalidRequestError("relationship " + mapper.name + "." + relationship.name + ": " + why);
}

void configure(const Mapper& mapper, Relationship& relationship) {
  relationship.target = relationship.target_slot->load(std::memory_order_acquire);
  if (relationship.target == nullptr) {
    refuse(mapper, relationship, "class " + relationship.target_name + " is not mapped");
  }
  const Mapper& target = *relationship.target;
  const Mapper& referring = relationship.is_many ? target : mapper;
  const Mapper& referred = relationship.is_many ? mapper : target;
  std::vector<Pairs> keys = foreign_keys(referring, referred);
  if (keys.size() != 1) {
    refuse(mapper, relationship,
           "table '" + referring.table->data().name + "' has " + (keys.empty() ? "no foreign key" : "several foreign keys") +
               " to table '" + referred.table->data().name + "'");
  }
  relationship.pairs = std::move(keys.front());
  relationship.direction = relationship.is_many ? Direction::one_to_many : Direction::many_to_one;
  if (relationship.is_many) {
    for (auto& [mine, other] : relationship.pairs) {
      std::swap(mine, other);
    }
  } else {
    relationship.points_only = std::ranges::any_of(
        target.relationships, [&](const Relationship& other) { return other.is_many && other.target_slot == mapper.slot; });
  }
}

}  // namespace

}  // namespace detail

Registry::Registry() = default;

Registry::~Registry() {
  for (const auto& mapper : mappers_) {
    mapper->slot->store(nullptr, std::memory_order_release);
  }
}

void Registry::add(std::unique_ptr<detail::Mapper> mapper) {
  for (std::size_t i = 0; i != mapper->attributes.size(); ++i) {
    detail::Attribute& attribute = mapper->attributes[i];
    attribute.column = mapper->table->c(attribute.column.name());
    const Column::Data& about = attribute.column.data();
    attribute.has_default = about.default_value || about.server_default || about.identity || about.computed ||
                            mapper->table->data().is_counted(about);
    if (about.primary_key) {
      mapper->key.push_back(i);
    }
  }
  if (mapper->key.empty()) {
    throw ArgumentError("class " + mapper->name + " has no primary key: an entity has to be told from others by its row");
  }
  std::vector<Selected> columns;
  for (const detail::Attribute& attribute : mapper->attributes) {
    columns.emplace_back(attribute.column);
  }
  mapper->select_all = Select(columns);
  const detail::Mapper* none = nullptr;
  if (!mapper->slot->compare_exchange_strong(none, mapper.get(), std::memory_order_acq_rel)) {
    throw InvalidRequestError("Class '" + mapper->name + "' already has a primary mapper defined");
  }
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
  for (const auto& mapper : mappers_) {
    for (detail::Relationship& relationship : mapper->relationships) {
      if (relationship.target == nullptr) {
        detail::configure(*mapper, relationship);
      }
    }
  }
}

}  // namespace greenway
