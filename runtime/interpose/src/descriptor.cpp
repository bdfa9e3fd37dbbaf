// SPDX-License-Identifier: BSL-1.0
#include "descriptor.hpp"

#include <cstdarg>

#include <sys/ioctl.h>

#include "door.hpp"
#include "libc.hpp"

namespace greenway::interpose {

constinit std::atomic<std::uint32_t> changes{1};
constinit std::array<std::atomic<std::uint64_t>, 256> nonblocking{};
constinit thread_local int emptied = -1;

namespace {

/// Whoever waits for a descriptor on this thread is told when it is closed: the kernel does not tell. Counted before it is,
/// since its number may be taken at once.
void note_closing(int fd) noexcept {
  changes.fetch_add(1, std::memory_order_acq_rel);
  if (running != nullptr) {
    runtime->closing(fd);
  }
}

/// Counted afterwards: what is seen meanwhile may be the state before.
int set_flags(int fd, int command, void* argument) noexcept {
  const int result = libc::fcntl(fd, command, argument);
  changes.fetch_add(1, std::memory_order_acq_rel);
  return result;
}

}  // namespace

}  // namespace greenway::interpose

using namespace greenway::interpose;

GREENWAY_INTERPOSED int close(int fd) {
  note_closing(fd);
  return libc::close(fd);
}

GREENWAY_INTERPOSED int dup2(int from, int to) {
  if (from != to) {
    note_closing(to);
  }
  return libc::dup2(from, to);
}

GREENWAY_INTERPOSED int dup3(int from, int to, int flags) {
  if (from != to) {
    note_closing(to);
  }
  return libc::dup3(from, to, flags);
}

// As in libc, whatever the third argument is, or whether there is one, it is passed on as a pointer.

GREENWAY_INTERPOSED int fcntl(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  return command == F_SETFL ? set_flags(fd, command, argument) : libc::fcntl(fd, command, argument);
}

GREENWAY_INTERPOSED int fcntl64(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  return fcntl(fd, command, argument);
}

GREENWAY_INTERPOSED int ioctl(int fd, unsigned long request, ...) noexcept {
  va_list arguments;
  va_start(arguments, request);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  const int result = libc::ioctl(fd, request, argument);
  if (request == FIONBIO) {
    changes.fetch_add(1, std::memory_order_acq_rel);
  }
  return result;
}
