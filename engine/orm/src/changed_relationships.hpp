// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the relationships of a session's entities have become since they were loaded or last written, and what follows
// from it for others: who is an orphan, who is deleted as well, who is set free.

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "session_state.hpp"

namespace greenway::detail {

/// What a relationship of an entity has become.
struct RelationshipChange {
  Instance* owner;
  std::size_t number;
  std::vector<Instance*> removed;
  std::vector<Instance*> added;
  bool is_let_go = false;  // from whatever the foreign key says: it was not loaded

  [[nodiscard]] const Relationship& about() const;
};

/// The one has the other's key.
struct KeyLink {
  Instance* holder;
  Instance* referred;
  const Relationship* about;
  bool is_holders;  // the relationship is the holder's
};

class ChangedRelationships {
 public:
  using Unlinked = std::vector<std::pair<const Relationship*, std::vector<const Instance*>>>;

  explicit ChangedRelationships(SessionState& session) noexcept : session_(session) {}

  /// Compares what is loaded with what was, entity by entity in the order in which they came.
  void find();
  /// Those that cannot be without what they were taken from are to be deleted.
  void find_orphans();
  /// What belongs to a deleted entity is deleted as well, or set free. Loads it, some hundred at a time.
  void cascade_deletes();

  [[nodiscard]] const std::vector<RelationshipChange>& all() const noexcept { return changes_; }
  /// Whom the deletion of another sets free.
  [[nodiscard]] const std::vector<KeyLink>& set_free() const noexcept { return cleared_; }
  /// Whose rows of a secondary table all go.
  [[nodiscard]] const Unlinked& unlinked() const noexcept { return unlinked_; }

 private:
  using Owners = std::map<std::pair<const Mapper*, std::size_t>, std::vector<Instance*>>;  // by relationship

  void compare(Instance& owner, std::size_t i);
  // Those of the session; what is not saved with its owner need not be.
  std::vector<Instance*> only_in(const std::vector<std::shared_ptr<void>>& some,
                                 const std::vector<std::shared_ptr<void>>& others);
  void cascade_delete(const Mapper& mapper, std::size_t i, const std::vector<Instance*>& owners,
                      std::set<const Instance*>& known, std::vector<Instance*>& open);

  SessionState& session_;
  std::vector<RelationshipChange> changes_;
  std::vector<KeyLink> cleared_;
  Unlinked unlinked_;
};

}  // namespace greenway::detail
