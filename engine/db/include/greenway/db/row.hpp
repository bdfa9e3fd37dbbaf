// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/row.hpp
/// @brief One row of a result, its values read as C++ types.
///
/// Layer: db. Source: SQLAlchemy's `Row`.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <greenway/db/detail/read_cell.hpp>
#include <greenway/db/row_batch.hpp>
#include <greenway/sql/detail/statement_columns.hpp>
#include <greenway/sql/type.hpp>
#include <greenway/sql/value.hpp>

namespace greenway {

class Result;
class RowMapping;

namespace detail {

class RowFilter;

/// A batch with its columns: what all rows of one batch share.
struct RowSource {
  std::shared_ptr<const RowBatch> batch;
  std::shared_ptr<const ColumnList> columns;
  std::shared_ptr<const StatementColumns> selected = {};  // what the statement says of them; or null
};

/// The number of the only column of that name.
std::size_t index_of(const ColumnList& columns, std::string_view name);
[[noreturn]] void throw_no_column(const ColumnList& columns, std::size_t column);
/// The number of the column that was selected as `element`; else of the only one that is called `name`, unless that is empty.
std::size_t index_of(const ColumnList& columns, const StatementColumns* selected, const Node* element, std::string_view name);

/// Makes a `T` of a whole row. Tuples are below, structs in greenway/db/row_struct.hpp.
template <class T>
struct RowReader {
  static_assert(!std::is_same_v<T, T>,
                "a row can be read as a std::tuple or std::pair; to read it as a struct, describe that with "
                "BOOST_DESCRIBE_STRUCT and include <greenway/db/row_struct.hpp>");
};

/// Anything that can be selected, or that has the name of a column.
template <class C>
concept HasColumnName = requires(const C& column) {
  { column.name() } -> std::convertible_to<std::string_view>;
};
template <class C>
concept NamesColumn = HasColumnName<C> || requires(const C& column) {
  { column.node() } -> std::convertible_to<const NodeRef&>;
};

template <NamesColumn C>
std::size_t index_of(const ColumnList& columns, const StatementColumns* selected, const C& column) {
  const Node* element = nullptr;
  std::string_view name;
  if constexpr (requires { column.node(); }) {
    element = column.node().get();
  }
  if constexpr (HasColumnName<C>) {
    name = column.name();
  }
  return index_of(columns, selected, element, name);
}

}  // namespace detail

/// One row. Values are decoded when they are asked for, from the batch that the driver received.
///
/// A column is named by its number, from 0, or by its name as the database gives it; numbers cost nothing to find.
/// It can be read as
///
/// | database          | C++                                                                                    |
/// |-------------------|----------------------------------------------------------------------------------------|
/// | boolean           | `bool`                                                                                 |
/// | integer           | any integer type that holds the value; `double`, `float`, `Decimal`; 0 and 1 as `bool` |
/// | real              | `double`, `float`; `Decimal`, of 15 digits                                             |
/// | numeric           | `Decimal`, `std::string` (both exact), `double`, `float`; whole numbers as integers    |
/// | text, enum        | `std::string`, `std::string_view`; a described C++ enum by <greenway/sql/enum.hpp>     |
/// | bytes             | `Bytes`, `std::span<const std::byte>`                                                  |
/// | date              | `std::chrono::year_month_day`, `std::chrono::sys_days`                                 |
/// | time              | `TimeOfDay`                                                                            |
/// | timestamp         | `std::chrono::local_time`, `std::chrono::sys_time`, of microseconds or finer           |
/// | ... with zone     | the same: one is taken for the other as if it were in UTC                              |
/// | interval          | `CalendarInterval`; without months a `std::chrono::duration` that holds it exactly     |
/// | uuid              | `boost::uuids::uuid`, `UUIDBytes`                                                      |
/// | json              | `boost::json::value` by <greenway/sql/json.hpp>; `JSONText`; texts as above            |
/// | array             | `std::vector` of what its items can be read as, in each other for several dimensions   |
/// | date to array     | `std::string`, as PostgreSQL prints it                                                 |
/// | anything          | `Value`, of the type that the statement says the column has                            |
/// | anything, or NULL | `std::optional` of the above                                                           |
/// | anything          | a type that has a TypeDecorator, as its `Impl`                                         |
///
/// SQLite has integers, reals, texts and blobs alone: there, dates, times, intervals, UUIDs, decimals and JSON are read from
/// what Value tells they are stored as. Infinite dates and numbers, and years beyond the C++ type's, throw DataError; they
/// can be read as `std::string`.
///
/// @par Lifetime
/// Copies share the batch and keep it. A view points into it, and lives as long as any row of the batch.
///
/// @par Threads
/// Different copies may be read from different threads.
class Row {
 public:
  /// @return How many columns.
  [[nodiscard]] std::size_t size() const noexcept { return source_->columns->size(); }
  /// @return The names of the columns, in their order.
  [[nodiscard]] std::vector<std::string> keys() const;

  /// @tparam T      See the table.
  /// @param column  From 0.
  /// @return The value.
  /// @throws NoSuchColumnError    There is no such column.
  /// @throws InvalidRequestError  The column holds another type, or NULL. The message names the column and both types.
  /// @throws DataError            The value does not fit into `T`.
  template <class T>
  [[nodiscard]] T get(std::size_t column) const& {
    const Cell value = cell(column);
    const ColumnInfo& info = (*source_->columns)[column];
    if constexpr (std::is_same_v<T, Value>) {
      return source_->selected == nullptr ? detail::to_value(value)
                                          : detail::to_value(value, info, source_->selected->types[column]);
    } else {
      const bool is_scaled = value.kind == ValueKind::real && source_->selected != nullptr;
      return detail::from_cell<T>(is_scaled ? detail::scaled(value, source_->selected->types[column]) : value, info);
    }
  }
  /// @tparam T      See the table.
  /// @param column  Its name.
  /// @return The value.
  /// @throws NoSuchColumnError    There is no such column.
  /// @throws InvalidRequestError  Several columns have the name; or as above.
  /// @throws DataError            As above.
  template <class T>
  [[nodiscard]] T get(std::string_view column) const& {
    return get<T>(index_of(column));
  }
  /// As above, for a temporary row, whose batch may go with it: views are refused.
  /// @tparam T      See the table; no view.
  /// @param column  From 0.
  /// @return The value.
  template <class T>
  [[nodiscard]] T get(std::size_t column) const&& {
    static_assert(!detail::is_view<T>, "the view would outlive its row: name the row first, or read a std::string");
    return get<T>(column);
  }
  /// As above.
  /// @tparam T      See the table; no view.
  /// @param column  Its name.
  /// @return The value.
  template <class T>
  [[nodiscard]] T get(std::string_view column) const&& {
    static_assert(!detail::is_view<T>, "the view would outlive its row: name the row first, or read a std::string");
    return get<T>(column);
  }

  /// @tparam T      See the table.
  /// @param column  What was selected, the same object or a copy; or else a Column, found by its name.
  /// @return The value.
  /// @throws ...  As by name.
  template <class T, detail::NamesColumn C>
  [[nodiscard]] T get(const C& column) const& {
    return get<T>(index_of(column));
  }
  /// As above.
  /// @tparam T      See the table; no view.
  /// @param column  As above.
  /// @return The value.
  template <class T, detail::NamesColumn C>
  [[nodiscard]] T get(const C& column) const&& {
    static_assert(!detail::is_view<T>, "the view would outlive its row: name the row first, or read a std::string");
    return get<T>(index_of(column));
  }

  /// Reads the whole row.
  /// @tparam T  A `std::tuple` or `std::pair` with a type for each column, in their order; or, with
  ///            greenway/db/row_struct.hpp, a described struct, whose members are found by name.
  /// @return The values.
  /// @throws InvalidRequestError  The row has more or fewer columns than the tuple; or as get().
  /// @throws NoSuchColumnError    A member has no column.
  /// @throws DataError            As get().
  template <class T>
  [[nodiscard]] T as() const {
    return detail::RowReader<T>::read(*this);
  }

  /// @param column  From 0.
  /// @return Whether its value is NULL.
  /// @throws NoSuchColumnError  There is no such column.
  [[nodiscard]] bool is_null(std::size_t column) const { return cell(column).kind == ValueKind::null; }
  /// @param column  Its name.
  /// @return Whether its value is NULL.
  /// @throws NoSuchColumnError, InvalidRequestError  As index_of().
  [[nodiscard]] bool is_null(std::string_view column) const { return is_null(index_of(column)); }

  /// @param name  Of a column.
  /// @return Its number.
  /// @throws NoSuchColumnError    There is no such column.
  /// @throws InvalidRequestError  Several columns have that name.
  [[nodiscard]] std::size_t index_of(std::string_view name) const { return detail::index_of(*source_->columns, name); }

  /// @param column  What was selected, or else a Column that has its name.
  /// @return Its number.
  /// @throws ...  As above.
  template <detail::NamesColumn C>
  [[nodiscard]] std::size_t index_of(const C& column) const {
    return detail::index_of(*source_->columns, source_->selected.get(), column);
  }
  /// @param column  As of index_of().
  /// @return Whether its value is NULL.
  /// @throws ...  As above.
  template <detail::NamesColumn C>
  [[nodiscard]] bool is_null(const C& column) const {
    return is_null(index_of(column));
  }

  /// Prints `(1, 'text', NULL)`.
  friend std::ostream& operator<<(std::ostream& out, const Row& row);

 private:
  friend class Result;
  friend class RowMapping;
  friend class detail::RowFilter;
  template <class T>
  friend struct detail::RowReader;

  Row(std::shared_ptr<const detail::RowSource> source, std::size_t index) noexcept
      : source_(std::move(source)), index_(index) {}
  [[nodiscard]] Cell cell(std::size_t column) const {
    if (column >= source_->columns->size()) [[unlikely]] {
      detail::throw_no_column(*source_->columns, column);
    }
    return source_->batch->cell(index_, column);
  }
  void check_size(std::size_t wanted) const;
  void print(std::ostream& out, std::size_t column) const;

  std::shared_ptr<const detail::RowSource> source_;
  std::size_t index_;
};

namespace detail {

template <class... T>
struct RowReader<std::tuple<T...>> {
  static_assert(!(is_view<T> || ...), "the view would outlive its row: read a std::string");
  static std::tuple<T...> read(const Row& row) {
    row.check_size(sizeof...(T));
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return std::tuple<T...>{row.get<T>(I)...};
    }(std::index_sequence_for<T...>());
  }
};

template <class A, class B>
struct RowReader<std::pair<A, B>> {
  static std::pair<A, B> read(const Row& row) {
    return std::make_from_tuple<std::pair<A, B>>(RowReader<std::tuple<A, B>>::read(row));
  }
};

}  // namespace detail

}  // namespace greenway
