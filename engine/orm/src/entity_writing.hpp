// SPDX-License-Identifier: BSL-1.0
#pragma once

// Entities on their way to their rows, many with one statement.

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "session_state.hpp"

namespace greenway::detail {

class EntityWriter {
 public:
  /// Which are related, by a relationship's secondary table: owner and target.
  using Links = std::vector<std::pair<const Instance*, const Instance*>>;

  explicit EntityWriter(SessionState& session) noexcept : session_(session) {}

  /// Pending ones of one class become persistent, each with what the database made of it.
  void insert(const Mapper& mapper, std::span<Instance* const> instances);
  /// Those of one class that differ from their rows.
  /// @throws StaleDataError  A row is gone, or of another version.
  void update(const Mapper& mapper, std::span<Instance* const> instances);
  /// Of one class.
  /// @throws StaleDataError  As above.
  void remove(const Mapper& mapper, std::vector<Instance*> instances);
  void link(const Relationship& relationship, const Links& links);
  /// @throws StaleDataError  As above.
  void unlink(const Relationship& relationship, const Links& links);
  /// From all that they are related to.
  void unlink_all(const Relationship& relationship, std::span<const Instance* const> owners);

 private:
  using Mask = std::vector<bool>;  // of attributes

  void insert_some(const Mapper& mapper, const Mask& mask, std::span<Instance* const> instances);
  void become_persistent(Instance& instance);
  void update_all(const Mapper& mapper, const Mask& mask, const std::vector<std::size_t>& made,
                  std::span<Instance* const> instances);
  void update_one(Instance& instance, const Mask& mask, const std::vector<std::size_t>& made);
  void update_some(const Mapper& mapper, const Mask& mask, const std::vector<std::size_t>& made,
                   std::span<Instance* const> instances);
  [[nodiscard]] const Dialect& dialect() const { return session_.connection().dialect(); }

  SessionState& session_;
};

}  // namespace greenway::detail
