// SPDX-License-Identifier: BSL-1.0
#include "compiled_cache.hpp"

#include <string>

namespace greenway::detail {

std::shared_ptr<const Compiled> CompiledCache::find(const Statement& statement, const StatementShape& shape) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto place = places_.find(shape.key()); place != places_.end()) {
      entries_.splice(entries_.begin(), entries_, place->second);
      return place->second->compiled;
    }
  }
  auto compiled = std::make_shared<const Compiled>(compile(statement, shape, dialect_));
  const std::lock_guard lock(mutex_);
  if (limit_ == 0 || places_.contains(shape.key())) {
    return compiled;
  }
  entries_.push_front({std::string(shape.key()), statement.node(), compiled});
  places_.emplace(entries_.front().key, entries_.begin());
  if (entries_.size() > limit_) {
    places_.erase(entries_.back().key);
    entries_.pop_back();
  }
  return compiled;
}

void CompiledCache::clear() {
  const std::lock_guard lock(mutex_);
  places_.clear();
  entries_.clear();
}

std::size_t CompiledCache::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace greenway::detail
