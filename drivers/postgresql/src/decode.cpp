// SPDX-License-Identifier: BSL-1.0
#include "decode.hpp"

#include <bit>
#include <limits>
#include <optional>
#include <string_view>

#include <greenway/sql/detail/value_text.hpp>

#include "error.hpp"
#include "render.hpp"
#include "wire.hpp"

namespace greenway::detail::postgresql {

namespace {

constexpr Oid first_of_users = 16'384;  // the numbers below are the server's own types

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
    case Codec::date:
      return 4;
    case Codec::int8:
    case Codec::float8:
    case Codec::time:
    case Codec::timestamp:
    case Codec::timestamptz:
      return 8;
    case Codec::interval:
    case Codec::uuid:
      return 16;
    default:
      return 0;
  }
}

/// Whether bytes of an unknown type are UTF-8 without control characters: no binary form that begins with a count or a
/// length is.
bool is_printable(std::string_view text) noexcept {
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if ((code < 0x20 && c != '\t' && c != '\n' && c != '\r') || code == 0x7F) {
      return false;
    }
  }
  return is_utf8(text);
}

/// The head of an array on the wire: dimensions, whether there are NULLs, the type of the items; then of each dimension
/// its length and its first index; then the items, each behind its size.
struct ArrayHead {
  static constexpr std::size_t most_dimensions = 6;

  std::size_t dimensions;
  Oid item;
  const char* lengths;
  std::string_view items;
  std::size_t count;
};

std::optional<ArrayHead> array_head(std::string_view bytes) noexcept {
  if (bytes.size() < 12) {
    return std::nullopt;
  }
  ArrayHead head{from_network<std::uint32_t>(bytes.data()),
                 from_network<std::uint32_t>(bytes.data() + 8),
                 bytes.data() + 12,
                 {},
                 1};
  if (head.dimensions > ArrayHead::most_dimensions || from_network<std::uint32_t>(bytes.data() + 4) > 1 ||
      bytes.size() < 12 + 8 * head.dimensions) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i != head.dimensions; ++i) {
    head.count *= from_network<std::uint32_t>(head.lengths + 8 * i);
    if (head.count > bytes.size()) {
      return std::nullopt;
    }
  }
  head.count = head.dimensions == 0 ? 0 : head.count;
  head.items = bytes.substr(12 + 8 * head.dimensions);
  return head;
}

/// Takes the next item from the front of `items`; its `data()` is null for NULL.
bool next_item(std::string_view& items, std::string_view& item) noexcept {
  if (items.size() < 4) {
    return false;
  }
  const auto size = from_network<std::int32_t>(items.data());
  items.remove_prefix(4);
  item = {};
  if (size < 0) {
    return size == -1;
  }
  if (static_cast<std::size_t>(size) > items.size()) {
    return false;
  }
  item = items.substr(0, static_cast<std::size_t>(size));
  items.remove_prefix(item.size());
  return true;
}

/// Whether bytes of an unknown type are an array of some other unknown type, as those of an enum's labels are.
bool is_array(std::string_view bytes) noexcept {
  const std::optional<ArrayHead> head = array_head(bytes);
  if (!head || head->item < first_of_users) {
    return false;
  }
  std::string_view rest = head->items;
  std::string_view item;
  for (std::size_t i = 0; i != head->count; ++i) {
    if (!next_item(rest, item)) {
      return false;
    }
  }
  return rest.empty();
}

[[noreturn]] void throw_malformed(const char* what) {
  throw_client_error<DataError>(std::string("the bytes of ") + what + " are not those of its type", {}, false);
}

void append_numeric(const Cell& cell, std::string& text) {
  if (!render_numeric(cell.view(), text)) {
    throw_malformed("a numeric");
  }
}

CalendarInterval read_interval(const Cell& cell) {
  return {.months = from_network<std::int32_t>(cell.data + 12),
          .days = from_network<std::int32_t>(cell.data + 8),
          .microseconds = std::chrono::microseconds(from_network<std::int64_t>(cell.data))};
}

CellArray read_items(const Cell& cell) {
  const std::optional<ArrayHead> head = array_head(cell.view());
  CellArray array;
  if (!head) {
    throw_malformed("an array");
  }
  for (std::size_t i = 0; i != head->dimensions; ++i) {
    array.dimensions.push_back(from_network<std::uint32_t>(head->lengths + 8 * i));
  }
  const Codec codec = codec_of(head->item);
  std::string_view rest = head->items;
  std::string_view item;
  for (std::size_t i = 0; i != head->count; ++i) {
    Cell read;
    if (!next_item(rest, item) || (item.data() != nullptr && !decode(codec, item.data(), item.size(), read))) {
      throw_malformed("an array's item");
    }
    array.items.push_back(read);
  }
  return array;
}

constexpr CellReader reader{append_numeric, read_interval, read_items};

Cell read_by(ValueKind kind, const char* data, std::size_t size) noexcept {
  Cell cell = Cell::of(kind, data, size);
  cell.reader = &reader;
  return cell;
}

/// Days of 32 bits have infinities of 32 bits.
std::int64_t days_of(std::int32_t days) noexcept {
  using Days = std::numeric_limits<std::int32_t>;
  using Wide = std::numeric_limits<std::int64_t>;
  return days == Days::max() ? Wide::max() : days == Days::min() ? Wide::min() : std::int64_t{days};
}

/// Whether it is a day that PostgreSQL can have sent.
bool is_timestamp(std::int64_t microseconds) noexcept {
  constexpr std::int64_t first = -211'813'488'000'000'000;         // 4714-11-24 BC
  constexpr std::int64_t beyond_last = 9'223'371'331'200'000'000;  // 294277-01-01
  return is_infinite(microseconds) || (microseconds >= first && microseconds < beyond_last);
}

}  // namespace

bool decode(Codec codec, const char* data, std::size_t size, Cell& cell) noexcept {
  if (const std::size_t promised = size_of(codec); promised != 0 && size != promised) {
    return false;
  }
  switch (codec) {
    case Codec::boolean:
      cell = Cell::of(*data != 0);
      return true;
    case Codec::int2:
      cell = Cell::of(std::int64_t{from_network<std::int16_t>(data)});
      return true;
    case Codec::int4:
      cell = Cell::of(std::int64_t{from_network<std::int32_t>(data)});
      return true;
    case Codec::int8:
      cell = Cell::of(from_network<std::int64_t>(data));
      return true;
    case Codec::unsigned4:
      cell = Cell::of(std::int64_t{from_network<std::uint32_t>(data)});
      return true;
    case Codec::float4:
      cell = Cell::of(double{std::bit_cast<float>(from_network<std::uint32_t>(data))});
      return true;
    case Codec::float8:
      cell = Cell::of(std::bit_cast<double>(from_network<std::uint64_t>(data)));
      return true;
    case Codec::single_byte:
      cell = Cell::of(ValueKind::text, data, *data == '\0' ? 0 : 1);
      return true;
    case Codec::versioned_text:
    case Codec::versioned_json:
      cell = Cell::of(codec == Codec::versioned_json ? ValueKind::json : ValueKind::text, data + 1, size - 1);
      return size != 0 && *data == 1;
    case Codec::json:
      cell = Cell::of(ValueKind::json, data, size);
      return true;
    case Codec::bytes:
      cell = Cell::of(ValueKind::bytes, data, size);
      return true;
    case Codec::numeric:
      cell = read_by(ValueKind::numeric, data, size);
      return size >= 8;
    case Codec::date:
      cell = Cell::of(ValueKind::date, days_of(from_network<std::int32_t>(data)));
      return true;
    case Codec::time:
      cell = Cell::of(ValueKind::time, from_network<std::int64_t>(data));
      return cell.integer >= 0 && cell.integer <= microseconds_a_day;
    case Codec::timestamp:
    case Codec::timestamptz:
      cell = Cell::of(codec == Codec::timestamp ? ValueKind::datetime : ValueKind::timestamptz,
                      from_network<std::int64_t>(data));
      return is_timestamp(cell.integer);
    case Codec::interval:
      cell = read_by(ValueKind::interval, data, size);
      return true;
    case Codec::uuid:
      cell = Cell::of(ValueKind::uuid, data, size);
      return true;
    case Codec::array:
      cell = read_by(ValueKind::array, data, size);
      return array_head({data, size}).has_value();
    case Codec::unknown:
      if (is_array({data, size})) {
        cell = read_by(ValueKind::array, data, size);
      } else {
        cell = Cell::of(is_printable({data, size}) ? ValueKind::text : ValueKind::bytes, data, size);
      }
      return true;
    default:
      cell = Cell::of(ValueKind::text, data, size);
      return true;
  }
}

}  // namespace greenway::detail::postgresql
