// SPDX-License-Identifier: BSL-1.0
#include <cerrno>

#include "door.hpp"
#include "gather.hpp"
#include "libc.hpp"
#include "until_done.hpp"

namespace greenway::interpose {

namespace {

/// @return Whether a call with these flags is known not to wait.
bool waits_never(int fd, int flags) noexcept {
  return (flags & (MSG_DONTWAIT | MSG_ERRQUEUE)) != 0 || is_known_nonblocking(fd);
}

short readable(int flags) noexcept { return (flags & MSG_OOB) != 0 ? POLLPRI : POLLIN; }

/// Makes a descriptor non-blocking for the length of one call that has no flag of its own for that.
class NonBlocking {
 public:
  explicit NonBlocking(int fd) noexcept : fd_(fd), flags_(::fcntl(fd, F_GETFL)) {
    if (flags_ >= 0 && (flags_ & O_NONBLOCK) == 0) {
      ::fcntl(fd_, F_SETFL, flags_ | O_NONBLOCK);
    }
  }
  ~NonBlocking() {
    if (flags_ >= 0 && (flags_ & O_NONBLOCK) == 0) {
      const int error = errno;
      ::fcntl(fd_, F_SETFL, flags_);
      errno = error;
    }
  }
  NonBlocking(const NonBlocking&) = delete;
  NonBlocking& operator=(const NonBlocking&) = delete;

 private:
  int fd_;
  int flags_;
};

ssize_t receive(int fd, void* buffer, std::size_t size, int flags, sockaddr* address, socklen_t* length) noexcept {
  if ((flags & MSG_WAITALL) != 0 && address == nullptr) {
    return until_all_done(fd, readable(flags), SO_RCVTIMEO, size, [=](std::size_t done) noexcept {
      return libc::recv(fd, static_cast<char*>(buffer) + done, size - done, flags | MSG_DONTWAIT);
    });
  }
  return until_done(fd, readable(flags), SO_RCVTIMEO,
                    [=]() noexcept { return libc::recvfrom(fd, buffer, size, flags | MSG_DONTWAIT, address, length); });
}

ssize_t send_whole(int fd, const void* buffer, std::size_t size, int flags, const sockaddr* address, socklen_t length) noexcept {
  return until_all_done(fd, POLLOUT, SO_SNDTIMEO, size, [=](std::size_t done) noexcept {
    return libc::sendto(fd, static_cast<const char*>(buffer) + done, size - done, flags | MSG_DONTWAIT, address, length);
  });
}

ssize_t send_message(int fd, const msghdr& message, int flags) noexcept {
  const Gather gather(message.msg_iov, message.msg_iovlen);
  return until_all_done(fd, POLLOUT, SO_SNDTIMEO, gather.size(), [&](std::size_t done) noexcept {
    msghdr rest = message;
    iovec part;
    const auto [vectors, count] = gather.after(done, part);
    rest.msg_iov = const_cast<iovec*>(vectors);
    rest.msg_iovlen = count;
    if (done != 0) {
      rest.msg_control = nullptr;
      rest.msg_controllen = 0;
    }
    return libc::sendmsg(fd, &rest, flags | MSG_DONTWAIT);
  });
}

int finish_connecting(int fd, std::int64_t until, int otherwise) noexcept {
  for (bool is_last = false;;) {
    pollfd item{fd, POLLOUT, 0};
    if (libc::poll(&item, 1, 0) > 0) {
      int error = 0;
      socklen_t size = sizeof error;
      if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
        return -1;
      }
      return error == 0 ? 0 : fail(error);
    }
    if (is_last) {
      return fail(otherwise);
    }
    if (const int error = suspend(&item, 1, until); error != 0) {
      return fail(error);
    }
    is_last = until != detail::no_bound && until <= now();
  }
}

int connect_without_waiting(int fd, const sockaddr* address, socklen_t length) noexcept {
  const NonBlocking for_now(fd);
  return libc::connect(fd, address, length);
}

int connect_until_done(int fd, const sockaddr* address, socklen_t length) noexcept {
  const KeepErrno keep;
  int result = connect_without_waiting(fd, address, length);
  if (result == 0 || (errno != EINPROGRESS && errno != EALREADY && errno != EAGAIN)) {
    return keep(result);
  }
  const std::int64_t until = bound_of(fd, SO_SNDTIMEO);
  if (errno != EAGAIN) {
    return keep(finish_connecting(fd, until, errno));
  }
  // The listener's queue is full: Unix sockets say so, and nothing tells when it is not.
  for (std::int64_t pause = second / 1000; result < 0 && errno == EAGAIN; pause = std::min(2 * pause, second / 20)) {
    if (until <= now()) {
      return fail(EAGAIN);
    }
    if (const int error = suspend(nullptr, 0, std::min(until, from_now(pause))); error != 0) {
      return fail(error);
    }
    result = connect_without_waiting(fd, address, length);
  }
  return keep(result);
}

int accept_one(int fd, sockaddr* address, socklen_t* length, int flags) noexcept {
  return until_done(fd, POLLIN, SO_RCVTIMEO, [=]() noexcept {
    // Looked at first, so that a socket that others use too is changed only when there is something to accept.
    pollfd item{fd, POLLIN, 0};
    if (libc::poll(&item, 1, 0) == 0) {
      return fail(EAGAIN);
    }
    const NonBlocking for_now(fd);
    return libc::accept4(fd, address, length, flags);
  });
}

/// Several messages, each of which may have to wait.
/// @return How many; -1 if the first one failed.
template <class Attempt>
int each(unsigned count, std::int64_t until, Attempt attempt) noexcept {
  unsigned done = 0;
  while (done != count) {
    if (attempt(done) < 0) {
      return done != 0 ? static_cast<int>(done) : -1;
    }
    ++done;
    if (until <= now()) {
      break;
    }
  }
  return static_cast<int>(done);
}

}  // namespace

/// What becomes of the calls of a greenlet that is marked.
namespace suspending {

[[gnu::noinline, gnu::hot]] ssize_t recv(int fd, void* buffer, std::size_t size, int flags) {
  if (is_libcs("recv", fd) || waits_never(fd, flags)) {
    return note_emptied(fd, libc::recv(fd, buffer, size, flags));
  }
  return receive(fd, buffer, size, flags, nullptr, nullptr);
}

[[gnu::noinline, gnu::hot]] ssize_t recvfrom(int fd, void* buffer, std::size_t size, int flags, sockaddr* address, socklen_t* length) {
  if (is_libcs("recvfrom", fd) || waits_never(fd, flags)) {
    return note_emptied(fd, libc::recvfrom(fd, buffer, size, flags, address, length));
  }
  return receive(fd, buffer, size, flags, address, length);
}

[[gnu::noinline]] ssize_t recvmsg(int fd, msghdr* message, int flags) {
  if (is_libcs("recvmsg", fd) || waits_never(fd, flags)) {
    return note_emptied(fd, libc::recvmsg(fd, message, flags));
  }
  return until_done(fd, readable(flags), SO_RCVTIMEO,
                    [=]() noexcept { return libc::recvmsg(fd, message, flags | MSG_DONTWAIT); });
}

[[gnu::noinline]] int recvmmsg(int fd, mmsghdr* messages, unsigned count, int flags, timespec* timeout) {
  if (is_libcs("recvmmsg", fd) || waits_never(fd, flags) || (timeout != nullptr && !is_length(*timeout))) {
    return libc::recvmmsg(fd, messages, count, flags, timeout);
  }
  const std::int64_t until = timeout == nullptr ? detail::no_bound : from_now(nanoseconds(*timeout));
  const int received = each(count, until, [=](unsigned i) noexcept {
    if (i != 0 && (flags & MSG_WAITFORONE) != 0) {
      return libc::recvmmsg(fd, messages + i, 1, (flags & ~MSG_WAITFORONE) | MSG_DONTWAIT, nullptr);
    }
    return until_done(fd, readable(flags), SO_RCVTIMEO, [=]() noexcept {
      return libc::recvmmsg(fd, messages + i, 1, (flags & ~MSG_WAITFORONE) | MSG_DONTWAIT, nullptr);
    });
  });
  if (timeout != nullptr && received >= 0) {
    *timeout = as_timespec(std::max<std::int64_t>(until - now(), 0));
  }
  return received;
}

[[gnu::noinline, gnu::hot]] ssize_t send(int fd, const void* buffer, std::size_t size, int flags) {
  if (is_libcs("send", fd) || waits_never(fd, flags)) {
    return libc::send(fd, buffer, size, flags);
  }
  return send_whole(fd, buffer, size, flags, nullptr, 0);
}

[[gnu::noinline, gnu::hot]] ssize_t sendto(int fd, const void* buffer, std::size_t size, int flags, const sockaddr* address,
                                   socklen_t length) {
  if (is_libcs("sendto", fd) || waits_never(fd, flags)) {
    return libc::sendto(fd, buffer, size, flags, address, length);
  }
  return send_whole(fd, buffer, size, flags, address, length);
}

[[gnu::noinline]] ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  if (is_libcs("sendmsg", fd) || waits_never(fd, flags)) {
    return libc::sendmsg(fd, message, flags);
  }
  return send_message(fd, *message, flags);
}

[[gnu::noinline]] int sendmmsg(int fd, mmsghdr* messages, unsigned count, int flags) {
  if (is_libcs("sendmmsg", fd) || waits_never(fd, flags)) {
    return libc::sendmmsg(fd, messages, count, flags);
  }
  return each(count, detail::no_bound, [=](unsigned i) noexcept {
    const ssize_t sent = send_message(fd, messages[i].msg_hdr, flags);
    messages[i].msg_len = sent < 0 ? 0 : static_cast<unsigned>(sent);
    return sent;
  });
}

[[gnu::noinline]] int connect(int fd, const sockaddr* address, socklen_t length) {
  if (is_libcs("connect", fd) || is_nonblocking(fd)) {
    return libc::connect(fd, address, length);
  }
  return connect_until_done(fd, address, length);
}

[[gnu::noinline]] int accept(int fd, sockaddr* address, socklen_t* length) {
  if (is_libcs("accept", fd) || is_nonblocking(fd)) {
    return libc::accept(fd, address, length);
  }
  return accept_one(fd, address, length, 0);
}

[[gnu::noinline]] int accept4(int fd, sockaddr* address, socklen_t* length, int flags) {
  if (is_libcs("accept4", fd) || is_nonblocking(fd)) {
    return libc::accept4(fd, address, length, flags);
  }
  return accept_one(fd, address, length, flags);
}

}  // namespace suspending

}  // namespace greenway::interpose

using namespace greenway::interpose;

GREENWAY_INTERPOSED [[gnu::hot]] ssize_t recv(int fd, void* buffer, std::size_t size, int flags) {
  return is_marked() ? suspending::recv(fd, buffer, size, flags) : libc::recv(fd, buffer, size, flags);
}

GREENWAY_INTERPOSED [[gnu::hot]] ssize_t recvfrom(int fd, void* buffer, std::size_t size, int flags, sockaddr* address, socklen_t* length) {
  return is_marked() ? suspending::recvfrom(fd, buffer, size, flags, address, length) : libc::recvfrom(fd, buffer, size, flags, address, length);
}

GREENWAY_INTERPOSED ssize_t recvmsg(int fd, msghdr* message, int flags) {
  return is_marked() ? suspending::recvmsg(fd, message, flags) : libc::recvmsg(fd, message, flags);
}

GREENWAY_INTERPOSED int recvmmsg(int fd, mmsghdr* messages, unsigned count, int flags, timespec* timeout) {
  return is_marked() ? suspending::recvmmsg(fd, messages, count, flags, timeout) : libc::recvmmsg(fd, messages, count, flags, timeout);
}

GREENWAY_INTERPOSED [[gnu::hot]] ssize_t send(int fd, const void* buffer, std::size_t size, int flags) {
  return is_marked() ? suspending::send(fd, buffer, size, flags) : libc::send(fd, buffer, size, flags);
}

GREENWAY_INTERPOSED [[gnu::hot]] ssize_t sendto(int fd, const void* buffer, std::size_t size, int flags, const sockaddr* address, socklen_t length) {
  return is_marked() ? suspending::sendto(fd, buffer, size, flags, address, length) : libc::sendto(fd, buffer, size, flags, address, length);
}

GREENWAY_INTERPOSED ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  return is_marked() ? suspending::sendmsg(fd, message, flags) : libc::sendmsg(fd, message, flags);
}

GREENWAY_INTERPOSED int sendmmsg(int fd, mmsghdr* messages, unsigned count, int flags) {
  return is_marked() ? suspending::sendmmsg(fd, messages, count, flags) : libc::sendmmsg(fd, messages, count, flags);
}

GREENWAY_INTERPOSED int connect(int fd, const sockaddr* address, socklen_t length) {
  return is_marked() ? suspending::connect(fd, address, length) : libc::connect(fd, address, length);
}

GREENWAY_INTERPOSED int accept(int fd, sockaddr* address, socklen_t* length) {
  return is_marked() ? suspending::accept(fd, address, length) : libc::accept(fd, address, length);
}

GREENWAY_INTERPOSED int accept4(int fd, sockaddr* address, socklen_t* length, int flags) {
  return is_marked() ? suspending::accept4(fd, address, length, flags) : libc::accept4(fd, address, length, flags);
}

GREENWAY_INTERPOSED ssize_t __recv_chk(int fd, void* buffer, std::size_t size, std::size_t room, int flags) {
  if (room < size) {
    __chk_fail();
  }
  return recv(fd, buffer, size, flags);
}

GREENWAY_INTERPOSED ssize_t __recvfrom_chk(int fd, void* buffer, std::size_t size, std::size_t room, int flags, sockaddr* address,
                                           socklen_t* length) {
  if (room < size) {
    __chk_fail();
  }
  return recvfrom(fd, buffer, size, flags, address, length);
}
