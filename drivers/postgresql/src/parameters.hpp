// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <forward_list>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <greenway/sql/value.hpp>

#include "libpq.hpp"

namespace greenway::detail::postgresql {

/// The parameters of one execution, in the four arrays that libpq wants. Points into the values, and allocates nothing
/// for up to 16 of them.
class Parameters {
 public:
  /// @param values     Outlive this.
  /// @param statement  For messages.
  /// @throws InterfaceError  There are more than 65,535, or they hold more than 1 GiB.
  /// @throws DataError       A text contains NUL.
  Parameters(std::span<const Value> values, std::string_view statement);
  Parameters(const Parameters&) = delete;
  Parameters& operator=(const Parameters&) = delete;

  /// @return Whether a statement whose parameters have been declared as `types` can take these: NULL fits any.
  [[nodiscard]] bool fit(std::span<const Oid> types) const noexcept;

  [[nodiscard]] int count() const noexcept { return static_cast<int>(values_.size()); }
  [[nodiscard]] std::span<const Oid> types() const noexcept { return types_; }
  [[nodiscard]] const char* const* values() const noexcept { return values_.data(); }
  [[nodiscard]] const int* lengths() const noexcept { return lengths_.data(); }
  [[nodiscard]] const int* formats() const noexcept { return formats_.data(); }

 private:
  std::string_view encode(std::size_t i, const Value& value);
  std::string_view store(std::size_t i, std::uint64_t number) noexcept;
  std::string_view store(std::size_t i, std::uint32_t number) noexcept;

  static constexpr std::size_t inline_count = 16;
  static constexpr std::size_t bytes_each = sizeof(std::uint64_t) + sizeof(char*) + sizeof(Oid) + 2 * sizeof(int);

  alignas(std::uint64_t) std::array<std::byte, inline_count * bytes_each> buffer_;
  std::pmr::monotonic_buffer_resource memory_{buffer_.data(), buffer_.size()};
  std::pmr::vector<std::uint64_t> numbers_;  // in network order
  std::pmr::vector<const char*> values_;
  std::pmr::vector<Oid> types_;
  std::pmr::vector<int> lengths_;
  std::pmr::vector<int> formats_;
  std::forward_list<std::string> lists_;  // and intervals
};

}  // namespace greenway::detail::postgresql
