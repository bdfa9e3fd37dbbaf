// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/result.hpp>

#include <ostream>
#include <utility>

#include <greenway/base/error.hpp>

#include "connection_state.hpp"

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

Stream::~Stream() {
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

void Stream::close() {
  if (const auto connection = std::exchange(connection_, nullptr)) {
    connection->close_stream(number_);
  }
}

}  // namespace detail

Result::Result(std::shared_ptr<const ColumnList> columns, std::vector<std::shared_ptr<const RowBatch>> batches,
               std::int64_t rowcount, std::int64_t lastrowid)
    : columns_(std::move(columns)),
      batches_(std::move(batches)),
      rowcount_(rowcount),
      lastrowid_(lastrowid),
      closed_(!returns_rows()) {}

Result::Result(std::shared_ptr<const ColumnList> columns, detail::Stream stream)
    : columns_(std::move(columns)), stream_(std::move(stream)), closed_(!returns_rows()) {}

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

Row Result::one() {
  std::optional<Row> row = only_row("exactly one was");
  if (!row) {
    throw_no_row();
  }
  return *std::move(row);
}

std::optional<Row> Result::one_or_none() { return only_row("one or none was"); }

void Result::close() {
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
  if (next_batch_ < batches_.size()) {
    batch = std::move(batches_[next_batch_++]);
  } else if (stream_) {
    batch = stream_.next();
  }
  if (batch == nullptr) {
    return false;
  }
  next_ = 0;
  size_ = batch->size();
  source_ = std::make_shared<const detail::RowSource>(detail::RowSource{std::move(batch), columns_});
  return true;
}

void Result::check_readable() const {
  if (!closed_) {
    return;
  }
  throw ResourceClosedError(returns_rows() || columns_ == nullptr
                                ? "This result object is closed."
                                : "This result object does not return rows. It has been closed automatically.");
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
    const auto source = std::make_shared<const detail::RowSource>(detail::RowSource{batches_[i], columns_});
    for (std::size_t row = 0; row < batches_[i]->size(); ++row) {
      out << '\n' << Row(source, row);
    }
  }
  if (stream_) {
    out << "\n(more may follow)";
  }
}

}  // namespace greenway
