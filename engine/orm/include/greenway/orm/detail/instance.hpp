// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <greenway/db/row.hpp>
#include <greenway/sql/value.hpp>

namespace greenway {

/// Where an entity stands, by SQLAlchemy's names. `transient` is one that no session knows.
enum class EntityState : std::uint8_t {
  transient,   ///< Not in a session, and not in the database as far as one knows.
  pending,     ///< Will be inserted by the next flush.
  persistent,  ///< Stands for a row.
  deleted,     ///< Its row has been deleted in this transaction, or will be by the next flush.
  detached,    ///< Stands for a row, and its session is gone.
};

namespace detail {

struct Mapper;
struct LoadPlan;
class SessionState;

/// What a session knows of one entity.
struct Instance {
  Instance(const Mapper& its_mapper, std::size_t its_number, std::shared_ptr<void> its_object, SessionState& its_session) noexcept
      : mapper(its_mapper), number(its_number), object(std::move(its_object)), session(&its_session) {}

  /// What a relationship was when it was loaded or last written.
  struct Related {
    bool is_loaded = false;
    std::vector<std::shared_ptr<void>> items = {};
    std::vector<std::shared_ptr<void>> added = {};    ///< By the other side, before it was loaded.
    std::vector<std::shared_ptr<void>> removed = {};  ///< Likewise.
  };

  const Mapper& mapper;
  std::size_t number = 0;  ///< In the order in which they came to the session.
  std::shared_ptr<void> object;
  SessionState* session;
  std::size_t result = 0;  ///< That it was loaded with.
  EntityState state = EntityState::pending;
  bool is_new = false;                    ///< Inserted in this transaction.
  bool is_stale = false;                  ///< The next row that is met overwrites it.
  bool is_to_delete = false;              ///< By the next flush.
  bool is_orphan = false;                 ///< It was taken from what it cannot be without, and is pending.
  std::string key = {};                   ///< In the identity map.
  std::optional<Row> loaded = {};         ///< What its row said; or else …
  std::size_t first_column = 0;           ///< … from this column on.
  std::vector<Value> written = {};        ///< What its row says, a value for each attribute.
  std::optional<std::vector<Value>> before = {};  ///< What it said before this transaction changed it.
  std::vector<std::size_t> generated = {};        ///< The attributes that the database made when it was inserted.
  std::vector<Related> related = {};              ///< One for each relationship.
  std::vector<bool> unloaded = {};                ///< Attributes that no row has said as yet; or empty.
  std::shared_ptr<const LoadPlan> plan = {};      ///< How its relationships are loaded, where a statement said so; or null.

  [[nodiscard]] bool is_unloaded(std::size_t attribute) const { return !unloaded.empty() && unloaded[attribute]; }
  /// Where the row has an attribute.
  [[nodiscard]] std::size_t column(std::size_t attribute) const;
  /// Whether an attribute is what its row says, or the row says nothing of it.
  [[nodiscard]] bool is_unchanged(std::size_t attribute) const;
  /// What its row says.
  [[nodiscard]] std::vector<Value> row_values() const;
  /// Gives its members values, one for each attribute.
  void assign(const std::vector<Value>& values) const;
  /// What its row says an attribute is.
  [[nodiscard]] Value row_value(std::size_t attribute) const;
  [[nodiscard]] void* member(std::size_t attribute) const;
  /// What a member is now.
  [[nodiscard]] Value value(std::size_t attribute) const;
};

}  // namespace detail

}  // namespace greenway
