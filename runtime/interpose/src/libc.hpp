// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstddef>

#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/// libc's own functions, under its own names: `libc::poll(…)` is what `poll(…)` would be without us. Under a sanitizer they are
/// the sanitizer's, which call libc's.
namespace greenway::interpose::libc {

/// A name as a template argument.
template <std::size_t size>
struct Name {
  constexpr Name(const char (&text)[size]) { std::copy_n(text, size, characters); }
  char characters[size];
};

template <Name name, class Signature>
class Function;

/// The next definition of `name` after our own. It is looked up at the first call: others may call before any constructor of
/// ours has run.
template <Name name, class R, class... A>
class Function<name, R(A...)> {
 public:
  R operator()(A... arguments) const { return call_(arguments...); }

 private:
  using Pointer = R (*)(A...);

  static R look_up(A... arguments) {
    call_ = reinterpret_cast<Pointer>(dlsym(RTLD_NEXT, name.characters));
    return call_(arguments...);
  }

  inline static constinit Pointer call_ = look_up;
};

template <Name name, class R, class... A>
class Function<name, R(A...) noexcept> : public Function<name, R(A...)> {};

/// One that takes one argument more, whose type it tells from the others.
template <Name name, class R, class... A>
class Function<name, R(A..., ...)> {
 public:
  R operator()(A... arguments, void* last) const {
    if (call_ == nullptr) [[unlikely]] {
      call_ = reinterpret_cast<Pointer>(dlsym(RTLD_NEXT, name.characters));
    }
    return call_(arguments..., last);
  }

 private:
  using Pointer = R (*)(A..., ...);

  inline static constinit Pointer call_ = nullptr;
};

template <Name name, class R, class... A>
class Function<name, R(A..., ...) noexcept> : public Function<name, R(A..., ...)> {};

// The attributes of libc's declarations mean nothing for a type.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wignored-attributes"

inline constexpr Function<"poll", decltype(::poll)> poll;
inline constexpr Function<"ppoll", decltype(::ppoll)> ppoll;
inline constexpr Function<"select", decltype(::select)> select;
inline constexpr Function<"pselect", decltype(::pselect)> pselect;
inline constexpr Function<"epoll_wait", decltype(::epoll_wait)> epoll_wait;
inline constexpr Function<"epoll_pwait", decltype(::epoll_pwait)> epoll_pwait;

inline constexpr Function<"read", decltype(::read)> read;
inline constexpr Function<"readv", decltype(::readv)> readv;
inline constexpr Function<"pread", decltype(::pread)> pread;
inline constexpr Function<"write", decltype(::write)> write;
inline constexpr Function<"writev", decltype(::writev)> writev;
inline constexpr Function<"pwrite", decltype(::pwrite)> pwrite;
inline constexpr Function<"fsync", decltype(::fsync)> fsync;
inline constexpr Function<"fdatasync", decltype(::fdatasync)> fdatasync;

inline constexpr Function<"recv", decltype(::recv)> recv;
inline constexpr Function<"recvfrom", ssize_t(int, void*, std::size_t, int, sockaddr*, socklen_t*)> recvfrom;
inline constexpr Function<"recvmsg", decltype(::recvmsg)> recvmsg;
inline constexpr Function<"recvmmsg", decltype(::recvmmsg)> recvmmsg;
inline constexpr Function<"send", decltype(::send)> send;
inline constexpr Function<"sendto", ssize_t(int, const void*, std::size_t, int, const sockaddr*, socklen_t)> sendto;
inline constexpr Function<"sendmsg", decltype(::sendmsg)> sendmsg;
inline constexpr Function<"sendmmsg", decltype(::sendmmsg)> sendmmsg;
inline constexpr Function<"connect", int(int, const sockaddr*, socklen_t)> connect;
inline constexpr Function<"accept", int(int, sockaddr*, socklen_t*)> accept;
inline constexpr Function<"accept4", int(int, sockaddr*, socklen_t*, int)> accept4;

inline constexpr Function<"nanosleep", decltype(::nanosleep)> nanosleep;
inline constexpr Function<"clock_nanosleep", decltype(::clock_nanosleep)> clock_nanosleep;
inline constexpr Function<"usleep", decltype(::usleep)> usleep;
inline constexpr Function<"sleep", decltype(::sleep)> sleep;

inline constexpr Function<"close", decltype(::close)> close;
inline constexpr Function<"fcntl", decltype(::fcntl)> fcntl;
inline constexpr Function<"ioctl", decltype(::ioctl)> ioctl;
inline constexpr Function<"dup2", decltype(::dup2)> dup2;
inline constexpr Function<"dup3", decltype(::dup3)> dup3;
inline constexpr Function<"getaddrinfo", decltype(::getaddrinfo)> getaddrinfo;

#pragma GCC diagnostic pop

}  // namespace greenway::interpose::libc
