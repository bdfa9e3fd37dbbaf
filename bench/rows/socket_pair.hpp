// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file rows/socket_pair.hpp
/// @brief Two connected sockets, for a byte at a time.

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

#include <unistd.h>
#include <sys/socket.h>

namespace greenway::bench {

/// A non-blocking socketpair, closed with this object.
class SocketPair {
 public:
  SocketPair() {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends_.data()) != 0) {
      throw std::runtime_error(std::string("socketpair: ") + std::strerror(errno));
    }
  }
  ~SocketPair() {
    close(ends_[0]);
    close(ends_[1]);
  }
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;

  /// @return The end that is waited on.
  [[nodiscard]] int near_end() const noexcept { return ends_[0]; }

  /// Makes the near end readable.
  void send() const {
    const char byte = 0;
    check(write(ends_[1], &byte, 1));
  }
  /// Takes what send() has written.
  void receive() const {
    char byte = 0;
    check(read(ends_[0], &byte, 1));
  }

 private:
  static void check(ssize_t count) {
    if (count != 1) {
      throw std::runtime_error("the byte did not go through the socketpair");
    }
  }

  std::array<int, 2> ends_{};
};

}  // namespace greenway::bench
