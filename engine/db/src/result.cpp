// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/result.hpp>

#include <algorithm>
#include <ostream>
#include <utility>

#include <greenway/base/error.hpp>

#include "connection_state.hpp"
#include "row_filter.hpp"

namespace greenway {

namespace detail {

Stream::Stream(std::shared_ptr<ConnectionState> connection, std::uint64_t number) noexcept
    : connection_(std::move(connection)), number_(number) {}

Stream& Stream::operator=(Stream&& other) noexcept {
  Stream gone(std::move(*this));
  connection_ = std::move(other.connection_);
  number_ = other.number_;
  return *this;
}

[[gnu::hot]] Stream::~Stream() {
  if (connection_ != nullptr) {
    connection_->abandon_stream(number_);
  }
}

std::shared_ptr<const RowBatch> Stream::next() {
  std::shared_ptr<const RowBatch> batch = connection_->next_batch(number_);
  if (batch == nullptr) {
    connection_.reset();
  }
  return batch;
}

void Stream::yield_per(std::size_t rows) noexcept {
  if (connection_ != nullptr) {
    connection_->yield_per(number_, rows);
  }
}

[[gnu::hot]] void Stream::close() {
  if (const auto connection = std::exchange(connection_, nullptr)) {
    connection->close_stream(number_);
  }
}

}  // namespace detail

[[gnu::hot]] Result::Result(std::shared_ptr<const ColumnList> columns, std::shared_ptr<const RowBatch> first,
                            std::vector<std::shared_ptr<const RowBatch>> batches, std::int64_t rowcount,
                            std::int64_t lastrowid)
    : columns_(std::move(columns)),
      batches_(std::move(batches)),
      rowcount_(rowcount),
      lastrowid_(lastrowid),
      closed_(!returns_rows()) {
  read_from(std::move(first));
}

Result::Result(std::int64_t rowcount, std::int64_t lastrowid) : rowcount_(rowcount), lastrowid_(lastrowid), closed_(true) {}

Result::Result(std::shared_ptr<const ColumnList> columns, detail::Stream stream)
    : columns_(std::move(columns)), stream_(std::move(stream)), closed_(!returns_rows()) {}

Result::Result(Result&& other) noexcept
    : columns_(std::move(other.columns_)),
      selected_(std::move(other.selected_)),
      source_(std::move(other.source_)),
      next_(std::exchange(other.next_, 0)),
      size_(std::exchange(other.size_, 0)),
      batches_(std::move(other.batches_)),
      next_batch_(std::exchange(other.next_batch_, 0)),
      stream_(std::move(other.stream_)),
      rowcount_(other.rowcount_),
      lastrowid_(other.lastrowid_),
      inserted_key_(std::move(other.inserted_key_)),
      filter_(std::move(other.filter_)),
      partition_size_(other.partition_size_),
      closed_(std::exchange(other.closed_, true)) {
  other.batches_.clear();
}

Result& Result::operator=(Result&& other) noexcept {
  if (this != &other) {
    std::destroy_at(this);
    std::construct_at(this, std::move(other));
  }
  return *this;
}

[[gnu::hot]] Result::~Result() = default;

[[gnu::hot]] void Result::set_columns(std::shared_ptr<const detail::StatementColumns> selected) noexcept {
  if (selected != nullptr && returns_rows() && selected->types.size() == columns_->size()) {
    selected_ = std::move(selected);
    if (source_ != nullptr) {
      source_->selected = selected_;
    }
  }
}

std::vector<std::string> Result::keys() const {
  if (!returns_rows()) {
    check_readable();
  }
  std::vector<std::string> names;
  names.reserve(columns_->size());
  for (const ColumnInfo& column : *columns_) {
    names.push_back(column.name);
  }
  return names;
}

const std::vector<Value>& Result::inserted_primary_key() const {
  if (inserted_key_ == nullptr) {
    throw InvalidRequestError("the primary key is known of one row that an insert() without returning() has inserted into a "
                              "table with a primary key; of several rows ask for it: insert().returning()");
  }
  return *inserted_key_;
}

void Result::append(Result other) {
  if (other.source_ != nullptr) {
    batches_.push_back(other.source_->batch);
  }
  std::ranges::move(other.batches_, std::back_inserter(batches_));
  rowcount_ += other.rowcount_;
}

std::optional<Row> Result::fetchone() {
  std::optional<Row> row;
  move_on(row);
  return row;
}

std::vector<Row> Result::fetchmany(std::size_t size) {
  std::vector<Row> rows;
  while (rows.size() < size && (next_ < size_ || load())) {
    rows.push_back(Row(source_, next_++));
  }
  return rows;
}

std::vector<Row> Result::fetchall() {
  std::vector<Row> rows;
  while (next_ < size_ || load()) {
    rows.reserve(rows.size() + size_ - next_);
    while (next_ < size_) {
      rows.push_back(Row(source_, next_++));
    }
  }
  return rows;
}

std::optional<Row> Result::first() {
  std::optional<Row> row = fetchone();
  close();
  return row;
}

[[gnu::hot]] Row Result::one() {
  if (size_ - next_ == 1 && next_batch_ == batches_.size() && !stream_) [[likely]] {
    Row row(std::move(source_), next_);
    close();
    return row;
  }
  std::optional<Row> row = only_row("exactly one was");
  if (!row) {
    throw_no_row();
  }
  return *std::move(row);
}

std::optional<Row> Result::one_or_none() { return only_row("one or none was"); }

[[gnu::hot]] void Result::close() {
  closed_ = true;
  next_ = size_ = 0;
  source_.reset();
  batches_.clear();
  next_batch_ = 0;
  stream_.close();
}

// Makes the next batch the one being read. False at the end.
bool Result::load() {
  check_readable();
  std::shared_ptr<const RowBatch> batch;
  do {
    batch = next_batch();
    if (batch == nullptr) {
      return false;
    }
    if (filter_ != nullptr) [[unlikely]] {
      batch = filter_->apply(std::move(batch), columns_);
    }
  } while (batch == nullptr);
  read_from(std::move(batch));
  return true;
}

std::shared_ptr<const RowBatch> Result::next_batch() {
  if (next_batch_ < batches_.size()) {
    return std::move(batches_[next_batch_++]);
  }
  return stream_ ? stream_.next() : nullptr;
}

// Of a null batch nothing is left to read.
[[gnu::hot]] void Result::read_from(std::shared_ptr<const RowBatch> batch) {
  next_ = 0;
  size_ = batch != nullptr ? batch->size() : 0;
  source_ = batch != nullptr
                ? std::make_shared<detail::RowSource>(detail::RowSource{std::move(batch), columns_, selected_})
                : nullptr;
}

void Result::check_readable() const {
  if (!closed_) {
    return;
  }
  throw ResourceClosedError(returns_rows() || columns_ == nullptr
                                ? "This result object is closed."
                                : "This result object does not return rows. It has been closed automatically.");
}

std::size_t Result::column_index(std::size_t column) const {
  check_readable();
  return column < columns_->size() ? column : (detail::throw_no_column(*columns_, column), 0);
}

std::size_t Result::column_index(std::string_view name) const {
  check_readable();
  return detail::index_of(*columns_, name);
}

detail::RowFilter& Result::filter() {
  check_readable();
  if (filter_ == nullptr) {
    filter_ = std::make_unique<detail::RowFilter>();
  }
  return *filter_;
}

// What is being read is replaced by what the new filter leaves of its unread rows.
Result& Result::project(const std::vector<std::size_t>& columns) {
  detail::RowFilter& filter = this->filter();
  auto shape = std::make_shared<ColumnList>();
  std::vector<std::size_t> chosen;  // of the batches as they arrive
  for (const std::size_t column : columns) {
    shape->push_back((*columns_)[column]);
    chosen.push_back(filter.columns().empty() ? column : filter.columns()[column]);
  }
  columns_ = std::move(shape);
  if (selected_ != nullptr) {
    auto selected = std::make_shared<detail::StatementColumns>();
    for (const std::size_t column : columns) {
      selected->types.push_back(selected_->types[column]);
      selected->elements.push_back(selected_->elements.empty() ? nullptr : selected_->elements[column]);
    }
    selected_ = std::move(selected);
  }
  filter.choose(std::move(chosen));
  if (next_ < size_) {
    read_from(detail::RowFilter::chosen(source_->batch, next_, columns));
  }
  return *this;
}

Result& Result::unique_by(std::function<std::string(const Row&)> strategy) {
  detail::RowFilter& filter = this->filter();
  filter.make_unique(std::move(strategy));
  if (next_ < size_) {
    read_from(filter.unseen(source_->batch, next_, columns_));
  }
  return *this;
}

Result& Result::yield_per(std::size_t rows) {
  partition_size_ = std::max<std::size_t>(rows, 1);
  stream_.yield_per(partition_size_);
  return *this;
}

FrozenResult Result::freeze() {
  std::vector<std::shared_ptr<const RowBatch>> batches;
  check_readable();
  if (next_ < size_) {
    batches.push_back(next_ == 0 ? source_->batch : detail::RowFilter::chosen(source_->batch, next_, {}));
    next_ = size_;
  }
  while (load()) {
    batches.push_back(source_->batch);
    next_ = size_;
  }
  FrozenResult frozen(columns_, selected_, std::move(batches));
  close();
  return frozen;
}

Result FrozenResult::operator()() const {
  std::int64_t rows = 0;
  for (const auto& batch : batches_) {
    rows += static_cast<std::int64_t>(batch->size());
  }
  Result result(columns_, nullptr, batches_, rows, 0);
  result.set_columns(selected_);
  return result;
}

std::optional<Row> Result::only_row(const char* what_was_required) {
  std::optional<Row> row = fetchone();
  const bool has_more = row && (next_ < size_ || load());
  close();
  if (has_more) {
    throw MultipleResultsFound("Multiple rows were found when " + std::string(what_was_required) + " required");
  }
  return row;
}

void Result::throw_no_row() { throw NoResultFound("No row was found when one was required"); }

void Result::print(std::ostream& out) const {
  if (!returns_rows()) {
    out << "Result(rowcount " << rowcount_ << ')';
    return;
  }
  const char* separator = "";
  for (const ColumnInfo& column : *columns_) {
    out << std::exchange(separator, " | ") << column.name;
  }
  for (std::size_t row = next_; row < size_; ++row) {
    out << '\n' << Row(source_, row);
  }
  for (std::size_t i = next_batch_; i < batches_.size(); ++i) {
    const bool is_chosen = filter_ != nullptr && !filter_->columns().empty();
    const auto source = std::make_shared<const detail::RowSource>(detail::RowSource{
        is_chosen ? detail::RowFilter::chosen(batches_[i], 0, filter_->columns()) : batches_[i], columns_, selected_});
    for (std::size_t row = 0; row < batches_[i]->size(); ++row) {
      out << '\n' << Row(source, row);
    }
  }
  if (stream_) {
    out << "\n(more may follow)";
  }
}

}  // namespace greenway
