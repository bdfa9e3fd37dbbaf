// SPDX-License-Identifier: BSL-1.0
#pragma once

// Who refers to whom after a flush: members of foreign keys and rows of secondary tables, and who has to be inserted
// before whom.

#include <cstddef>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "changed_relationships.hpp"

namespace greenway::detail {

class KeyLinks {
 public:
  using Pairs = std::map<const Relationship*, std::set<std::pair<const Instance*, const Instance*>>>;

  /// Gives foreign keys their values, as far as what they refer to has its key already, and takes them from what refers
  /// to nothing any more.
  /// @throws InvalidRequestError  One of these cannot be NULL.
  explicit KeyLinks(const ChangedRelationships& changes);

  /// @return Whether a pending entity has all keys that it cannot be inserted without.
  [[nodiscard]] bool is_ready(const Instance& instance) const;
  /// It was inserted: whoever waits for its key gets it.
  void has_key(const Instance& instance);
  /// None of some is ready: lets a key that may be NULL wait until all of them have been inserted.
  /// @throws InvalidRequestError  There is no such key.
  void break_circle(const std::vector<Instance*>& waiting);

  /// Rows of secondary tables.
  [[nodiscard]] const Pairs& come() const noexcept { return come_; }
  [[nodiscard]] const Pairs& gone() const noexcept { return gone_; }

 private:
  void clear_keys();
  void copy_known_keys();

  std::vector<KeyLink> links_;
  std::vector<KeyLink> cleared_;
  std::unordered_multimap<const Instance*, std::size_t> waiting_;  // links, by what they wait for
  std::unordered_map<const Instance*, std::size_t> waits_for_;     // how many, by who waits
  std::set<std::size_t> broken_;                                   // links that nobody waits for
  Pairs come_;
  Pairs gone_;
};

/// Whether the member and the column can both be NULL.
bool may_be_null(const Attribute& attribute);

}  // namespace greenway::detail
