// SPDX-License-Identifier: BSL-1.0
#include <greenway/sql/type.hpp>

#include <array>
#include <cstddef>

namespace greenway {

namespace {

constexpr std::size_t kind_count = static_cast<std::size_t>(TypeKind::array) + 1;

/// One for each kind that has nothing to say besides. Never destroyed: types may live in static objects of the program.
const Type::Data& plain(TypeKind kind) {
  static const auto& all = *[] {
    auto* made = new std::array<Type::Data, kind_count>;
    for (std::size_t i = 0; i != kind_count; ++i) {
      (*made)[i].kind = static_cast<TypeKind>(i);
    }
    return made;
  }();
  return all[static_cast<std::size_t>(kind)];
}

}  // namespace

// Owned by nobody, so that copies are not counted.
Type::Type(TypeKind kind) noexcept : data_(std::shared_ptr<const Data>(), &plain(kind)) {}

const Type::Data& Type::data() const noexcept { return data_ == nullptr ? plain(TypeKind::unknown) : *data_; }

}  // namespace greenway
