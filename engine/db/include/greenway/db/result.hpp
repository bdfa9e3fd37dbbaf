// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/result.hpp
/// @brief What a statement answered: rows to read, once, from front to back, and what is known about them.
///
/// Layer: db. Source: SQLAlchemy's `CursorResult`.

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <greenway/db/row.hpp>

namespace greenway {

namespace detail {

class ConnectionState;

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
  /// Closes it, which may wait.
  void close();

 private:
  std::shared_ptr<ConnectionState> connection_;
  std::uint64_t number_ = 0;
};

}  // namespace detail

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

  /// @return Reads on from the next row.
  /// @throws ResourceClosedError, DBAPIError  As fetchone(); also of `++`.
  [[nodiscard]] iterator begin() { return iterator(this); }
  /// @return What an iterator equals after the last row.
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

  /// Gives up what has not been read; for a streaming result this may wait, a bounded time, for the server.
  /// Closing twice does nothing.
  void close();

  /// Prints the columns, and of a buffered result the rows that have not been read, which stay unread.
  friend std::ostream& operator<<(std::ostream& out, const Result& result) {
    result.print(out);
    return out;
  }

 private:
  friend class detail::ConnectionState;

  /// A buffered result.
  Result(std::shared_ptr<const ColumnList> columns, std::vector<std::shared_ptr<const RowBatch>> batches,
         std::int64_t rowcount, std::int64_t lastrowid);
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
  bool load();
  void print(std::ostream& out) const;
  void check_readable() const;
  std::optional<Row> only_row(const char* what_was_required);
  [[noreturn]] static void throw_no_row();

  std::shared_ptr<const ColumnList> columns_;
  std::shared_ptr<const detail::RowSource> source_;       // the batch being read
  std::size_t next_ = 0;                                  // in it: the next row
  std::size_t size_ = 0;                                  // of it
  std::vector<std::shared_ptr<const RowBatch>> batches_;  // buffered: those after it, from next_batch_ on
  std::size_t next_batch_ = 0;
  detail::Stream stream_;  // streaming: where they come from, until the end
  std::int64_t rowcount_ = -1;
  std::int64_t lastrowid_ = 0;
  bool closed_ = false;
};

}  // namespace greenway
