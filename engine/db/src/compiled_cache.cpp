// SPDX-License-Identifier: BSL-1.0
#include "compiled_cache.hpp"

#include <atomic>
#include <string>

namespace greenway::detail {

namespace {

/// What this thread has found last, which is most often what it looks for next. It keeps the statement alive, so that no
/// other one can have its address.
struct Last {
  std::uint64_t cache = 0;
  FoundStatement found;
};

thread_local Last last;

}  // namespace

std::uint64_t CompiledCache::next_number() noexcept {
  static std::atomic<std::uint64_t> caches{0};
  return caches.fetch_add(1, std::memory_order_relaxed) + 1;
}

[[gnu::hot]] FoundStatement CompiledCache::find_known(const Statement& statement) {
  const Node* const root = statement.node().get();
  Last& before = last;
  if (before.cache == number_ && before.found.known->root.get() == root) [[likely]] {
    return before.found;
  }
  const std::lock_guard lock(mutex_);
  const auto place = known_places_.find(root);
  if (place == known_places_.end()) {
    return {};
  }
  entries_.splice(entries_.begin(), entries_, place->second);
  const Entry& entry = *place->second;
  before = {number_, {entry.compiled, entry.known, &entry.known->binds}};
  return before.found;
}

FoundStatement CompiledCache::find(const Statement& statement, StatementShape& shape) {
  FoundStatement found = find_known(statement);
  return found.compiled != nullptr ? found : find_by_shape(statement, shape);
}

FoundStatement CompiledCache::find_by_shape(const Statement& statement, StatementShape& shape) {
  FoundStatement found;
  shape.read(*statement.node());
  found.binds = &shape.binds();
  if (find_shape(statement.node(), shape, found)) {
    return found;
  }
  found.compiled = std::make_shared<const Executable>(compiled(statement, shape, dialect_));
  keep(std::string(shape.key()), statement.node(), found.compiled);
  return found;
}

FoundStatement CompiledCache::find_by_shape(const Statement& statement, StatementShape& shape, const Dialect* translating) {
  if (translating == nullptr) {
    return find_by_shape(statement, shape);
  }
  shape.read(*statement.node());
  std::string key(shape.key());
  for (const auto& [schema, other] : *translating->schema_translate_map()) {
    key.append(schema).append(1, '\0').append(other).append(1, '\0');
  }
  FoundStatement found;
  found.binds = &shape.binds();
  {
    const std::lock_guard lock(mutex_);
    if (const Entry* const entry = look_up(key)) {
      found.compiled = entry->compiled;
      return found;
    }
  }
  found.compiled = std::make_shared<const Executable>(compiled(statement, shape, *translating));
  keep(std::move(key), statement.node(), found.compiled);
  return found;
}

void CompiledCache::keep(std::string key, const NodeRef& root, const std::shared_ptr<const Executable>& compiled) {
  const std::lock_guard lock(mutex_);
  if (limit_ == 0 || places_.contains(key)) {
    return;
  }
  entries_.push_front({std::move(key), root, compiled});
  places_.emplace(entries_.front().key, entries_.begin());
  if (entries_.size() > limit_) {
    forget(entries_.back());
    places_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

Executable CompiledCache::compiled(const Statement& statement, const StatementShape& shape, const Dialect& dialect) {
  std::optional<InsertedKey> key = inserted_key(statement, shape, dialect.kind());
  if (!key) {
    return {compile(statement, shape, dialect), {}, false};
  }
  if (!key->returning) {
    return {compile(statement, shape, dialect), std::move(key->parts), false};
  }
  return {compile(*key->returning, dialect), std::move(key->parts), true};
}

bool CompiledCache::find_shape(const NodeRef& root, const StatementShape& shape, FoundStatement& found) {
  // One that is built anew for each execution comes only once, and is not worth remembering.
  const bool comes_again = root->was_executed.exchange(true, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  Entry* const entry = look_up(shape.key());
  if (entry == nullptr) {
    return false;
  }
  found.compiled = entry->compiled;
  if (comes_again) {
    remember(*entry, root, shape);
  }
  return true;
}

CompiledCache::Entry* CompiledCache::look_up(std::string_view key) {
  const auto place = places_.find(key);
  if (place == places_.end()) {
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, place->second);
  return &*place->second;
}

void CompiledCache::remember(Entry& entry, const NodeRef& root, const StatementShape& shape) {
  forget(entry);
  entry.known = std::make_shared<const KnownStatement>(KnownStatement{root, shape.binds()});
  known_places_.emplace(root.get(), entries_.begin());
}

void CompiledCache::forget(Entry& entry) {
  if (entry.known != nullptr) {
    known_places_.erase(entry.known->root.get());
    entry.known = nullptr;
  }
}

void CompiledCache::clear() {
  const std::lock_guard lock(mutex_);
  known_places_.clear();
  places_.clear();
  entries_.clear();
}

std::size_t CompiledCache::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace greenway::detail
