// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <memory>
#include <utility>

#include <signal.h>

#include "descriptor.hpp"
#include "door.hpp"
#include "libc.hpp"
#include "moment.hpp"

namespace greenway::interpose {

namespace {

struct Free {
  void operator()(void* block) const noexcept { std::free(block); }
};

/// With a signal mask of the caller's, signals that it lets in are looked for so often.
constexpr std::int64_t signal_interval = second / 100;

/// @return Whether a signal that the thread keeps out would be let in by the mask.
bool lets_in_more(const sigset_t* mask) noexcept {
  sigset_t own;
  if (mask == nullptr || pthread_sigmask(SIG_SETMASK, nullptr, &own) != 0) {
    return false;
  }
  for (int signal = 1; signal < NSIG; ++signal) {
    if (sigismember(&own, signal) == 1 && sigismember(mask, signal) == 0) {
      return true;
    }
  }
  return false;
}

/// Looks, and waits, and looks again.
/// @param mask   In force while looking; may be null.
/// @param until  When to give up.
/// @param look   The call itself, which does not wait: not 0 when there is something to say.
/// @param wait   Suspends until the moment it is given: 0, or what errno is to be; EBADF when a descriptor was closed, whose
///               number may stand for another one by now.
/// @return What `look` says; 0 at the end of the time.
template <class Look, class Wait>
int look_until(const sigset_t* mask, std::int64_t until, Look look, Wait wait) noexcept {
  const KeepErrno keep;
  const bool looks_for_signals = lets_in_more(mask);
  for (bool is_last = false;;) {
    if (const int found = look(); found != 0 || is_last) {
      return keep(found);
    }
    if (const int error = wait(looks_for_signals ? std::min(until, from_now(signal_interval)) : until); error != 0) {
      return fail(error);
    }
    is_last = until != detail::no_bound && until <= now();
  }
}

/// @return Whether all that is asked is whether one descriptor can be read that could not just now. The answer is forgotten.
bool is_emptied(const pollfd* items, nfds_t count) noexcept {
  const int fd = std::exchange(emptied, -1);
  return count == 1 && fd >= 0 && items->fd == fd && (items->events & ~(POLLIN | POLLERR | POLLHUP)) == 0;
}

[[gnu::hot]] int poll_until(pollfd* items, nfds_t count, std::int64_t until, const sigset_t* mask) noexcept {
  const KeepErrno keep;
  int closed = 0;
  // A client sends, finds nothing to be read yet, and waits: it has looked already.
  bool is_known_empty = is_emptied(items, count) && mask == nullptr;
  bool is_told = false;
  const auto look = [&]() noexcept {
    if (std::exchange(is_known_empty, false)) {
      return 0;
    }
    if (is_told) {
      return 1;
    }
    constexpr timespec at_once{};
    return mask == nullptr ? libc::poll(items, count, 0) : libc::ppoll(items, count, &at_once, mask);
  };
  const auto wait = [&](std::int64_t moment) noexcept {
    const int error = suspend(items, count, moment);
    for (nfds_t i = 0; error == EBADF && i != count; ++i) {
      closed += items[i].revents != 0 ? 1 : 0;
    }
    is_told = error == 0 && count == 1 && mask == nullptr && items->revents != 0;
    return error;
  };
  const int found = look_until(mask, until, look, wait);
  return closed != 0 ? keep(closed) : found;
}

/// The descriptors of a select().
class Sets {
 public:
  Sets(int count, fd_set* read, fd_set* write, fd_set* except) noexcept : count_(count), given_{read, write, except} {
    bytes_ = (static_cast<std::size_t>(count) + 63) / 64 * 8;
    if (bytes_ > sizeof small_[0]) {
      large_.reset(static_cast<char*>(std::malloc(3 * bytes_)));
    }
  }

  [[nodiscard]] bool is_valid() const noexcept { return bytes_ <= sizeof small_[0] || large_ != nullptr; }

  /// select() on copies, which are written back when it finds something, or at the end.
  int look(const sigset_t* mask) noexcept {
    fd_set* sets[3];
    for (std::size_t i = 0; i != 3; ++i) {
      sets[i] = given_[i] == nullptr ? nullptr : copy(i);
    }
    constexpr timespec at_once{};
    const int found = libc::pselect(count_, sets[0], sets[1], sets[2], &at_once, mask);
    if (found > 0) {
      for (std::size_t i = 0; i != 3; ++i) {
        if (given_[i] != nullptr) {
          std::memcpy(given_[i], sets[i], bytes_);
        }
      }
    }
    return found;
  }

  /// At the end of the time nothing is ready.
  void clear() noexcept {
    for (fd_set* const set : given_) {
      if (set != nullptr) {
        std::memset(set, 0, bytes_);
      }
    }
  }

  /// Fills in what poll() would be asked.
  /// @param items  Null: only counts.
  /// @return How many there are.
  std::size_t list(pollfd* items) const noexcept {
    constexpr short events[] = {POLLIN | POLLRDNORM | POLLRDBAND, POLLOUT | POLLWRNORM | POLLWRBAND, POLLPRI};
    std::size_t found = 0;
    for (int fd = 0; fd < count_; ++fd) {
      short wanted = 0;
      for (std::size_t i = 0; i != 3; ++i) {
        if (given_[i] != nullptr && (reinterpret_cast<const unsigned long*>(given_[i])[fd / 64] >> (fd % 64) & 1) != 0) {
          wanted = static_cast<short>(wanted | events[i]);
        }
      }
      if (wanted != 0) {
        if (items != nullptr) {
          items[found] = {fd, wanted, 0};
        }
        ++found;
      }
    }
    return found;
  }

 private:
  fd_set* copy(std::size_t i) noexcept {
    void* const to = large_ != nullptr ? static_cast<void*>(large_.get() + i * bytes_) : &small_[i];
    return static_cast<fd_set*>(std::memcpy(to, given_[i], bytes_));
  }

  int count_;
  fd_set* given_[3];
  std::size_t bytes_;
  fd_set small_[3];
  std::unique_ptr<char[], Free> large_;
};

int select_until(int count, fd_set* read, fd_set* write, fd_set* except, std::int64_t until, const sigset_t* mask) noexcept {
  Sets sets(count, read, write, except);
  pollfd few[8];
  std::unique_ptr<pollfd[], Free> many;
  const std::size_t listed = sets.list(nullptr);
  if (listed > std::size(few)) {
    many.reset(static_cast<pollfd*>(std::malloc(listed * sizeof(pollfd))));
  }
  pollfd* const items = many != nullptr ? many.get() : few;
  if (!sets.is_valid() || (listed > std::size(few) && many == nullptr)) {
    return fail(ENOMEM);
  }
  sets.list(items);
  const int found = look_until(mask, until, [&]() noexcept { return sets.look(mask); },
                               [&](std::int64_t moment) noexcept { return suspend(items, listed, moment); });
  if (found == 0) {
    sets.clear();
  }
  return found;
}

int epoll_until(int epoll, epoll_event* events, int count, int timeout, const sigset_t* mask) noexcept {
  pollfd item{epoll, POLLIN, 0};
  return look_until(mask, timeout < 0 ? detail::no_bound : from_now(timeout * (second / 1000)),
                    [&]() noexcept {
                      const int found = libc::epoll_wait(epoll, events, count, 0);
                      // A look without a wait passes over signals, in epoll_pwait() alone.
                      constexpr timespec at_once{};
                      return found != 0 || mask == nullptr ? found : libc::ppoll(nullptr, 0, &at_once, mask);
                    },
                    [&](std::int64_t moment) noexcept { return suspend(&item, 1, moment); });
}

}  // namespace

/// What becomes of the calls of a greenlet that is marked.
namespace suspending {

[[gnu::noinline, gnu::hot]] int poll(pollfd* items, nfds_t count, int timeout) {
  if (is_libcs("poll") || timeout == 0) {
    return libc::poll(items, count, timeout);
  }
  return poll_until(items, count, timeout < 0 ? detail::no_bound : from_now(timeout * (second / 1000)), nullptr);
}

[[gnu::noinline]] int ppoll(pollfd* items, nfds_t count, const timespec* timeout, const sigset_t* mask) {
  if (is_libcs("ppoll") || (timeout != nullptr && (!is_length(*timeout) || nanoseconds(*timeout) == 0))) {
    return libc::ppoll(items, count, timeout, mask);
  }
  return poll_until(items, count, timeout == nullptr ? detail::no_bound : from_now(nanoseconds(*timeout)), mask);
}

[[gnu::noinline]] int select(int count, fd_set* read, fd_set* write, fd_set* except, timeval* timeout) {
  const bool is_ours = !is_libcs("select") && count >= 0 &&
                       (timeout == nullptr || (timeout->tv_sec >= 0 && timeout->tv_usec >= 0 && nanoseconds(*timeout) != 0));
  if (!is_ours) {
    return libc::select(count, read, write, except, timeout);
  }
  const std::int64_t until = timeout == nullptr ? detail::no_bound : from_now(nanoseconds(*timeout));
  const int found = select_until(count, read, write, except, until, nullptr);
  if (timeout != nullptr && until != detail::no_bound) {
    // Linux says how much is left.
    const std::int64_t left = std::max<std::int64_t>(until - now(), 0);
    *timeout = {left / second, left % second / 1000};
  }
  return found;
}

[[gnu::noinline]] int pselect(int count, fd_set* read, fd_set* write, fd_set* except, const timespec* timeout,
                                const sigset_t* mask) {
  const bool is_ours = !is_libcs("pselect") && count >= 0 &&
                       (timeout == nullptr || (is_length(*timeout) && nanoseconds(*timeout) != 0));
  if (!is_ours) {
    return libc::pselect(count, read, write, except, timeout, mask);
  }
  return select_until(count, read, write, except, timeout == nullptr ? detail::no_bound : from_now(nanoseconds(*timeout)), mask);
}

[[gnu::noinline]] int epoll_wait(int epoll, epoll_event* events, int count, int timeout) {
  if (is_libcs("epoll_wait", epoll) || timeout == 0) {
    return libc::epoll_wait(epoll, events, count, timeout);
  }
  return epoll_until(epoll, events, count, timeout, nullptr);
}

[[gnu::noinline]] int epoll_pwait(int epoll, epoll_event* events, int count, int timeout, const sigset_t* mask) {
  if (is_libcs("epoll_pwait", epoll) || timeout == 0) {
    return libc::epoll_pwait(epoll, events, count, timeout, mask);
  }
  return epoll_until(epoll, events, count, timeout, mask);
}

}  // namespace suspending

}  // namespace greenway::interpose

using namespace greenway::interpose;

GREENWAY_INTERPOSED [[gnu::hot]] int poll(pollfd* items, nfds_t count, int timeout) {
  return is_marked() ? suspending::poll(items, count, timeout) : libc::poll(items, count, timeout);
}

GREENWAY_INTERPOSED int ppoll(pollfd* items, nfds_t count, const timespec* timeout, const sigset_t* mask) {
  return is_marked() ? suspending::ppoll(items, count, timeout, mask) : libc::ppoll(items, count, timeout, mask);
}

GREENWAY_INTERPOSED int select(int count, fd_set* read, fd_set* write, fd_set* except, timeval* timeout) {
  return is_marked() ? suspending::select(count, read, write, except, timeout) : libc::select(count, read, write, except, timeout);
}

GREENWAY_INTERPOSED int pselect(int count, fd_set* read, fd_set* write, fd_set* except, const timespec* timeout, const sigset_t* mask) {
  return is_marked() ? suspending::pselect(count, read, write, except, timeout, mask) : libc::pselect(count, read, write, except, timeout, mask);
}

GREENWAY_INTERPOSED int epoll_wait(int epoll, epoll_event* events, int count, int timeout) {
  return is_marked() ? suspending::epoll_wait(epoll, events, count, timeout) : libc::epoll_wait(epoll, events, count, timeout);
}

GREENWAY_INTERPOSED int epoll_pwait(int epoll, epoll_event* events, int count, int timeout, const sigset_t* mask) {
  return is_marked() ? suspending::epoll_pwait(epoll, events, count, timeout, mask) : libc::epoll_pwait(epoll, events, count, timeout, mask);
}

GREENWAY_INTERPOSED int __poll_chk(pollfd* items, nfds_t count, int timeout, std::size_t size) {
  if (size / sizeof(pollfd) < count) {
    __chk_fail();
  }
  return poll(items, count, timeout);
}

GREENWAY_INTERPOSED int __ppoll_chk(pollfd* items, nfds_t count, const timespec* timeout, const sigset_t* mask, std::size_t size) {
  if (size / sizeof(pollfd) < count) {
    __chk_fail();
  }
  return ppoll(items, count, timeout, mask);
}
