// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <optional>

#include <sys/socket.h>

#include "descriptor.hpp"
#include "door.hpp"
#include "libc.hpp"
#include "moment.hpp"

/// What all calls on one descriptor have in common: try without waiting, wait, try again.
namespace greenway::interpose {

/// @param option  SO_RCVTIMEO, SO_SNDTIMEO, or 0 for none.
/// @return When a call that begins now gives up.
inline std::int64_t bound_of(int fd, int option) noexcept {
  timeval limit{};
  socklen_t size = sizeof limit;
  if (option == 0 || getsockopt(fd, SOL_SOCKET, option, &limit, &size) != 0 || (limit.tv_sec == 0 && limit.tv_usec == 0)) {
    return detail::no_bound;
  }
  return from_now(nanoseconds(limit));
}

/// Waits for one descriptor, between attempts at some call.
class Patience {
 public:
  /// @param fd      For which.
  /// @param events  As of poll().
  /// @param until   When the call gives up.
  Patience(int fd, short events, std::int64_t until) noexcept : item_{fd, events, 0}, until_(until) {}

  /// Waits until it may be worth another attempt.
  /// @return 0; else what errno is to be: EAGAIN when the time is over.
  int wait() noexcept {
    if (is_last_) {
      return EAGAIN;
    }
    // What is ready and still refuses, as an unconnected socket may whose peer is full, is asked less and less often.
    const bool is_refused = ++attempts_ > 3 && libc::poll(&item_, 1, 0) > 0;
    const int error = is_refused ? suspend(nullptr, 0, std::min(until_, from_now(next_pause()))) : suspend(&item_, 1, until_);
    is_last_ = until_ != detail::no_bound && until_ <= now();
    return error;
  }

  /// Begins anew: something was done.
  void reset() noexcept { attempts_ = 0; }

 private:
  std::int64_t next_pause() noexcept { return (second / 1000) << std::min(attempts_ - 4, 5); }

  pollfd item_;
  std::int64_t until_;
  int attempts_ = 0;
  bool is_last_ = false;
};

inline bool asks_to_wait(int error) noexcept { return error == EAGAIN || error == EINTR; }

/// Repeats a call until it does something else than ask to wait.
/// @param fd       Its descriptor.
/// @param events   What it waits for, as of poll().
/// @param option   Which timeout of a socket holds; 0: none.
/// @param attempt  The call, made so that it does not wait.
/// @return As the blocking call: what `attempt` returns in the end.
template <class Attempt>
auto until_done(int fd, short events, int option, Attempt attempt) noexcept -> decltype(attempt()) {
  const KeepErrno keep;
  auto result = attempt();
  if (result >= 0 || !asks_to_wait(errno) || is_nonblocking(fd)) {
    return keep(result);
  }
  Patience patience(fd, events, bound_of(fd, option));
  while (result < 0 && asks_to_wait(errno)) {
    if (const int error = patience.wait(); error != 0) {
      return fail(error);
    }
    result = attempt();
  }
  return keep(result);
}

/// As until_done(), for calls that a blocking descriptor carries out whole: until all is done, or an error.
/// @param size     How much there is to do.
/// @param attempt  Given how much has been done.
/// @param done     So much has been done already.
/// @return How much was done; -1 if an error came first.
template <class Attempt>
ssize_t until_all_done(int fd, short events, int option, std::size_t size, Attempt attempt, std::size_t done = 0) noexcept {
  const KeepErrno keep;
  std::optional<Patience> patience;
  for (;;) {
    const ssize_t result = attempt(done);
    done += result > 0 ? static_cast<std::size_t>(result) : 0;
    if (result == 0 || done >= size || (result < 0 && !asks_to_wait(errno))) {
      return done != 0 ? keep(static_cast<ssize_t>(done)) : keep(result);
    }
    if (!patience) {
      if (is_nonblocking(fd)) {
        return done != 0 ? keep(static_cast<ssize_t>(done)) : fail(EAGAIN);
      }
      patience.emplace(fd, events, bound_of(fd, option));
    }
    if (result > 0) {
      patience->reset();
    }
    if (const int error = patience->wait(); error != 0) {
      return done != 0 ? keep(static_cast<ssize_t>(done)) : fail(error);
    }
  }
}

}  // namespace greenway::interpose
