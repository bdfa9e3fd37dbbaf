// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/row_mapping.hpp>

#include <algorithm>
#include <ostream>

namespace greenway {

bool RowMapping::contains(std::string_view name) const {
  const std::vector<std::string> names = keys();
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<Value> RowMapping::values() const {
  std::vector<Value> values;
  values.reserve(size());
  for (std::size_t i = 0; i < size(); ++i) {
    values.push_back(row_.get<Value>(i));
  }
  return values;
}

std::vector<std::pair<std::string, Value>> RowMapping::items() const {
  std::vector<std::pair<std::string, Value>> items;
  items.reserve(size());
  for (std::string& name : keys()) {
    items.emplace_back(std::move(name), row_.get<Value>(items.size()));
  }
  return items;
}

void RowMapping::print(std::ostream& out) const {
  out << '{';
  const std::vector<std::string> names = keys();
  for (std::size_t i = 0; i < names.size(); ++i) {
    out << (i == 0 ? "" : ", ") << names[i] << ": ";
    row_.print(out, i);
  }
  out << '}';
}

}  // namespace greenway
