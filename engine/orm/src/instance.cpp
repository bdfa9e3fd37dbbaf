// SPDX-License-Identifier: BSL-1.0
#include <greenway/orm/detail/instance.hpp>

#include <cstddef>

#include <greenway/orm/detail/mapper.hpp>

namespace greenway::detail {

void* Instance::member(std::size_t attribute) const {
  return static_cast<std::byte*>(object.get()) + mapper.attributes[attribute].offset;
}

Value Instance::value(std::size_t attribute) const { return mapper.attributes[attribute].type->value(member(attribute)); }

bool Instance::is_unchanged(std::size_t attribute) const {
  const MemberType& type = *mapper.attributes[attribute].type;
  return loaded ? type.is_in(member(attribute), *loaded, first_column + attribute)
                : value(attribute) == written[attribute];
}

Value Instance::row_value(std::size_t attribute) const {
  return loaded ? loaded->get<Value>(first_column + attribute) : written[attribute];
}

std::vector<Value> Instance::row_values() const {
  if (!loaded) {
    return written;
  }
  std::vector<Value> values;
  values.reserve(mapper.attributes.size());
  for (std::size_t i = 0; i != mapper.attributes.size(); ++i) {
    values.push_back(loaded->get<Value>(first_column + i));
  }
  return values;
}

void Instance::assign(const std::vector<Value>& values) const {
  for (std::size_t i = 0; i != values.size(); ++i) {
    mapper.attributes[i].type->assign(member(i), values[i]);
  }
}

}  // namespace greenway::detail
