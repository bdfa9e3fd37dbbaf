// SPDX-License-Identifier: BSL-1.0
#include <cerrno>

#include <limits.h>
#include <sys/stat.h>

#include <greenway/runtime/detail/sanitizer.hpp>

#include "door.hpp"
#include "gather.hpp"
#include "helper.hpp"
#include "libc.hpp"
#include "until_done.hpp"

namespace greenway::interpose {

namespace {

enum class Kind { file, socket, other };

Kind kind_of(int fd) noexcept {
  struct stat status {};
  if (fstat(fd, &status) != 0) {
    return Kind::other;
  }
  return S_ISREG(status.st_mode) || S_ISBLK(status.st_mode) ? Kind::file : S_ISSOCK(status.st_mode) ? Kind::socket : Kind::other;
}

/// Whether there are calls that read and write any descriptor without waiting. A sanitizer does not see them, and would miss
/// that what was written into a pipe happened before it is read.
#if defined(GREENWAY_TSAN)
constexpr bool has_nowait = false;
#else
constexpr bool has_nowait = true;
#endif

/// @return Whether a poll() that does not wait finds the descriptor ready; errno says EAGAIN otherwise.
bool is_ready(int fd, short events) noexcept {
  pollfd item{fd, events, 0};
  if (libc::poll(&item, 1, 0) == 0) {
    errno = EAGAIN;
    return false;
  }
  return true;
}

/// Reads what is there, of a descriptor that is no file, without waiting; where the kernel has no way to, it is asked first.
ssize_t read_what_is_there(int fd, Kind kind, const iovec* vectors, int count) noexcept {
  if (kind == Kind::socket) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(vectors);
    message.msg_iovlen = static_cast<std::size_t>(count);
    return libc::recvmsg(fd, &message, MSG_DONTWAIT);
  }
  if (has_nowait) {
    if (const ssize_t result = preadv2(fd, vectors, count, -1, RWF_NOWAIT); result >= 0 || errno != EOPNOTSUPP) {
      return result;
    }
  }
  return is_ready(fd, POLLIN) ? libc::readv(fd, vectors, count) : -1;
}

/// Writes what there is room for. A pipe that has room takes a page without waiting.
ssize_t write_what_fits(int fd, Kind kind, const iovec* vectors, int count) noexcept {
  if (kind == Kind::socket) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(vectors);
    message.msg_iovlen = static_cast<std::size_t>(count);
    return libc::sendmsg(fd, &message, MSG_DONTWAIT);
  }
  if (has_nowait) {
    if (const ssize_t result = pwritev2(fd, vectors, count, -1, RWF_NOWAIT); result >= 0 || errno != EOPNOTSUPP) {
      return result;
    }
  }
  if (is_nonblocking(fd)) {
    return libc::writev(fd, vectors, count);
  }
  if (!is_ready(fd, POLLOUT)) {
    return -1;
  }
  if (vectors->iov_len <= PIPE_BUF) {
    return libc::writev(fd, vectors, 1);
  }
  return libc::write(fd, vectors->iov_base, PIPE_BUF);
}

/// A file is read on a helper thread from where the page cache ends.
/// @param offset  -1: the file's own.
/// @param done    So much has been read already.
ssize_t read_file(int fd, const iovec* vectors, int count, off_t offset, std::size_t done = 0) noexcept {
  const KeepErrno keep;
  const Gather gather(vectors, static_cast<std::size_t>(count));
  for (bool is_cached = has_nowait; done < gather.size();) {
    iovec part;
    const auto [rest, length] = gather.after(done, part);
    const auto read_rest = [=, rest = rest, length = static_cast<int>(length)](int flags) noexcept {
      return preadv2(fd, rest, length, offset < 0 ? -1 : offset + static_cast<off_t>(done), flags);
    };
    const ssize_t result = is_cached ? read_rest(RWF_NOWAIT) : on_helper([&]() noexcept { return read_rest(0); });
    if (result < 0 && is_cached && (errno == EAGAIN || errno == EOPNOTSUPP)) {
      is_cached = false;
      continue;
    }
    if (result < 0) {
      return done != 0 ? keep(static_cast<ssize_t>(done)) : -1;
    }
    done += static_cast<std::size_t>(result);
    if (result == 0 || (!is_cached && static_cast<std::size_t>(result) != Gather(rest, length).size())) {
      break;
    }
  }
  return keep(static_cast<ssize_t>(done));
}

ssize_t read_vectors(int fd, const iovec* vectors, int count) noexcept {
  const KeepErrno keep;
  std::size_t done = 0;
  if (has_nowait) {
    // Answers most calls, whatever they read from. A short count of a file may mean that the rest is not in memory.
    const ssize_t result = preadv2(fd, vectors, count, -1, RWF_NOWAIT);
    if (result == 0 || (result < 0 && errno != EAGAIN && errno != EOPNOTSUPP) ||
        (result > 0 && static_cast<std::size_t>(result) == Gather(vectors, static_cast<std::size_t>(count)).size())) {
      return keep(result);
    }
    done = result > 0 ? static_cast<std::size_t>(result) : 0;
  }
  const Kind kind = kind_of(fd);
  if (kind == Kind::file) {
    return keep(read_file(fd, vectors, count, -1, done));
  }
  if (done != 0) {
    return keep(static_cast<ssize_t>(done));
  }
  return keep(until_done(fd, POLLIN, kind == Kind::socket ? SO_RCVTIMEO : 0,
                         [=]() noexcept { return read_what_is_there(fd, kind, vectors, count); }));
}

/// A file takes what is written into the page cache; one that is to be synchronous waits for the disk on a helper thread.
template <class Write>
ssize_t write_file(int fd, Write write) noexcept {
  return (fcntl(fd, F_GETFL) & (O_DSYNC | O_DIRECT)) != 0 ? on_helper(write) : write();
}

ssize_t write_vectors(int fd, const iovec* vectors, int count) noexcept {
  const KeepErrno keep;
  const Kind kind = kind_of(fd);
  if (kind == Kind::file) {
    return write_file(fd, [=]() noexcept { return libc::writev(fd, vectors, count); });
  }
  const Gather gather(vectors, static_cast<std::size_t>(count));
  return until_all_done(fd, POLLOUT, kind == Kind::socket ? SO_SNDTIMEO : 0, gather.size(), [&](std::size_t done) noexcept {
    iovec part;
    const auto [rest, length] = gather.after(done, part);
    return write_what_fits(fd, kind, rest, static_cast<int>(length));
  });
}

/// @return Whether there is nothing to wait for: libc says what is wrong, if anything is.
bool is_empty(const iovec* vectors, int count) noexcept {
  return count <= 0 || count > IOV_MAX || Gather(vectors, static_cast<std::size_t>(count)).size() == 0;
}

}  // namespace

/// What becomes of the calls of a greenlet that is marked.
namespace suspending {

[[gnu::noinline]] ssize_t read(int fd, void* buffer, std::size_t size) {
  if (is_libcs("read", fd) || size == 0 || is_known_nonblocking(fd)) {
    return note_emptied(fd, libc::read(fd, buffer, size));
  }
  const iovec vector{buffer, size};
  return read_vectors(fd, &vector, 1);
}

[[gnu::noinline]] ssize_t readv(int fd, const iovec* vectors, int count) {
  if (is_libcs("readv", fd) || is_empty(vectors, count) || is_known_nonblocking(fd)) {
    return note_emptied(fd, libc::readv(fd, vectors, count));
  }
  return read_vectors(fd, vectors, count);
}

[[gnu::noinline]] ssize_t pread(int fd, void* buffer, std::size_t size, off_t offset) {
  if (is_libcs("pread", fd) || size == 0 || offset < 0) {
    return libc::pread(fd, buffer, size, offset);
  }
  const iovec vector{buffer, size};
  return read_file(fd, &vector, 1, offset);
}

[[gnu::noinline]] ssize_t write(int fd, const void* buffer, std::size_t size) {
  if (is_libcs("write", fd) || size == 0 || is_known_nonblocking(fd)) {
    return libc::write(fd, buffer, size);
  }
  const iovec vector{const_cast<void*>(buffer), size};
  return write_vectors(fd, &vector, 1);
}

[[gnu::noinline]] ssize_t writev(int fd, const iovec* vectors, int count) {
  if (is_libcs("writev", fd) || is_empty(vectors, count) || is_known_nonblocking(fd)) {
    return libc::writev(fd, vectors, count);
  }
  return write_vectors(fd, vectors, count);
}

[[gnu::noinline]] ssize_t pwrite(int fd, const void* buffer, std::size_t size, off_t offset) {
  if (is_libcs("pwrite", fd) || size == 0) {
    return libc::pwrite(fd, buffer, size, offset);
  }
  return write_file(fd, [=]() noexcept { return libc::pwrite(fd, buffer, size, offset); });
}

[[gnu::noinline]] int fsync(int fd) {
  return is_libcs("fsync", fd) ? libc::fsync(fd) : on_helper([fd]() noexcept { return libc::fsync(fd); });
}

[[gnu::noinline]] int fdatasync(int fd) {
  return is_libcs("fdatasync", fd) ? libc::fdatasync(fd) : on_helper([fd]() noexcept { return libc::fdatasync(fd); });
}

}  // namespace suspending

}  // namespace greenway::interpose

using namespace greenway::interpose;

GREENWAY_INTERPOSED ssize_t read(int fd, void* buffer, std::size_t size) {
  return is_marked() ? suspending::read(fd, buffer, size) : libc::read(fd, buffer, size);
}

GREENWAY_INTERPOSED ssize_t readv(int fd, const iovec* vectors, int count) {
  return is_marked() ? suspending::readv(fd, vectors, count) : libc::readv(fd, vectors, count);
}

GREENWAY_INTERPOSED ssize_t pread(int fd, void* buffer, std::size_t size, off_t offset) {
  return is_marked() ? suspending::pread(fd, buffer, size, offset) : libc::pread(fd, buffer, size, offset);
}

GREENWAY_INTERPOSED ssize_t write(int fd, const void* buffer, std::size_t size) {
  return is_marked() ? suspending::write(fd, buffer, size) : libc::write(fd, buffer, size);
}

GREENWAY_INTERPOSED ssize_t writev(int fd, const iovec* vectors, int count) {
  return is_marked() ? suspending::writev(fd, vectors, count) : libc::writev(fd, vectors, count);
}

GREENWAY_INTERPOSED ssize_t pwrite(int fd, const void* buffer, std::size_t size, off_t offset) {
  return is_marked() ? suspending::pwrite(fd, buffer, size, offset) : libc::pwrite(fd, buffer, size, offset);
}

GREENWAY_INTERPOSED int fsync(int fd) {
  return is_marked() ? suspending::fsync(fd) : libc::fsync(fd);
}

GREENWAY_INTERPOSED int fdatasync(int fd) {
  return is_marked() ? suspending::fdatasync(fd) : libc::fdatasync(fd);
}

// On 64-bit systems the same functions under other names.
GREENWAY_INTERPOSED ssize_t pread64(int fd, void* buffer, std::size_t size, off64_t offset) { return pread(fd, buffer, size, offset); }

GREENWAY_INTERPOSED ssize_t pwrite64(int fd, const void* buffer, std::size_t size, off64_t offset) {
  return pwrite(fd, buffer, size, offset);
}

GREENWAY_INTERPOSED ssize_t __read_chk(int fd, void* buffer, std::size_t size, std::size_t room) {
  if (room < size) {
    __chk_fail();
  }
  return read(fd, buffer, size);
}

GREENWAY_INTERPOSED ssize_t __pread_chk(int fd, void* buffer, std::size_t size, off_t offset, std::size_t room) {
  if (room < size) {
    __chk_fail();
  }
  return pread(fd, buffer, size, offset);
}

GREENWAY_INTERPOSED ssize_t __pread64_chk(int fd, void* buffer, std::size_t size, off64_t offset, std::size_t room) {
  return __pread_chk(fd, buffer, size, offset, room);
}
