// SPDX-License-Identifier: BSL-1.0
#include "door.hpp"
#include "libc.hpp"

/// Whoever waits for a descriptor on this thread is told when it is closed: the kernel does not tell. Nothing else is kept of
/// descriptors, so that dup(), fcntl() and ioctl() may do with them what they like.
namespace greenway::interpose {

namespace {

void note_closing(int fd) noexcept {
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
