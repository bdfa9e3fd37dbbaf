// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include <fcntl.h>

/// What is remembered of descriptors from call to call, to save the kernel a question. None of it decides what a call returns:
/// where a memory is wrong, since somebody changed a descriptor unseen, a call is libc's, or looks once more.
namespace greenway::interpose {

/// Counts the calls, on any thread, that may have changed which file a number means, or whether it waits.
extern constinit std::atomic<std::uint32_t> changes;

/// The descriptors that were last seen with O_NONBLOCK, the number of each beside the count of changes at that time.
extern constinit std::array<std::atomic<std::uint64_t>, 256> nonblocking;

inline std::uint64_t as_seen(int fd, std::uint32_t count) noexcept {
  return static_cast<std::uint64_t>(count) << 32U | static_cast<std::uint32_t>(fd);
}

inline std::atomic<std::uint64_t>& memory_of(int fd) noexcept {
  return nonblocking[static_cast<std::uint32_t>(fd) % nonblocking.size()];
}

/// @return Whether a call on this descriptor can be libc's, since it will not wait.
inline bool is_known_nonblocking(int fd) noexcept {
  return memory_of(fd).load(std::memory_order_relaxed) == as_seen(fd, changes.load(std::memory_order_acquire));
}

/// @return Whether whoever opened the descriptor wants no waiting, as the kernel says.
inline bool is_nonblocking(int fd) noexcept {
  const std::uint32_t before = changes.load(std::memory_order_acquire);
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || (flags & O_NONBLOCK) == 0) {
    return (flags & O_NONBLOCK) != 0;
  }
  memory_of(fd).store(as_seen(fd, before), std::memory_order_relaxed);
  return true;
}

/// The descriptor that had nothing to be read when this thread last asked; -1: none.
extern constinit thread_local int emptied [[gnu::tls_model("initial-exec")]];

/// @param result  Of a read.
/// @return It.
template <class R>
R note_emptied(int fd, R result) noexcept {
  if (result < 0 && errno == EAGAIN) {
    emptied = fd;
  }
  return result;
}

}  // namespace greenway::interpose
