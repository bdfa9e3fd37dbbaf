// SPDX-License-Identifier: BSL-1.0
#include "statement_cache.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <random>

namespace greenway::detail::postgresql {

CachedStatement* StatementCache::find(const SQLText& sql, const Parameters& parameters) {
  const auto [begin, end] = index_.equal_range(sql.hash);
  for (auto i = begin; i != end; ++i) {
    const auto found = i->second;
    if (found->text == sql.text && parameters.fit(found->types)) {
      statements_.splice(statements_.begin(), statements_, found);
      return &*found;
    }
  }
  return nullptr;
}

CachedStatement& StatementCache::add(const SQLText& sql, const Parameters& parameters) {
  if (statements_.size() >= capacity_) {
    erase(statements_.back());
  }
  const auto types = parameters.types();
  statements_.push_front(CachedStatement{sql.text, sql.hash, {types.begin(), types.end()}, {}, {}});
  index_.emplace(sql.hash, statements_.begin());
  return statements_.front();
}

void StatementCache::erase(const CachedStatement& statement) {
  const auto [begin, end] = index_.equal_range(statement.hash);
  const auto found = std::find_if(begin, end, [&](const auto& entry) { return &*entry.second == &statement; });
  if (!statement.name.empty()) {
    unwanted_.push_back(statement.name);
  }
  const auto position = found->second;
  index_.erase(found);
  statements_.erase(position);
}

std::string StatementCache::new_name() {
  static const std::string prefix = "gw_" + std::to_string(std::random_device{}()) + '_';
  static std::atomic<std::uint64_t> count{0};
  return prefix + std::to_string(++count);
}

}  // namespace greenway::detail::postgresql
