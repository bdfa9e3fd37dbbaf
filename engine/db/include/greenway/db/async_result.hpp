// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/async_result.hpp
/// @brief A streaming result for coroutines: the functions of Result, each spawned in a greenlet.
///
/// Layer: db. Source: SQLAlchemy's `AsyncResult`, `AsyncScalarResult`, `AsyncMappingResult` and `AsyncTupleResult`. What is
/// said of their synchronous namesakes holds here.
///
/// @par Lifetime
/// An operation shares the result it works on, so that the handle may be moved or dropped meanwhile.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <greenway/db/result.hpp>
#include <greenway/runtime/bridge.hpp>

namespace greenway {

/// ResultView for coroutines: what AsyncResult::scalars, mappings, tuples and as give.
template <class Read>
class AsyncResultView {
 public:
  /// What is read.
  using value_type = typename Read::type;

  /// @param view  What this reads.
  explicit AsyncResultView(ResultView<Read> view) : view_(std::make_shared<ResultView<Read>>(std::move(view))) {}

  /// ResultView::fetchone.
  /// @return The next value; empty after the last one.
  [[nodiscard]] Operation<std::optional<value_type>> fetchone() {
    return greenlet_spawn(&ResultView<Read>::fetchone, view_);
  }
  /// ResultView::fetchmany.
  /// @param size  At most this many.
  /// @return The next values.
  [[nodiscard]] Operation<std::vector<value_type>> fetchmany(std::size_t size = 1) {
    return greenlet_spawn(&ResultView<Read>::fetchmany, view_, size);
  }
  /// ResultView::fetchall.
  /// @return The remaining values.
  [[nodiscard]] Operation<std::vector<value_type>> fetchall() {
    return greenlet_spawn(&ResultView<Read>::fetchall, view_);
  }
  /// ResultView::all.
  /// @return The remaining values.
  [[nodiscard]] Operation<std::vector<value_type>> all() { return greenlet_spawn(&ResultView<Read>::all, view_); }
  /// ResultView::partitions, one at a time.
  /// @param size  As there.
  /// @return The next values; none after the last one.
  [[nodiscard]] Operation<std::vector<value_type>> partition(std::size_t size = 0) {
    return greenlet_spawn(&ResultView<Read>::partition, view_, size);
  }
  /// ResultView::first.
  /// @return The next value, or empty.
  [[nodiscard]] Operation<std::optional<value_type>> first() { return greenlet_spawn(&ResultView<Read>::first, view_); }
  /// ResultView::one.
  /// @return The only value.
  [[nodiscard]] Operation<value_type> one() { return greenlet_spawn(&ResultView<Read>::one, view_); }
  /// ResultView::one_or_none.
  /// @return The only value, or empty.
  [[nodiscard]] Operation<std::optional<value_type>> one_or_none() {
    return greenlet_spawn(&ResultView<Read>::one_or_none, view_);
  }
  /// ResultView::close.
  /// @return When it is closed.
  [[nodiscard]] Operation<void> close() { return greenlet_spawn(&ResultView<Read>::close, view_); }

  /// ResultView::unique.
  /// @return This.
  AsyncResultView& unique() {
    view_->unique();
    return *this;
  }
  /// As above.
  /// @param strategy  As there.
  /// @return This.
  AsyncResultView& unique(std::function<std::string(const Row&)> strategy) {
    view_->unique(std::move(strategy));
    return *this;
  }
  /// ResultView::yield_per.
  /// @param rows  As there.
  /// @return This.
  AsyncResultView& yield_per(std::size_t rows) {
    view_->yield_per(rows);
    return *this;
  }
  /// @return ResultView::keys.
  [[nodiscard]] std::vector<std::string> keys() const { return view_->keys(); }
  /// @return ResultView::closed.
  [[nodiscard]] bool closed() const noexcept { return view_->closed(); }

 private:
  std::shared_ptr<ResultView<Read>> view_;
};

/// One column of each row.
template <class T = Value>
using AsyncScalarResult = AsyncResultView<detail::ReadScalar<T>>;
/// Each row as names and values.
using AsyncMappingResult = AsyncResultView<detail::ReadMapping>;
/// Each row as a tuple.
template <class... T>
using AsyncTupleResult = AsyncResultView<detail::ReadAs<std::tuple<T...>>>;

/// A streaming result: its rows arrive as they are asked for.
class AsyncResult {
 public:
  /// @param other  Left good for assignment and destruction only.
  AsyncResult(AsyncResult&& other) noexcept = default;
  /// @param other  Left good for assignment and destruction only.
  /// @return This.
  AsyncResult& operator=(AsyncResult&& other) noexcept = default;

  /// Result::fetchone.
  /// @return The next row; empty after the last one.
  [[nodiscard]] Operation<std::optional<Row>> fetchone();
  /// Result::fetchmany.
  /// @param size  At most this many.
  /// @return The next rows.
  [[nodiscard]] Operation<std::vector<Row>> fetchmany(std::size_t size = 1);
  /// Result::fetchall.
  /// @return The remaining rows.
  [[nodiscard]] Operation<std::vector<Row>> fetchall();
  /// Result::all.
  /// @return The remaining rows.
  [[nodiscard]] Operation<std::vector<Row>> all();
  /// Result::first.
  /// @return The next row, or empty.
  [[nodiscard]] Operation<std::optional<Row>> first();
  /// Result::one.
  /// @return The only row.
  [[nodiscard]] Operation<Row> one();
  /// Result::one_or_none.
  /// @return The only row, or empty.
  [[nodiscard]] Operation<std::optional<Row>> one_or_none();
  /// Result::scalar.
  /// @tparam T  As there.
  /// @return The first column of the next row.
  template <class T = Value>
  [[nodiscard]] Operation<T> scalar() {
    return greenlet_spawn(&Result::scalar<T>, result_);
  }
  /// Result::scalar_one.
  /// @tparam T  As there.
  /// @return The first column of the only row.
  template <class T = Value>
  [[nodiscard]] Operation<T> scalar_one() {
    return greenlet_spawn(&Result::scalar_one<T>, result_);
  }
  /// Result::scalar_one_or_none.
  /// @tparam T  As there.
  /// @return The first column of the only row, or empty.
  template <class T = Value>
  [[nodiscard]] Operation<std::optional<T>> scalar_one_or_none() {
    return greenlet_spawn(&Result::scalar_one_or_none<T>, result_);
  }
  /// Result::scalars.
  /// @tparam T      As there.
  /// @param column  As there.
  /// @return One column of each row; this is left closed.
  template <class T = Value>
  [[nodiscard]] AsyncScalarResult<T> scalars(std::size_t column = 0) {
    return AsyncScalarResult<T>(result_->scalars<T>(column));
  }
  /// Result::mappings.
  /// @return Each row as names and values; this is left closed.
  [[nodiscard]] AsyncMappingResult mappings() { return AsyncMappingResult(result_->mappings()); }
  /// Result::as.
  /// @tparam T  As there.
  /// @return Each row as a `T`; this is left closed.
  template <class T>
  [[nodiscard]] AsyncResultView<detail::ReadAs<T>> as() {
    return AsyncResultView<detail::ReadAs<T>>(result_->as<T>());
  }
  /// Result::tuples.
  /// @tparam T  As there.
  /// @return Each row as a tuple; this is left closed.
  template <class... T>
  [[nodiscard]] AsyncTupleResult<T...> tuples() {
    return AsyncTupleResult<T...>(result_->tuples<T...>());
  }
  /// Result::columns.
  /// @param names  As there.
  /// @return This.
  template <class... C>
  AsyncResult& columns(const C&... names) {
    result_->columns(names...);
    return *this;
  }
  /// Result::unique.
  /// @return This.
  AsyncResult& unique();
  /// As above.
  /// @param strategy  As there.
  /// @return This.
  AsyncResult& unique(std::function<std::string(const Row&)> strategy);
  /// Result::yield_per.
  /// @param rows  As there.
  /// @return This.
  AsyncResult& yield_per(std::size_t rows);
  /// Result::partitions, one at a time: `while (auto rows = co_await result.partition(100); !rows.empty())`.
  /// @param size  As there.
  /// @return The next rows; none after the last one.
  [[nodiscard]] Operation<std::vector<Row>> partition(std::size_t size = 0);
  /// Result::freeze.
  /// @return The rows.
  [[nodiscard]] Operation<FrozenResult> freeze();
  /// Result::close.
  /// @return When it is closed.
  [[nodiscard]] Operation<void> close();

  /// @return Result::returns_rows.
  [[nodiscard]] bool returns_rows() const noexcept { return result_->returns_rows(); }
  /// @return Result::keys.
  [[nodiscard]] std::vector<std::string> keys() const { return result_->keys(); }
  /// @return Result::rowcount.
  [[nodiscard]] std::int64_t rowcount() const noexcept { return result_->rowcount(); }
  /// @return Result::inserted_primary_key.
  [[nodiscard]] const std::vector<Value>& inserted_primary_key() const { return result_->inserted_primary_key(); }
  /// @return Result::inserted_primary_key_rows.
  [[nodiscard]] std::vector<std::vector<Value>> inserted_primary_key_rows() const {
    return result_->inserted_primary_key_rows();
  }
  /// @return Result::closed.
  [[nodiscard]] bool closed() const noexcept { return result_->closed(); }
  /// Refused: a loop cannot wait between its rows.
  void begin() = delete;  // while (auto row = co_await result.fetchone()) { … }
  /// As above.
  void end() = delete;

  /// Prints as Result does.
  friend std::ostream& operator<<(std::ostream& out, const AsyncResult& result);

 private:
  friend class AsyncConnection;
  explicit AsyncResult(Result result) : result_(std::make_shared<Result>(std::move(result))) {}

  std::shared_ptr<Result> result_;
};

}  // namespace greenway
