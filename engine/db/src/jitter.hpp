// SPDX-License-Identifier: BSL-1.0
#pragma once

// Spreads what would otherwise happen to many at the same moment.

#include <random>

#include <greenway/base/clock.hpp>

namespace greenway::detail {

// Between half of `longest` and all of it.
inline Duration jittered(Duration longest) {
  static thread_local std::minstd_rand random{std::random_device()()};
  return Duration(std::uniform_int_distribution<Duration::rep>(longest.count() / 2, longest.count())(random));
}

}  // namespace greenway::detail
