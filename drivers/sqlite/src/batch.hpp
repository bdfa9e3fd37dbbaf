// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <greenway/db/driver.hpp>

namespace greenway::detail {

/// Rows copied out of SQLite: 16 bytes a value, and all texts and blobs one after the other in one buffer.
class SQLiteBatch final : public RowBatch {
 public:
  /// @param columns  How many values a row has; at least one.
  explicit SQLiteBatch(std::size_t columns) noexcept : columns_(columns) {}

  /// @return How many whole rows have been added.
  [[nodiscard]] std::size_t size() const noexcept override { return slots_.size() / columns_; }

  [[nodiscard]] Cell cell(std::size_t row, std::size_t column) const override {
    const Slot& slot = slots_[row * columns_ + column];
    switch (slot.kind) {
      case ValueKind::boolean:
        return Cell::of(slot.integer != 0);
      case ValueKind::integer:
        return Cell::of(slot.integer);
      case ValueKind::real:
        return Cell::of(slot.real);
      case ValueKind::null:
        return {};
      default:
        return Cell::of(slot.kind, buffer_.data() + slot.offset, slot.size);
    }
  }

  /// Adds NULL as the row's next value.
  void add_null() { slots_.push_back({ValueKind::null, 0, {0}}); }
  /// Adds a boolean or an integer.
  void add_integer(ValueKind kind, std::int64_t value) { slots_.push_back({kind, 0, {value}}); }
  /// Adds a real.
  void add_real(double value) { slots_.push_back({ValueKind::real, 0, {.real = value}}); }
  /// Adds a text or a blob, copied.
  void add_bytes(ValueKind kind, std::string_view bytes) {
    slots_.push_back({kind, static_cast<std::uint32_t>(bytes.size()), {.offset = buffer_.size()}});
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  }

 private:
  struct Slot {
    ValueKind kind;
    std::uint32_t size;  // SQLite's own limit on a value is below 2^31
    union {
      std::int64_t integer;
      double real;
      std::size_t offset;  // not a pointer: the buffer moves while it grows
    };
  };

  std::size_t columns_;
  std::vector<Slot> slots_;
  std::vector<char> buffer_;
};

}  // namespace greenway::detail
