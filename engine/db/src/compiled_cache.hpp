// SPDX-License-Identifier: BSL-1.0
#pragma once

// What statements of one engine were compiled to, by their shape; the least recently used go first.

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <greenway/sql/compiler.hpp>
#include <greenway/sql/detail/inserted_key.hpp>

namespace greenway::detail {

/// A statement compiled, and what has to be known of it besides when it is executed.
struct Executable : Compiled {
  Executable(Compiled compiled, std::vector<InsertedKey::Part> inserted_key, bool returns)
      : Compiled(std::move(compiled)), key(std::move(inserted_key)), returns_key(returns) {}
  std::vector<InsertedKey::Part> key;  // of INSERT: where the primary key comes from; or none
  bool returns_key;                    // its rows are for the key, and nobody else
};

/// A statement that is executed again and again, and need not be read any more.
struct KnownStatement {
  NodeRef root;
  std::vector<const BindNode*> binds;
};

/// What a statement was compiled to. Valid as long as it is held, whatever becomes of the cache.
struct FoundStatement {
  std::shared_ptr<const Executable> compiled;
  std::shared_ptr<const KnownStatement> known;      // null: the shape that was read has the parameters
  const std::vector<const BindNode*>* binds = nullptr;  // in the order of their numbers
};

class CompiledCache {
 public:
  CompiledCache(const Dialect& dialect, std::size_t limit) noexcept : dialect_(dialect), limit_(limit) {}

  /// A statement that was executed before is found by its address, without being read: from its second execution on. What
  /// this thread has found last it finds without a look at the cache, to which that counts as no use.
  /// @return `compiled` is null: it is not known by its address.
  FoundStatement find_known(const Statement& statement);
  /// One that is not known: compiled now, if no other one had its shape.
  /// @param shape  Used for its memory; must outlive the use of what is returned.
  FoundStatement find_by_shape(const Statement& statement, StatementShape& shape);
  /// In a dialect in which schemas have other names; null: the cache's own.
  FoundStatement find_by_shape(const Statement& statement, StatementShape& shape, const Dialect* translating);
  /// The one, or else the other.
  FoundStatement find(const Statement& statement, StatementShape& shape);

  [[nodiscard]] const Dialect& dialect() const noexcept { return dialect_; }
  void clear();
  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    std::string key;
    NodeRef root;  // keeps alive what the key has addresses of
    std::shared_ptr<const Executable> compiled;
    std::shared_ptr<const KnownStatement> known = nullptr;  // of all statements of this shape the one that came back last
  };
  using Entries = std::list<Entry>;

  static Executable compiled(const Statement& statement, const StatementShape& shape, const Dialect& dialect);
  void keep(std::string key, const NodeRef& root, const std::shared_ptr<const Executable>& compiled);
  Entry* look_up(std::string_view key);  // under the lock
  bool find_shape(const NodeRef& root, const StatementShape& shape, FoundStatement& found);
  void remember(Entry& entry, const NodeRef& root, const StatementShape& shape);
  void forget(Entry& entry);

  static std::uint64_t next_number() noexcept;

  const Dialect& dialect_;
  const std::size_t limit_;
  const std::uint64_t number_ = next_number();  // among all caches that ever were
  mutable std::mutex mutex_;
  Entries entries_;  // the last used first
  std::unordered_map<std::string_view, Entries::iterator> places_;
  std::unordered_map<const Node*, Entries::iterator> known_places_;
};

}  // namespace greenway::detail
