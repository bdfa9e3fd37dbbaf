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

TickScale::TickScale() noexcept {
  const Pair now;
  count_ = now.count;
  time_ = now.time;
  if (now.count > beginning.count && now.time > beginning.time) {
    nanoseconds_per_tick_ =
        static_cast<double>((now.time - beginning.time).count()) / static_cast<double>(now.count - beginning.count);
  }
}

double TickScale::nanoseconds(std::uint64_t from, std::uint64_t to) const noexcept {
  return static_cast<double>(static_cast<std::int64_t>(to - from)) * nanoseconds_per_tick_;
}

TimePoint TickScale::time_of(std::uint64_t count) const noexcept {
  // Backwards from now: an error of the rate weighs by how long ago it was.
  return time_ - Duration(static_cast<Duration::rep>(nanoseconds(count, count_)));
}

}  // namespace greenway::detail
