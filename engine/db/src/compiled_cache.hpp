// SPDX-License-Identifier: BSL-1.0
#pragma once

// What statements of one engine were compiled to, by their shape; the least recently used go first.

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include <greenway/sql/compiler.hpp>

namespace greenway::detail {

class CompiledCache {
 public:
  CompiledCache(const Dialect& dialect, std::size_t limit) noexcept : dialect_(dialect), limit_(limit) {}

  /// @return What `statement`, of that shape, compiles to. Valid as long as it is held, whatever becomes of the cache.
  std::shared_ptr<const Compiled> find(const Statement& statement, const StatementShape& shape);

  void clear();
  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    std::string key;
    NodeRef root;  // keeps alive what the key has addresses of
    std::shared_ptr<const Compiled> compiled;
  };
  using Entries = std::list<Entry>;

  const Dialect& dialect_;
  const std::size_t limit_;
  mutable std::mutex mutex_;
  Entries entries_;  // the last used first
  std::unordered_map<std::string_view, Entries::iterator> places_;
};

}  // namespace greenway::detail
