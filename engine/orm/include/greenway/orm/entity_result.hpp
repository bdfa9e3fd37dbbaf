// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/entity_result.hpp
/// @brief What a statement of entities has found.
///
/// Layer: orm. Source: SQLAlchemy's `Result` and `ScalarResult`, of entities.

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <greenway/base/error.hpp>
#include <greenway/orm/detail/entity_rows.hpp>

namespace greenway {

/// What a statement has found: read once, front to back. Of EntitySelect<T> each is a `std::shared_ptr<T>`, of a SELECT
/// of several things a tuple.
///
/// Where a Many was loaded by a join an entity is in several rows: the result has to be made unique() before it is
/// read.
///
/// @par Lifetime
/// Must not outlive its session.
template <class T>
class EntityResult {
  using Reader = detail::EntityReader<T>;

 public:
  /// What is read.
  using value_type = typename Reader::type;
  /// It, or nothing: null of an entity, else an empty optional.
  using maybe_type = typename Reader::Maybe;
  /// Whether what is read are entities, or first items, by themselves: null says that there is none.
  static constexpr bool is_of_scalars = std::is_same_v<maybe_type, value_type>;

  /// Reads what was found.
  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;          ///< A single pass.
    using value_type = typename EntityResult::value_type;       ///< What is read.
    using difference_type = std::ptrdiff_t;                     ///< Of no use.
    using pointer = const value_type*;                          ///< See reference.
    using reference = const value_type&;                        ///< The current one.

    /// @param result  What is read.
    explicit iterator(EntityResult* result) : result_(result) { ++*this; }
    /// @return The current one.
    reference operator*() const noexcept {
      if constexpr (is_of_scalars) {
        return item_;
      } else {
        return *item_;
      }
    }
    /// @return The current one.
    pointer operator->() const noexcept { return &**this; }
    /// Moves on to the next one.
    /// @return This.
    iterator& operator++() {
      item_ = maybe_type();  // a partition that is over lets go of what nobody holds
      item_ = result_->next();
      return *this;
    }
    /// Moves on to the next one.
    void operator++(int) { ++*this; }
    /// @return Whether there is no more.
    friend bool operator==(const iterator& at, std::default_sentinel_t) noexcept { return !at.item_; }

   private:
    EntityResult* result_;
    maybe_type item_;
  };

  /// @param rows  What is read.
  explicit EntityResult(detail::EntityRows rows) : rows_(std::move(rows)) {}

  /// Of entities: this, which are scalars already; of tuples: the first item of each.
  /// @return What has not been read yet.
  [[nodiscard]] auto scalars() && {
    if constexpr (std::is_same_v<value_type, maybe_type>) {
      return std::move(*this);
    } else {
      return EntityResult<detail::FirstOf<T>>(std::move(rows_));
    }
  }
  /// Of entities alone.
  /// @return This.
  [[nodiscard]] EntityResult& scalars() & requires(std::is_same_v<value_type, maybe_type>) { return *this; }
  /// From now on what has been read before is left out.
  /// @return This.
  EntityResult& unique() & {
    rows_.make_unique();
    return *this;
  }
  /// As above.
  /// @return This, moved.
  [[nodiscard]] EntityResult unique() && {
    rows_.make_unique();
    return std::move(*this);
  }

  /// @return Reads on from the next one.
  /// @throws InvalidRequestError  It has to be unique(); also of the following.
  /// @throws DBAPIError           As the database reports, of what is fetched now, or loaded with it; also of the
  ///                              following.
  [[nodiscard]] iterator begin() { return iterator(this); }
  /// @return What an iterator equals after the last one.
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

  /// @return The next one; nothing after the last one.
  [[nodiscard]] maybe_type fetchone() { return next(); }
  /// @return All that have not been read yet.
  [[nodiscard]] std::vector<value_type> all() { return partition(static_cast<std::size_t>(-1)); }
  /// @param size  At most this many.
  /// @return The next ones; none after the last one.
  [[nodiscard]] std::vector<value_type> partition(std::size_t size = 1000) {
    std::vector<value_type> items;
    while (items.size() != size && rows_.next()) {
      items.push_back(value_of(Reader::read(rows_)));
    }
    return items;
  }
  /// Closes the result.
  /// @return The next one, or nothing.
  [[nodiscard]] maybe_type first() {
    maybe_type item = next();
    rows_.close();
    return item;
  }
  /// Closes the result.
  /// @return The only one, or nothing.
  /// @throws MultipleResultsFound  There are more.
  [[nodiscard]] maybe_type one_or_none() {
    maybe_type item = next();
    const bool has_more = item && rows_.next();
    rows_.close();
    return has_more ? throw MultipleResultsFound("Multiple rows were found when one or none was required")
                    : std::move(item);
  }
  /// Closes the result.
  /// @return The only one.
  /// @throws NoResultFound         There is none.
  /// @throws MultipleResultsFound  There are more.
  [[nodiscard]] value_type one() {
    maybe_type item = one_or_none();
    return item ? value_of(std::move(item)) : throw NoResultFound("No row was found when one was required");
  }
  /// Loads all, so that reading needs no more waiting.
  /// @return This, moved.
  [[nodiscard]] EntityResult buffered() && {
    rows_.buffer();
    return std::move(*this);
  }

 private:
  maybe_type next() { return rows_.next() ? Reader::read(rows_) : maybe_type(); }
  static value_type value_of(maybe_type item) {
    if constexpr (is_of_scalars) {
      return item;
    } else {
      return *std::move(item);
    }
  }

  detail::EntityRows rows_;
};

}  // namespace greenway
