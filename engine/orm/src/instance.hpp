// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a session knows of one entity. Loading ten thousand makes as many of these, so what most have none of is kept
// apart, and the rows of one batch are referred to once for all of them.

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <greenway/db/row.hpp>
#include <greenway/orm/entity_state.hpp>
#include <greenway/sql/value.hpp>

#include "entity_key.hpp"

namespace greenway::detail {

struct Mapper;
struct LoadPlan;
class SessionState;
class RowCursor;

// The way into a Row.
template <>
struct RowReader<RowCursor> {
  static std::size_t index(const Row& row) noexcept { return row.index_; }
  static bool is_same_batch(const Row& a, const Row& b) noexcept { return a.source_ == b.source_; }
  static void move(Row& row, std::size_t index) noexcept { row.index_ = index; }
};

// The rows of one batch, one at a time: a session's, which one thread uses, so that its references need no lock.
class RowCursor : public boost::intrusive_ref_counter<RowCursor, boost::thread_unsafe_counter> {
 public:
  RowCursor(const Row& row, std::size_t first_column) noexcept : row_(row), first_column_(first_column) {}
  bool is_of(const Row& row) const noexcept { return RowReader<RowCursor>::is_same_batch(row_, row); }
  // Until the next call.
  const Row& at(std::size_t index) noexcept {
    RowReader<RowCursor>::move(row_, index);
    return row_;
  }
  std::size_t first_column() const noexcept { return first_column_; }

 private:
  Row row_;
  std::size_t first_column_;
};

// The row that an entity was loaded from, or none.
class LoadedRow {
 public:
  LoadedRow() noexcept = default;
  LoadedRow(boost::intrusive_ptr<RowCursor> rows, const Row& row) noexcept
      : rows_(std::move(rows)), index_(RowReader<RowCursor>::index(row)) {}
  explicit operator bool() const noexcept { return rows_ != nullptr; }
  void reset() noexcept { rows_.reset(); }
  const Row& operator*() const noexcept { return rows_->at(index_); }
  const Row* operator->() const noexcept { return &**this; }
  // Where the entity begins.
  std::size_t first_column() const noexcept { return rows_->first_column(); }

 private:
  boost::intrusive_ptr<RowCursor> rows_ = {};
  std::size_t index_ = 0;
};

struct Instance {
  // What a relationship was when it was loaded or last written.
  struct Related {
    bool is_loaded = false;
    std::vector<std::shared_ptr<void>> items = {};
    std::vector<std::shared_ptr<void>> added = {};    // by the other side, before it was loaded
    std::vector<std::shared_ptr<void>> removed = {};  // likewise
  };

  // What an entity that was only loaded has none of.
  struct Rest {
    std::vector<Value> written = {};  // what its row says where it is not `loaded`, a value for each attribute
    std::optional<std::vector<Value>> before = {};  // what it said before this transaction changed it
    std::vector<std::size_t> generated = {};        // the attributes that the database made when it was inserted
    std::vector<std::size_t> said = {};             // attributes that its INSERT says, whatever defaults there are
    std::vector<bool> unloaded = {};                // attributes that no row has said as yet; or empty
    std::shared_ptr<const LoadPlan> plan = {};  // how its relationships are loaded, where a statement said so; or null
  };

  Instance(const Mapper& its_mapper, std::size_t its_number, std::shared_ptr<void> its_object,
           SessionState& its_session) noexcept
      : mapper(its_mapper), number(its_number), object(std::move(its_object)), session(&its_session) {}

  const Mapper& mapper;
  std::size_t number;  // in the order in which they came to the session
  std::shared_ptr<void> object;
  SessionState* session;
  std::size_t place = 0;   // among the session's
  std::size_t result = 0;  // that it was loaded with
  EntityKey key = {};      // in the identity map
  LoadedRow loaded = {};   // what its row said; or else Rest::written
  EntityState state = EntityState::pending;
  bool is_new = false;                // inserted in this transaction
  bool is_stale = false;              // the next row that is met overwrites it
  bool is_to_delete = false;          // by the next flush
  bool is_orphan = false;             // it was taken from what it cannot be without, and is pending
  std::vector<Related> related = {};  // one for each relationship

  // To be read, whether there is one or not.
  const Rest& rest() const noexcept { return rest_ != nullptr ? *rest_ : no_rest; }
  // To be changed.
  Rest& own_rest();
  bool has_rest() const noexcept { return rest_ != nullptr; }
  void set_rest(const std::optional<Rest>& rest) { rest_ = rest ? std::make_unique<Rest>(*rest) : nullptr; }

  bool is_pending() const noexcept { return state == EntityState::pending; }
  bool is_unloaded(std::size_t attribute) const { return !rest().unloaded.empty() && rest().unloaded[attribute]; }
  // Whether it is one that is loaded when it is touched, has been assigned to before that, and is not written yet.
  bool is_assigned(std::size_t attribute) const;
  // What is loaded when it is touched, and is not loaded now, shows that.
  void mark_deferred() const;
  // Where the row has an attribute.
  std::size_t column(std::size_t attribute) const;
  // Whether an attribute is what its row says, or the row says nothing of it.
  bool is_unchanged(std::size_t attribute) const;
  // What its row says.
  std::vector<Value> row_values() const;
  // That its row says something else from now on.
  void set_row_values(std::vector<Value> values);
  // Gives its members values, one for each attribute.
  void assign(const std::vector<Value>& values) const;
  // What its row says an attribute is.
  Value row_value(std::size_t attribute) const;
  void* member(std::size_t attribute) const;
  // What a member is now.
  Value value(std::size_t attribute) const;

 private:
  static const Rest no_rest;
  std::unique_ptr<Rest> rest_ = {};
};

}  // namespace greenway::detail
