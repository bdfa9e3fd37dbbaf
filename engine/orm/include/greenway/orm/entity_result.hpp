// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/entity_result.hpp
/// @brief The entities that a statement has found.
///
/// Layer: orm. Source: SQLAlchemy's `ScalarResult`, of entities.

#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include <greenway/base/error.hpp>
#include <greenway/db/result.hpp>
#include <greenway/orm/detail/mapper.hpp>
#include <greenway/orm/entity_select.hpp>

namespace greenway {

namespace detail {

class SessionState;

/// The entities of one result, some at a time.
class EntityRows {
 public:
  EntityRows(Result result, const Mapper& mapper, SessionState& session, std::vector<LoaderOption> options)
      : result_(std::move(result)), mapper_(&mapper), session_(&session), options_(std::move(options)) {}
  /// The next entity; null after the last one.
  std::shared_ptr<void> next();
  /// Those that are there without fetching; none after the last one.
  std::vector<std::shared_ptr<void>> next_some(std::size_t size);
  void close() { result_.close(); }

 private:
  Result result_;
  const Mapper* mapper_;
  SessionState* session_;
  std::vector<LoaderOption> options_;
  std::vector<std::shared_ptr<void>> loaded_;
  std::size_t next_ = 0;
};

}  // namespace detail

/// The entities that a statement has found: read once, front to back, as `std::shared_ptr<T>`.
///
/// @par Lifetime
/// Must not outlive its session.
template <class T>
class EntityResult {
 public:
  /// What is read.
  using value_type = std::shared_ptr<T>;

  /// Reads the entities.
  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;   ///< A single pass.
    using value_type = std::shared_ptr<T>;               ///< What is read.
    using difference_type = std::ptrdiff_t;              ///< Of no use.
    using pointer = const value_type*;                   ///< See reference.
    using reference = const value_type&;                 ///< The entity.

    /// @param result  What is read.
    explicit iterator(EntityResult* result) : result_(result) { ++*this; }
    /// @return The current entity.
    reference operator*() const noexcept { return item_; }
    /// @return The current entity.
    pointer operator->() const noexcept { return &item_; }
    /// Moves on to the next entity.
    /// @return This.
    iterator& operator++() {
      item_ = result_->next();
      return *this;
    }
    /// Moves on to the next entity.
    void operator++(int) { ++*this; }
    /// @return Whether there is no more.
    friend bool operator==(const iterator& at, std::default_sentinel_t) noexcept { return at.item_ == nullptr; }

   private:
    EntityResult* result_;
    value_type item_;
  };

  /// @param rows  What is read.
  explicit EntityResult(detail::EntityRows rows) : rows_(std::move(rows)) {}

  /// @return This: entities are scalars already.
  [[nodiscard]] EntityResult scalars() && { return std::move(*this); }
  /// @return This.
  [[nodiscard]] EntityResult& scalars() & { return *this; }

  /// @return Reads on from the next entity.
  [[nodiscard]] iterator begin() { return iterator(this); }
  /// @return What an iterator equals after the last one.
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

  /// @return The next entity; null after the last one.
  [[nodiscard]] value_type fetchone() { return next(); }
  /// @return All that have not been read yet.
  [[nodiscard]] std::vector<value_type> all() {
    std::vector<value_type> entities;
    while (value_type entity = next()) {
      entities.push_back(std::move(entity));
    }
    return entities;
  }
  /// @param size  At most this many.
  /// @return The next ones; none after the last one.
  [[nodiscard]] std::vector<value_type> partition(std::size_t size = 1000) {
    std::vector<value_type> entities;
    while (entities.size() != size) {
      value_type entity = next();
      if (entity == nullptr) {
        break;
      }
      entities.push_back(std::move(entity));
    }
    return entities;
  }
  /// Closes the result.
  /// @return The next entity, or null.
  [[nodiscard]] value_type first() {
    value_type entity = next();
    rows_.close();
    return entity;
  }
  /// Closes the result.
  /// @return The only entity, or null.
  /// @throws MultipleResultsFound  There are more.
  [[nodiscard]] value_type one_or_none() {
    value_type entity = next();
    if (entity != nullptr && next() != nullptr) {
      rows_.close();
      throw MultipleResultsFound("Multiple rows were found when one or none was required");
    }
    rows_.close();
    return entity;
  }
  /// Closes the result.
  /// @return The only entity.
  /// @throws NoResultFound         There is none.
  /// @throws MultipleResultsFound  There are more.
  [[nodiscard]] value_type one() {
    value_type entity = one_or_none();
    return entity != nullptr ? entity : throw NoResultFound("No row was found when one was required");
  }

 private:
  value_type next() { return std::static_pointer_cast<T>(rows_.next()); }

  detail::EntityRows rows_;
};

}  // namespace greenway
