// SPDX-License-Identifier: BSL-1.0
#include "instance.hpp"

#include <algorithm>
#include <cstddef>

#include <greenway/orm/detail/mapper.hpp>

#include "session_state.hpp"

namespace greenway::detail {

const Instance::Rest Instance::no_rest = {};

Instance::Rest& Instance::own_rest() {
  if (rest_ == nullptr) {
    rest_ = std::make_unique<Rest>();
  }
  return *rest_;
}

void* Instance::member(std::size_t attribute) const {
  return static_cast<std::byte*>(object.get()) + mapper.attributes[attribute].offset;
}

Value Instance::value(std::size_t attribute) const {
  return mapper.attributes[attribute].type->value(member(attribute));
}

std::size_t Instance::column(std::size_t attribute) const {
  const std::vector<bool>& unloaded = rest().unloaded;
  const auto last = unloaded.begin() + static_cast<std::ptrdiff_t>(unloaded.empty() ? 0 : attribute);
  return loaded.first_column() + attribute - static_cast<std::size_t>(std::count(unloaded.begin(), last, true));
}

bool Instance::is_unchanged(std::size_t attribute) const {
  if (mapper.attributes[attribute].expression) {
    return true;  // nothing to be written
  }
  if (is_unloaded(attribute)) {
    return !is_assigned(attribute);
  }
  const MemberType& type = *mapper.attributes[attribute].type;
  return loaded ? type.is_in(member(attribute), *loaded, column(attribute))
                : value(attribute) == rest().written[attribute];
}

Value Instance::row_value(std::size_t attribute) const {
  if (!loaded) {
    return rest().written[attribute];
  }
  return is_unloaded(attribute) ? value(attribute) : loaded->get<Value>(column(attribute));
}

std::vector<Value> Instance::row_values() const {
  if (!loaded) {
    return rest().written;
  }
  std::vector<Value> values;
  values.reserve(mapper.attributes.size());
  for (std::size_t i = 0; i != mapper.attributes.size(); ++i) {
    values.push_back(row_value(i));
  }
  return values;
}

void Instance::set_row_values(std::vector<Value> values) {
  own_rest().written = std::move(values);
  loaded.reset();
}

void Instance::assign(const std::vector<Value>& values) const {
  for (std::size_t i = 0; i != values.size(); ++i) {
    mapper.attributes[i].type->assign(member(i), values[i]);
  }
  mark_deferred();
}

bool Instance::is_assigned(std::size_t attribute) const {
  const MemberType& type = *mapper.attributes[attribute].type;
  return type.deferred != nullptr && DeferredAccess::is_assigned(*type.deferred(member(attribute)));
}

void Instance::mark_deferred() const {
  for (const std::size_t attribute : mapper.deferred) {
    if (is_unloaded(attribute)) {
      DeferredAccess::forget(*mapper.attributes[attribute].type->deferred(member(attribute)));
    }
  }
}

}  // namespace greenway::detail
