// SPDX-License-Identifier: BSL-1.0
// What a switch has to carry from one stack to another, whatever the compiler has kept where.
#include <array>
#include <cstdint>

#include <greenway/runtime/greenlet.hpp>

#include "support/catch.hpp"

namespace {

using greenway::Greenlet;

/// More than any processor has of one kind.
constexpr int many_registers = 40;

/// Reads `first` into `count` variables of its own, switches to `other`, and adds them up.
template <int count, class T>
[[gnu::always_inline]] inline T sum_over_a_switch(const volatile T& first, const Greenlet& other) {
  if constexpr (count == 0) {
    other.switch_to();
    return first;
  } else {
    const T own = first * count;
    return own + sum_over_a_switch<count - 1>(first, other);
  }
}

template <class T>
T sum_without_a_switch(T first) {
  return first * (many_registers * (many_registers + 1) / 2 + 1);
}

template <class T>
std::array<T, 2> interleaved_sums(T one, T other) {
  std::array<T, 2> sums{};
  const Greenlet main = Greenlet::current();
  Greenlet a([&, first = one] { sums[0] = sum_over_a_switch<many_registers, T>(first, main); });
  Greenlet b([&, first = other] { sums[1] = sum_over_a_switch<many_registers, T>(first, main); });
  a.switch_to();
  b.switch_to();
  a.switch_to();
  b.switch_to();
  return sums;
}

}  // namespace

TEST_CASE("integers that were in registers are there after a switch") {
  CHECK(interleaved_sums<std::int64_t>(3, -1000) == std::array{sum_without_a_switch<std::int64_t>(3),
                                                               sum_without_a_switch<std::int64_t>(-1000)});
}

TEST_CASE("floating-point numbers that were in registers are there after a switch") {
  CHECK(interleaved_sums(0.5, 1024.0) == std::array{sum_without_a_switch(0.5), sum_without_a_switch(1024.0)});
}
