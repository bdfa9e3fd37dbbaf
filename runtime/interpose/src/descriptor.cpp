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

void count_change() noexcept { changes.fetch_add(1, std::memory_order_acq_rel); }

/// Whoever waits for a descriptor on this thread is told when it is closed: the kernel does not tell. Counted before it is,
/// since its number may be taken at once.
void note_closing(int fd) noexcept {
  count_change();
  if (running != nullptr) {
    runtime->closing(fd);
  }
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

// As in libc, whatever the third argument is, or whether there is one, it is passed on as a pointer. What changes whether a
// descriptor waits is counted afterwards: what is seen meanwhile may be the state before.

GREENWAY_INTERPOSED int fcntl(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  const int result = libc::fcntl(fd, command, argument);
  if (command == F_SETFL) {
    count_change();
  }
  return result;
}

// On 64-bit systems the same function under another name.
GREENWAY_INTERPOSED [[gnu::alias("fcntl")]] int fcntl64(int fd, int command, ...);

GREENWAY_INTERPOSED int ioctl(int fd, unsigned long request, ...) noexcept {
  va_list arguments;
  va_start(arguments, request);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  const int result = libc::ioctl(fd, request, argument);
  if (request == FIONBIO) {
    count_change();
  }
  return result;
}
