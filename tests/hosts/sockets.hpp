// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <stdexcept>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

/// A connected pair of non-blocking sockets. Its functions throw rather than assert: they are called in greenlets.
class Sockets {
 public:
  Sockets() {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends_.data()) != 0) {
      throw std::runtime_error("no pair of sockets");
    }
  }
  ~Sockets() {
    close_near();
    close_far();
  }
  Sockets(const Sockets&) = delete;
  Sockets& operator=(const Sockets&) = delete;

  [[nodiscard]] int near() const { return ends_[0]; }
  void close_near() { close_one(ends_[0]); }
  void close_far() { close_one(ends_[1]); }

  /// To the near end.
  void send() const {
    if (write(ends_[1], "x", 1) != 1) {
      throw std::runtime_error("nothing was sent");
    }
  }
  /// @return Whether there was a byte at the near end.
  [[nodiscard]] bool receive() const {
    char byte = 0;
    return read(ends_[0], &byte, 1) == 1;
  }
  /// From the near end, until the far one takes no more.
  void fill() const {
    const std::array<char, 4096> block{};
    while (write(ends_[0], block.data(), block.size()) > 0) {
    }
  }
  /// At the far end.
  void drain() const {
    std::array<char, 4096> block;
    while (read(ends_[1], block.data(), block.size()) > 0) {
    }
  }

 private:
  static void close_one(int& end) {
    if (const int fd = std::exchange(end, -1); fd >= 0) {
      close(fd);
    }
  }
  std::array<int, 2> ends_{-1, -1};
};
