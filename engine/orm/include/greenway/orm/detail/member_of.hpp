// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <cstddef>
#include <vector>

#include <greenway/orm/detail/mapper.hpp>

namespace greenway {

/// A member of a mapped class, whatever its type: what `{&A::data, &A::bs}` is a list of.
template <class T>
class MemberOf {
 public:
  /// @param member  Of the class, or a base of it; mapped to a column or a relationship.
  template <class C, class M>
    requires std::derived_from<T, C>
  MemberOf(M C::*member) : offset_(detail::offset_of<T>(member)) {}
  /// @return Where it is in its class.
  [[nodiscard]] std::size_t offset() const noexcept { return offset_; }

 private:
  std::size_t offset_;
};

namespace detail {

template <class T>
std::vector<std::size_t> offsets_of(const std::vector<MemberOf<T>>& members) {
  std::vector<std::size_t> offsets;
  for (const MemberOf<T>& member : members) {
    offsets.push_back(member.offset());
  }
  return offsets;
}

}  // namespace detail

}  // namespace greenway
