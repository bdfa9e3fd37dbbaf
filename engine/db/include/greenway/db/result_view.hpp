// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/result_view.hpp
/// @brief A result whose rows are read as something else: one column, names and values, tuples, structs.
///
/// Layer: db. Source: SQLAlchemy's `ScalarResult`, `MappingResult` and `TupleResult`.

#include <cstddef>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <greenway/db/frozen_result.hpp>
#include <greenway/db/result.hpp>
#include <greenway/db/row_mapping.hpp>

namespace greenway {

namespace detail {

template <class T>
struct ReadScalar {
  static_assert(!is_view<T>, "the view would outlive its row: read a std::string");
  static constexpr bool is_scalar = true;
  using type = T;
  static T read(const Row& row) { return row.get<T>(0); }
};

struct ReadMapping {
  static constexpr bool is_scalar = false;
  using type = RowMapping;
  static RowMapping read(const Row& row) { return RowMapping(row); }
};

template <class T>
struct ReadAs {
  static constexpr bool is_scalar = false;
  using type = T;
  static T read(const Row& row) { return row.as<T>(); }
};

}  // namespace detail

/// What Result::scalars, mappings, tuples and as give: the functions of Result, with other values for rows. Each of them
/// throws what its namesake throws, and what reading the values does.
template <class Read>
class ResultView {
 public:
  /// What is read.
  using value_type = typename Read::type;

  /// Reads the values, front to back, once.
  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;   ///< A single pass.
    using value_type = typename ResultView::value_type;  ///< What is read.
    using difference_type = std::ptrdiff_t;              ///< Of no use.
    using pointer = void;                                ///< Values are made when they are asked for.
    using reference = value_type;                        ///< See pointer.

    /// @param at  Where the rows are.
    explicit iterator(Result::iterator at) noexcept : at_(std::move(at)) {}
    /// @return The current value.
    value_type operator*() const { return Read::read(*at_); }
    /// Moves on to the next value.
    /// @return This.
    iterator& operator++() {
      ++at_;
      return *this;
    }
    /// Moves on to the next value.
    void operator++(int) { ++*this; }
    /// @return Whether there is no more value.
    friend bool operator==(const iterator& at, std::default_sentinel_t end) noexcept { return at.at_ == end; }

   private:
    Result::iterator at_;
  };

  /// @param result  Whose rows are read.
  explicit ResultView(Result result) noexcept : result_(std::move(result)) {}

  /// @return The next value; empty after the last one.
  [[nodiscard]] std::optional<value_type> fetchone() { return read(result_.fetchone()); }
  /// @param size  At most this many.
  /// @return The next values; fewer than `size`, or none, at the end.
  [[nodiscard]] std::vector<value_type> fetchmany(std::size_t size = 1) { return read(result_.fetchmany(size)); }
  /// @return All values that have not been read yet.
  [[nodiscard]] std::vector<value_type> fetchall() { return read(result_.fetchall()); }
  /// @return As fetchall().
  [[nodiscard]] std::vector<value_type> all() { return fetchall(); }
  /// Closes the result.
  /// @return The next value, or empty.
  [[nodiscard]] std::optional<value_type> first() { return read(result_.first()); }
  /// Closes the result.
  /// @return The only value.
  [[nodiscard]] value_type one() { return Read::read(result_.one()); }
  /// Closes the result.
  /// @return The only value, or empty.
  [[nodiscard]] std::optional<value_type> one_or_none() { return read(result_.one_or_none()); }
  /// @param size  As Result::partitions.
  /// @return As Result::partitions.
  [[nodiscard]] Partitions<ResultView, value_type> partitions(std::size_t size = 0) & {
    return Partitions<ResultView, value_type>(*this, size != 0 ? size : result_.partition_size_);
  }
  /// @param size  As partitions().
  /// @return The next partition; empty after the last one.
  [[nodiscard]] std::vector<value_type> partition(std::size_t size = 0) {
    return fetchmany(size != 0 ? size : result_.partition_size_);
  }
  /// Refused, as Result's.
  Partitions<ResultView, value_type> partitions(std::size_t size = 0) && = delete;

  /// Result::unique; of scalars, what is the same is the value.
  /// @return This.
  ResultView& unique() & { return unique_by(nullptr); }
  /// As above.
  /// @return This, moved.
  [[nodiscard]] ResultView unique() && { return std::move(unique_by(nullptr)); }
  /// Result::unique.
  /// @param strategy  As there.
  /// @return This.
  ResultView& unique(std::function<std::string(const Row&)> strategy) & { return unique_by(std::move(strategy)); }
  /// As above.
  /// @param strategy  As above.
  /// @return This, moved.
  [[nodiscard]] ResultView unique(std::function<std::string(const Row&)> strategy) && {
    return std::move(unique_by(std::move(strategy)));
  }
  /// Result::yield_per.
  /// @param rows  As there.
  /// @return This.
  ResultView& yield_per(std::size_t rows) {
    result_.yield_per(rows);
    return *this;
  }

  /// @return Reads on from the next value.
  [[nodiscard]] iterator begin() { return iterator(result_.begin()); }
  /// @return What an iterator equals after the last value.
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

  /// @return Result::keys.
  [[nodiscard]] std::vector<std::string> keys() const { return result_.keys(); }
  /// @return Result::closed.
  [[nodiscard]] bool closed() const noexcept { return result_.closed(); }
  /// Result::close.
  void close() { result_.close(); }

 private:
  static std::optional<value_type> read(const std::optional<Row>& row) {
    return row ? std::optional<value_type>(Read::read(*row)) : std::nullopt;
  }
  static std::vector<value_type> read(const std::vector<Row>& rows) {
    std::vector<value_type> values;
    values.reserve(rows.size());
    for (const Row& row : rows) {
      values.push_back(Read::read(row));
    }
    return values;
  }
  ResultView& unique_by(std::function<std::string(const Row&)> strategy) {
    if (Read::is_scalar && strategy == nullptr) {
      result_.columns(std::size_t{0});
    }
    result_.unique_by(std::move(strategy));
    return *this;
  }

  Result result_;
};

/// One column of each row.
template <class T = Value>
using ScalarResult = ResultView<detail::ReadScalar<T>>;
/// Each row as names and values.
using MappingResult = ResultView<detail::ReadMapping>;
/// Each row as a tuple.
template <class... T>
using TupleResult = ResultView<detail::ReadAs<std::tuple<T...>>>;

template <class T>
ResultView<detail::ReadScalar<T>> Result::scalars(std::size_t column) {
  check_readable();
  if (column_index(column) != 0) {
    columns(column);
  }
  return ResultView<detail::ReadScalar<T>>(std::move(*this));
}

inline ResultView<detail::ReadMapping> Result::mappings() { return ResultView<detail::ReadMapping>(std::move(*this)); }

template <class... T>
ResultView<detail::ReadAs<std::tuple<T...>>> Result::tuples() {
  return as<std::tuple<T...>>();
}

template <class T>
ResultView<detail::ReadAs<T>> Result::as() {
  return ResultView<detail::ReadAs<T>>(std::move(*this));
}

}  // namespace greenway
