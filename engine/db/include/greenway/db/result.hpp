// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/result.hpp
/// @brief What a statement answered: rows to read, once, from front to back, and what is known about them.
///
/// Layer: db. Source: SQLAlchemy's `CursorResult`.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <greenway/db/row.hpp>

namespace greenway {

class FrozenResult;
template <class Read>
class ResultView;

namespace detail {

class ConnectionState;
class RowFilter;
template <class T>
struct ReadScalar;
struct ReadMapping;
template <class T>
struct ReadAs;

/// The open streaming result of a connection. Gives it up, without waiting, when it goes.
class Stream {
 public:
  Stream() noexcept = default;
  Stream(std::shared_ptr<ConnectionState> connection, std::uint64_t number) noexcept;
  Stream(Stream&& other) noexcept = default;
  Stream& operator=(Stream&& other) noexcept;
  ~Stream();

  /// Whether there is one.
  explicit operator bool() const noexcept { return connection_ != nullptr; }
  /// The next rows; null at the end, with which the stream goes.
  std::shared_ptr<const RowBatch> next();
  /// So many rows, about, are fetched at a time from now on.
  void yield_per(std::size_t rows) noexcept;
  /// Closes it, which may wait.
  void close();

 private:
  std::shared_ptr<ConnectionState> connection_;
  std::uint64_t number_ = 0;
};

}  // namespace detail

/// The rows of a result, in vectors of `size`; see Result::partitions.
template <class Source, class Item>
class Partitions {
 public:
  /// Reads the partitions, front to back, once.
  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;  ///< A single pass.
    using value_type = std::vector<Item>;               ///< What is read.
    using difference_type = std::ptrdiff_t;             ///< Of no use.
    using pointer = const value_type*;                  ///< See reference.
    using reference = value_type&;                      ///< To be kept, move it.

    /// @param range  What is read.
    explicit iterator(Partitions* range) : range_(range) { ++*this; }
    /// @return The current partition.
    reference operator*() noexcept { return items_; }
    /// Moves on to the next partition.
    /// @return This.
    iterator& operator++() {
      items_ = range_->source_->fetchmany(range_->size_);
      return *this;
    }
    /// Moves on to the next partition.
    void operator++(int) { ++*this; }
    /// @return Whether there is no more partition.
    friend bool operator==(const iterator& at, std::default_sentinel_t) noexcept { return at.items_.empty(); }

   private:
    Partitions* range_;
    value_type items_;
  };

  /// @param source  Outlives this.
  /// @param size    Of a partition; the last one may be smaller.
  Partitions(Source& source, std::size_t size) noexcept : source_(&source), size_(size) {}
  /// @return Reads on from the next row.
  [[nodiscard]] iterator begin() { return iterator(this); }
  /// @return What an iterator equals after the last partition.
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  Source* source_;
  std::size_t size_;
};

/// The answer to one statement.
///
///     open    --the last row is read------------------>  exhausted   fetches give nothing
///     open, exhausted  --close(), first(), one(), scalar() …-->  closed      fetches throw ResourceClosedError
///
/// A statement that returns no rows gives a result that is closed from the start.
///
/// A buffered result holds all its rows and needs its connection no more. A streaming one (ExecutionOptions) fetches as
/// it is read, so that each fetch may wait; it ends with its transaction or connection, whichever ends first.
///
/// @par Threads
/// Used by one greenlet or thread at a time.
///
/// @par Lifetime
/// Destroying a streaming result never waits: what it has not read is given up when its connection is next used.
///
/// @par Cost
/// A `for` loop over a result moves one Row along the rows: no allocation, no reference count.
class Result {
 public:
  /// @param other  Left closed.
  Result(Result&& other) noexcept;
  /// @param other  Left closed; what this was is closed.
  /// @return This.
  Result& operator=(Result&& other) noexcept;
  ~Result();

  /// Reads the rows of a result, front to back, once.
  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;  ///< A single pass.
    using value_type = Row;                             ///< What is read.
    using difference_type = std::ptrdiff_t;             ///< Of no use.
    using pointer = const Row*;                         ///< See reference.
    using reference = const Row&;                       ///< The one Row of the iterator; copy it to keep the row.

    /// @return The current row.
    reference operator*() const noexcept { return *row_; }
    /// @return The current row.
    pointer operator->() const noexcept { return &*row_; }
    /// Moves on to the next row.
    /// @return This.
    iterator& operator++() {
      if (!result_->move_on(row_)) {
        result_ = nullptr;
      }
      return *this;
    }
    /// Moves on to the next row.
    void operator++(int) { ++*this; }
    /// @return Whether there is no more row.
    friend bool operator==(const iterator& at, std::default_sentinel_t) noexcept { return at.result_ == nullptr; }

   private:
    friend class Result;
    explicit iterator(Result* result) : result_(result) { ++*this; }

    Result* result_;
    std::optional<Row> row_;
  };

  /// @return Whether the statement returns rows, even if there are none.
  [[nodiscard]] bool returns_rows() const noexcept { return columns_ != nullptr && !columns_->empty(); }
  /// @return The names of the columns.
  /// @throws ResourceClosedError  The statement returns no rows.
  [[nodiscard]] std::vector<std::string> keys() const;
  /// @return Rows affected, or, of a buffered result, rows returned; -1 when not known.
  [[nodiscard]] std::int64_t rowcount() const noexcept { return rowcount_; }
  /// @return The rowid of the last INSERT on SQLite; 0 elsewhere.
  [[nodiscard]] std::int64_t lastrowid() const noexcept { return lastrowid_; }
  /// @return The primary key of the row that an insert() has inserted, a value for each of its columns; NULL where nothing
  ///         was inserted. On PostgreSQL what the server makes of it is asked for with RETURNING; see Insert::inline_.
  /// @throws InvalidRequestError  Of anything but an insert() of one row, by execute() with one set of parameters, into a
  ///                              table with a primary key: where there is a returning() it is among the rows.
  [[nodiscard]] const std::vector<Value>& inserted_primary_key() const;
  /// @return inserted_primary_key(), as the only one of a list.
  /// @throws InvalidRequestError  As above.
  [[nodiscard]] std::vector<std::vector<Value>> inserted_primary_key_rows() const { return {inserted_primary_key()}; }
  /// @return Whether it is closed.
  [[nodiscard]] bool closed() const noexcept { return closed_; }

  /// @return The next row; empty after the last one.
  /// @throws ResourceClosedError  The result is closed, returns no rows, or its connection or transaction has ended.
  /// @throws DBAPIError           Streaming: as the database reports.
  [[nodiscard]] std::optional<Row> fetchone();
  /// @param size  At most this many.
  /// @return The next rows; fewer than `size`, or none, at the end.
  /// @throws ResourceClosedError, DBAPIError  As fetchone().
  [[nodiscard]] std::vector<Row> fetchmany(std::size_t size = 1);
  /// @return All rows that have not been read yet.
  /// @throws ResourceClosedError, DBAPIError  As fetchone().
  [[nodiscard]] std::vector<Row> fetchall();
  /// fetchall(), by the name that SQLAlchemy prefers.
  /// @return As fetchall().
  [[nodiscard]] std::vector<Row> all() { return fetchall(); }

  /// Closes the result.
  /// @return The next row, or empty.
  /// @throws ResourceClosedError, DBAPIError  As fetchone().
  [[nodiscard]] std::optional<Row> first();
  /// Closes the result.
  /// @return The only row.
  /// @throws NoResultFound         There is none.
  /// @throws MultipleResultsFound  There are more.
  /// @throws ResourceClosedError, DBAPIError  As fetchone().
  [[nodiscard]] Row one();
  /// Closes the result.
  /// @return The only row, or empty.
  /// @throws MultipleResultsFound  There are more.
  /// @throws ResourceClosedError, DBAPIError  As fetchone().
  [[nodiscard]] std::optional<Row> one_or_none();

  /// Closes the result.
  /// @tparam T  As Row::get; no view.
  /// @return The first column of the next row. Without a row it is NULL: of a `Value` or an `std::optional`, empty.
  /// @throws NoResultFound  There is no row, and `T` has no room for NULL.
  /// @throws ...            As first() and Row::get.
  template <class T = Value>
  [[nodiscard]] T scalar() {
    static_assert(!detail::is_view<T>, "the view would outlive its row: read a std::string");
    const std::optional<Row> row = first();
    if (!row) {
      if constexpr (std::is_same_v<T, Value> || detail::is_optional<T>) {
        return T();
      } else {
        throw_no_row();
      }
    }
    return row->get<T>(0);
  }
  /// Closes the result.
  /// @tparam T  As Row::get; no view.
  /// @return The first column of the only row.
  /// @throws ...  As one() and Row::get.
  template <class T = Value>
  [[nodiscard]] T scalar_one() {
    return one().get<T>(0);
  }
  /// Closes the result.
  /// @tparam T  As Row::get; no view.
  /// @return The first column of the only row; empty when there is no row.
  /// @throws ...  As one_or_none() and Row::get.
  template <class T = Value>
  [[nodiscard]] std::optional<T> scalar_one_or_none() {
    std::optional<Row> row = one_or_none();
    return row ? std::optional<T>(std::move(*row).template get<T>(0)) : std::nullopt;
  }

  /// Reads one column of each row: `for (auto name : result.scalars<std::string>())`.
  /// @tparam T      As Row::get; no view.
  /// @param column  From 0.
  /// @return What has not been read yet, as values; this result is left closed.
  /// @throws NoSuchColumnError    There is no such column.
  /// @throws ResourceClosedError  As fetchone().
  template <class T = Value>
  [[nodiscard]] ResultView<detail::ReadScalar<T>> scalars(std::size_t column = 0);
  /// Reads each row as names and values.
  /// @return What has not been read yet, as RowMapping; this result is left closed.
  [[nodiscard]] ResultView<detail::ReadMapping> mappings();
  /// Reads each row as a tuple: `for (auto [id, name] : result.tuples<int, std::string>())`.
  /// @tparam T  A type for each column.
  /// @return What has not been read yet, as tuples; this result is left closed.
  template <class... T>
  [[nodiscard]] ResultView<detail::ReadAs<std::tuple<T...>>> tuples();
  /// Reads each row by Row::as.
  /// @tparam T  As there.
  /// @return What has not been read yet, as `T`; this result is left closed.
  template <class T>
  [[nodiscard]] ResultView<detail::ReadAs<T>> as();

  /// From now on rows have just these columns, in this order.
  /// @param names  Each one a number from 0, a name, or a Column.
  /// @return This.
  /// @throws NoSuchColumnError, InvalidRequestError  As Row::index_of.
  template <class... C>
  Result& columns(const C&... names) & {
    return project({column_index(names)...});
  }
  /// As above.
  /// @param names  As above.
  /// @return This, moved.
  template <class... C>
  [[nodiscard]] Result columns(const C&... names) && {
    return std::move(project({column_index(names)...}));
  }
  /// From now on a row that has been read before, or one that prints the same, is left out. Remembers what was read.
  /// @return This.
  Result& unique() & { return unique_by(nullptr); }
  /// As above.
  /// @return This, moved.
  [[nodiscard]] Result unique() && { return std::move(unique_by(nullptr)); }
  /// As above, where rows are the same for which `strategy` gives the same text.
  /// @param strategy  Called once a row.
  /// @return This.
  Result& unique(std::function<std::string(const Row&)> strategy) & { return unique_by(std::move(strategy)); }
  /// As above.
  /// @param strategy  As above.
  /// @return This, moved.
  [[nodiscard]] Result unique(std::function<std::string(const Row&)> strategy) && {
    return std::move(unique_by(std::move(strategy)));
  }
  /// Fetches about so many rows at a time from now on, if this is streaming, and makes it the size of partitions().
  /// @param rows  At least 1.
  /// @return This.
  Result& yield_per(std::size_t rows);
  /// @param size  Rows in each; 0 is what yield_per said, or 1000.
  /// @return What has not been read yet, as vectors of rows, for a `for` loop. It must not outlive this.
  [[nodiscard]] Partitions<Result, Row> partitions(std::size_t size = 0) & {
    return Partitions<Result, Row>(*this, size != 0 ? size : partition_size_);
  }
  /// @param size  As partitions().
  /// @return The next partition; empty after the last one.
  [[nodiscard]] std::vector<Row> partition(std::size_t size = 0) { return fetchmany(size != 0 ? size : partition_size_); }
  /// Refused: name the result, since the loop reads it to its end.
  Partitions<Result, Row> partitions(std::size_t size = 0) && = delete;
  /// Reads what has not been read yet and keeps it, to be read again, any number of times; this result is closed.
  /// @return The rows.
  /// @throws ResourceClosedError, DBAPIError  As fetchone().
  [[nodiscard]] FrozenResult freeze();

  /// @return Reads on from the next row.
  /// @throws ResourceClosedError, DBAPIError  As fetchone(); also of `++`.
  [[nodiscard]] iterator begin() { return iterator(this); }
  /// @return What an iterator equals after the last row.
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

  /// Gives up what has not been read; for a streaming result this may wait, a bounded time, for the server.
  /// Closing twice does nothing.
  void close();

  /// Prints the columns, and of a buffered result the rows that have not been read, which stay unread; unique() has not
  /// looked at them yet.
  friend std::ostream& operator<<(std::ostream& out, const Result& result) {
    result.print(out);
    return out;
  }

 private:
  friend class detail::ConnectionState;
  friend class FrozenResult;
  template <class Read>
  friend class ResultView;
  friend class Connection;

  /// Says what was selected, before anything is read. Null, or another number of columns, says nothing.
  void set_columns(std::shared_ptr<const detail::StatementColumns> selected) noexcept;
  /// A buffered result; `first` is null where there is no batch.
  Result(std::shared_ptr<const ColumnList> columns, std::shared_ptr<const RowBatch> first,
         std::vector<std::shared_ptr<const RowBatch>> batches, std::int64_t rowcount, std::int64_t lastrowid);
  /// Of what returns no rows.
  Result(std::int64_t rowcount, std::int64_t lastrowid);
  /// A streaming one.
  Result(std::shared_ptr<const ColumnList> columns, detail::Stream stream);

  bool move_on(std::optional<Row>& row) {
    if (next_ == size_ && !load()) [[unlikely]] {
      return false;
    }
    if (row && row->source_ == source_) [[likely]] {
      row->index_ = next_++;
    } else {
      row = Row(source_, next_++);
    }
    return true;
  }
  /// The rows of another buffered result follow those of this one.
  void append(Result other);
  bool load();
  std::shared_ptr<const RowBatch> next_batch();
  [[nodiscard]] std::size_t column_index(std::size_t column) const;
  [[nodiscard]] std::size_t column_index(std::string_view name) const;
  template <detail::NamesColumn C>
  [[nodiscard]] std::size_t column_index(const C& column) const {
    check_readable();
    return detail::index_of(*columns_, selected_.get(), column);
  }
  Result& project(const std::vector<std::size_t>& columns);
  Result& unique_by(std::function<std::string(const Row&)> strategy);
  detail::RowFilter& filter();
  void read_from(std::shared_ptr<const RowBatch> batch);
  void print(std::ostream& out) const;
  void check_readable() const;
  std::optional<Row> only_row(const char* what_was_required);
  [[noreturn]] static void throw_no_row();

  std::shared_ptr<const ColumnList> columns_;
  std::shared_ptr<const detail::StatementColumns> selected_;  // what the statement says of the columns; or null
  std::shared_ptr<detail::RowSource> source_;  // the batch being read
  std::size_t next_ = 0;                                  // in it: the next row
  std::size_t size_ = 0;                                  // of it
  std::vector<std::shared_ptr<const RowBatch>> batches_;  // buffered: those after it, from next_batch_ on
  std::size_t next_batch_ = 0;
  detail::Stream stream_;  // streaming: where they come from, until the end
  std::int64_t rowcount_ = -1;
  std::int64_t lastrowid_ = 0;
  std::shared_ptr<const std::vector<Value>> inserted_key_;  // or null
  std::unique_ptr<detail::RowFilter> filter_;  // of columns() and unique()
  std::size_t partition_size_ = 1000;
  bool closed_ = false;
};

}  // namespace greenway

#include <greenway/db/result_view.hpp>
