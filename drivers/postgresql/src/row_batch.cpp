// SPDX-License-Identifier: BSL-1.0
#include "row_batch.hpp"

#include <algorithm>
#include <bit>
#include <string_view>

#include "error.hpp"
#include "render.hpp"
#include "wire.hpp"

namespace greenway::detail::postgresql {

namespace {

/// Whether bytes of an unknown type are UTF-8 without control characters: no binary form that begins with a count or a
/// length is.
bool is_printable(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if ((lead < 0x20 && lead != '\t' && lead != '\n' && lead != '\r') || lead == 0x7F) {
      return false;
    }
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    if (length == 0 || i + length > text.size()) {
      return false;
    }
    for (std::size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0U) != 0x80U) {
        return false;
      }
    }
    i += length;
  }
  return true;
}

/// The size that a codec promises; 0 for any.
constexpr std::size_t size_of(Codec codec) noexcept {
  switch (codec) {
    case Codec::boolean:
    case Codec::single_byte:
      return 1;
    case Codec::int2:
      return 2;
    case Codec::int4:
    case Codec::unsigned4:
    case Codec::float4:
      return 4;
    case Codec::int8:
    case Codec::float8:
      return 8;
    default:
      return 0;
  }
}

/// @param data  As many bytes as the codec promises.
Cell decode(Codec codec, const char* data, std::size_t size) noexcept {
  switch (codec) {
    case Codec::boolean:
      return Cell::of(*data != 0);
    case Codec::int2:
      return Cell::of(std::int64_t{from_network<std::int16_t>(data)});
    case Codec::int4:
      return Cell::of(std::int64_t{from_network<std::int32_t>(data)});
    case Codec::int8:
      return Cell::of(from_network<std::int64_t>(data));
    case Codec::unsigned4:
      return Cell::of(std::int64_t{from_network<std::uint32_t>(data)});
    case Codec::float4:
      return Cell::of(double{std::bit_cast<float>(from_network<std::uint32_t>(data))});
    case Codec::float8:
      return Cell::of(std::bit_cast<double>(from_network<std::uint64_t>(data)));
    case Codec::single_byte:
      return Cell::of(ValueKind::text, data, *data == '\0' ? 0 : 1);
    case Codec::versioned_text:
      return Cell::of(ValueKind::text, data + 1, size - 1);
    case Codec::bytes:
      return Cell::of(ValueKind::bytes, data, size);
    case Codec::unknown:
      return Cell::of(is_printable({data, size}) ? ValueKind::text : ValueKind::bytes, data, size);
    default:
      return Cell::of(ValueKind::text, data, size);
  }
}

}  // namespace

PostgreSQLRowBatch::PostgreSQLRowBatch(std::shared_ptr<const RowShape> shape, ResultHandle first,
                                       std::vector<ResultHandle> rest)
    : shape_(std::move(shape)),
      first_(std::move(first)),
      first_rows_(static_cast<std::size_t>(PQntuples(first_.get()))),
      rest_(std::move(rest)) {
  if (!shape_->rendered.empty()) {
    render_rows();
  }
}

Cell PostgreSQLRowBatch::cell(std::size_t row, std::size_t column) const {
  const Codec codec = shape_->codecs[column];
  const auto [data, size] = field(row, column);
  if (data == nullptr) {
    return {};
  }
  if (is_rendered(codec)) {
    return rendered_cell(row, column);
  }
  if (const std::size_t promised = size_of(codec);
      (promised != 0 && size != promised) || (codec == Codec::versioned_text && (size == 0 || *data != 1))) {
    throw_malformed(column);
  }
  return decode(codec, data, size);
}

PostgreSQLRowBatch::Field PostgreSQLRowBatch::field(std::size_t row, std::size_t column) const noexcept {
  const bool is_in_first = row < first_rows_;
  const PGresult* const result = is_in_first ? first_.get() : rest_[row - first_rows_].get();
  const int r = is_in_first ? static_cast<int>(row) : 0;
  const int c = static_cast<int>(column);
  const int size = PQgetlength(result, r, c);
  // Only what looks empty can be NULL.
  if (size == 0 && PQgetisnull(result, r, c) != 0) {
    return {nullptr, 0};
  }
  return {PQgetvalue(result, r, c), static_cast<std::size_t>(size)};
}

Cell PostgreSQLRowBatch::rendered_cell(std::size_t row, std::size_t column) const {
  const std::vector<std::size_t>& rendered = shape_->rendered;
  const auto which = static_cast<std::size_t>(std::ranges::lower_bound(rendered, column) - rendered.begin());
  const std::size_t i = row * rendered.size() + which;
  const std::size_t size = begins_[i + 1] - begins_[i];
  if (size == 0) {
    throw_malformed(column);
  }
  const ValueKind kind = shape_->codecs[column] == Codec::numeric ? ValueKind::numeric : ValueKind::text;
  return Cell::of(kind, text_.data() + begins_[i], size);
}

void PostgreSQLRowBatch::render_rows() {
  begins_.reserve(size() * shape_->rendered.size() + 1);
  for (std::size_t row = 0; row < size(); ++row) {
    for (const std::size_t column : shape_->rendered) {
      begins_.push_back(text_.size());
      if (const auto [data, size] = field(row, column); data != nullptr) {
        render(shape_->codecs[column], {data, size}, text_);
      }
    }
  }
  begins_.push_back(text_.size());
}

void PostgreSQLRowBatch::throw_malformed(std::size_t column) const {
  const ColumnInfo& info = (*shape_->columns)[column];
  throw_client_error<DataError>(
      "column " + info.name + " holds a value whose bytes are not those of its type, " + info.type_name, {}, false);
}

}  // namespace greenway::detail::postgresql
