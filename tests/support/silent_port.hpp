// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "support/catch.hpp"

namespace support {

/// A port of 127.0.0.1 that takes connections, if it listens, and says nothing.
class SilentPort {
 public:
  explicit SilentPort(bool listens) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    if (listens) {
      REQUIRE(::listen(socket_, 8) == 0);
    }
    socklen_t size = sizeof address;
    REQUIRE(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  ~SilentPort() { ::close(socket_); }
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;

  [[nodiscard]] std::string url(const std::string& options = {}) const {
    return "postgresql://somebody:secret-password@127.0.0.1:" + std::to_string(port_) + "/bank" + options;
  }

 private:
  int socket_;
  int port_ = 0;
};

}  // namespace support
