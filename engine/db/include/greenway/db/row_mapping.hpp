// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/row_mapping.hpp
/// @brief One row of a result, as names and values.
///
/// Layer: db. Source: SQLAlchemy's `RowMapping`.

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <greenway/db/row.hpp>

namespace greenway {

/// A Row whose columns are asked for by name only: `mapping["name"]`.
///
/// @par Lifetime
/// As Row.
class RowMapping {
 public:
  /// @param row  To be read.
  explicit RowMapping(Row row) noexcept : row_(std::move(row)) {}

  /// @param name  Of a column.
  /// @return Its value.
  /// @throws NoSuchColumnError, InvalidRequestError  As Row::index_of.
  [[nodiscard]] Value operator[](std::string_view name) const { return row_.get<Value>(name); }
  /// @tparam T    As Row::get.
  /// @param name  Of a column, or a Column.
  /// @return Its value.
  /// @throws ...  As Row::get.
  template <class T, class C>
  [[nodiscard]] T get(const C& name) const& {
    return row_.get<T>(name);
  }
  /// As above, for a temporary, whose batch may go with it: views are refused.
  /// @tparam T    As Row::get; no view.
  /// @param name  As above.
  /// @return Its value.
  /// @throws ...  As Row::get.
  template <class T, class C>
  [[nodiscard]] T get(const C& name) const&& {
    static_assert(!detail::is_view<T>, "the view would outlive its row: name the row first, or read a std::string");
    return row_.get<T>(name);
  }

  /// @param name  Any.
  /// @return Whether a column has that name.
  [[nodiscard]] bool contains(std::string_view name) const;
  /// @return How many columns.
  [[nodiscard]] std::size_t size() const noexcept { return row_.size(); }
  /// @return The names of the columns, in their order.
  [[nodiscard]] std::vector<std::string> keys() const { return row_.keys(); }
  /// @return The values, in the order of their columns.
  [[nodiscard]] std::vector<Value> values() const;
  /// @return Names and values, in the order of the columns.
  [[nodiscard]] std::vector<std::pair<std::string, Value>> items() const;
  /// @return The row itself.
  [[nodiscard]] const Row& row() const noexcept { return row_; }

  /// Prints `{id: 1, name: 'text'}`.
  friend std::ostream& operator<<(std::ostream& out, const RowMapping& mapping) {
    mapping.print(out);
    return out;
  }

 private:
  void print(std::ostream& out) const;

  Row row_;
};

}  // namespace greenway
