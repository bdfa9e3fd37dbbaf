// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cerrno>
#include <cstdint>

#include <poll.h>

#include <greenway/runtime/detail/interposition.hpp>

/// What is asked at each intercepted call.
#define GREENWAY_INTERPOSED extern "C" [[gnu::visibility("default")]]

/// Of libc: ends a program that was about to write beyond a buffer.
extern "C" [[noreturn]] void __chk_fail();

namespace greenway::interpose {

/// Where the greenlet stands that runs on this thread; null on a thread without greenlets, without a runtime, and in a child
/// after fork().
extern constinit thread_local GreenletRecord* const* running [[gnu::tls_model("initial-exec")]];

/// The runtime, once it is attached; only then can `running` be anything but null.
extern const detail::Interposition* runtime;

/// Tells of a call, if somebody asked for that.
/// @param call  Its name.
/// @param fd    The descriptor; -1 when there is none.
/// @param what  What became of it.
void tell(const char* call, int fd, const char* what) noexcept;

/// The second look at a call.
[[nodiscard]] bool passes_on(const GreenletRecord& greenlet, const char* call, int fd) noexcept;

/// @return Whether a call made here is looked at again. All that a call outside of greenlets costs; the rest is kept out of line.
[[gnu::always_inline]] inline bool is_marked() noexcept {
  return running != nullptr && (*running)->interposing != detail::Interposing::off;
}

/// @param call  Its name, for traces.
/// @param fd    Its descriptor; -1 when there is none.
/// @return Whether a call of a greenlet that is marked is libc's all the same.
inline bool is_libcs(const char* call, int fd = -1) noexcept { return passes_on(**running, call, fd); }

/// Suspends until a descriptor may be ready: see Interposition::wait.
/// @return 0: look again; else what errno is to be.
inline int suspend(pollfd* items, std::size_t count, std::int64_t until) noexcept { return runtime->wait(items, count, until); }

/// As libc fails.
/// @param error  For errno.
/// @return -1.
inline int fail(int error) noexcept {
  errno = error;
  return -1;
}

/// A call that succeeds leaves errno alone, whatever happened meanwhile on this thread.
class KeepErrno {
 public:
  KeepErrno() noexcept : value_(errno) {}
  ~KeepErrno() = default;
  KeepErrno(const KeepErrno&) = delete;
  KeepErrno& operator=(const KeepErrno&) = delete;

  /// @param result  Of the call: negative for an error.
  /// @return It.
  template <class R>
  R operator()(R result) const noexcept {
    if (result >= 0) {
      errno = value_;
    }
    return result;
  }

 private:
  int value_;
};

}  // namespace greenway::interpose
