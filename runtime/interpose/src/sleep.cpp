// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cerrno>

#include "door.hpp"
#include "libc.hpp"
#include "moment.hpp"

namespace greenway::interpose {

namespace {

/// Sleeps until a moment of CLOCK_MONOTONIC.
/// @return 0, or why not to the end.
int sleep_until(std::int64_t until) noexcept {
  const KeepErrno keep;
  do {
    if (const int error = suspend(nullptr, 0, until); error != 0) {
      return error;
    }
  } while (now() < until);
  return keep(0);
}

int sleep_for(const timespec& length, timespec* left) noexcept {
  const std::int64_t until = from_now(nanoseconds(length));
  const int error = sleep_until(until);
  if (error != 0 && left != nullptr) {
    *left = as_timespec(std::max<std::int64_t>(until - now(), 0));
  }
  return error;
}

/// Sleeps until a moment of a clock that may be set meanwhile, which is looked for every second.
int sleep_until(clockid_t clock, const timespec& moment) noexcept {
  for (;;) {
    const std::int64_t left = nanoseconds(moment) - now(clock);
    if (left <= 0) {
      return 0;
    }
    if (const int error = sleep_until(from_now(std::min(left, second))); error != 0) {
      return error;
    }
  }
}

bool is_of_the_wall(clockid_t clock) noexcept {
  return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME || clock == CLOCK_TAI;
}

}  // namespace

/// What becomes of the calls of a greenlet that is marked.
namespace suspending {

[[gnu::noinline]] int nanosleep(const timespec* length, timespec* left) {
  if (is_libcs("nanosleep") || !is_length(*length)) {
    return libc::nanosleep(length, left);
  }
  const int error = sleep_for(*length, left);
  return error == 0 ? 0 : fail(error);
}

[[gnu::noinline]] int clock_nanosleep(clockid_t clock, int flags, const timespec* time, timespec* left) {
  if (is_libcs("clock_nanosleep") || !is_of_the_wall(clock) || !is_length(*time)) {
    return libc::clock_nanosleep(clock, flags, time, left);
  }
  return (flags & TIMER_ABSTIME) != 0 ? sleep_until(clock, *time) : sleep_for(*time, left);
}

[[gnu::noinline]] int usleep(useconds_t length) {
  if (is_libcs("usleep")) {
    return libc::usleep(length);
  }
  const int error = sleep_for(as_timespec(length * std::int64_t{1000}), nullptr);
  return error == 0 ? 0 : fail(error);
}

[[gnu::noinline]] unsigned sleep(unsigned length) {
  if (is_libcs("sleep")) {
    return libc::sleep(length);
  }
  timespec left{};
  const int error = sleep_for({length, 0}, &left);
  return error == 0 ? 0 : static_cast<unsigned>(left.tv_sec + (left.tv_nsec != 0 ? 1 : 0));
}

}  // namespace suspending

}  // namespace greenway::interpose

using namespace greenway::interpose;

GREENWAY_INTERPOSED int nanosleep(const timespec* length, timespec* left) {
  return is_marked() ? suspending::nanosleep(length, left) : libc::nanosleep(length, left);
}

GREENWAY_INTERPOSED int clock_nanosleep(clockid_t clock, int flags, const timespec* time, timespec* left) {
  return is_marked() ? suspending::clock_nanosleep(clock, flags, time, left) : libc::clock_nanosleep(clock, flags, time, left);
}

GREENWAY_INTERPOSED int usleep(useconds_t length) {
  return is_marked() ? suspending::usleep(length) : libc::usleep(length);
}

GREENWAY_INTERPOSED unsigned sleep(unsigned length) {
  return is_marked() ? suspending::sleep(length) : libc::sleep(length);
}
