// SPDX-License-Identifier: BSL-1.0
#include "ticks.hpp"

namespace greenway::detail {

namespace {

/// The counter and the clock at one moment.
struct Pair {
  std::uint64_t count = ticks();
  TimePoint time = Clock::now();
};

// Taken when the program begins, so that the rate is known well by the time somebody asks.
const Pair beginning;

}  // namespace

TimePoint time_of(std::uint64_t count) noexcept {
  const Pair now;
  if (now.count <= beginning.count || now.time <= beginning.time) {
    return now.time;
  }
  const double nanoseconds_per_tick =
      static_cast<double>((now.time - beginning.time).count()) / static_cast<double>(now.count - beginning.count);
  // Backwards from now: an error of the rate weighs by how long ago it was.
  const auto since = static_cast<double>(static_cast<std::int64_t>(now.count - count));
  return now.time - Duration(static_cast<Duration::rep>(since * nanoseconds_per_tick));
}

}  // namespace greenway::detail
