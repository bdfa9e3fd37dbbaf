// SPDX-License-Identifier: BSL-1.0
#include "web_server.hpp"

#include <stdexcept>
#include <utility>
#include <vector>

#include <unistd.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace {

/// The path of the request, once all of its header is there; empty when the client has gone.
std::string read_path(int socket) {
  std::string header;
  while (header.find("\r\n\r\n") == std::string::npos) {
    char buffer[1024];
    const ssize_t size = ::recv(socket, buffer, sizeof buffer, 0);
    if (size <= 0) {
      return {};
    }
    header.append(buffer, static_cast<std::size_t>(size));
  }
  const std::size_t begin = header.find(' ') + 1;
  return header.substr(begin, header.find(' ', begin) - begin);
}

void answer(int socket, const std::string& body) {
  const std::string text =
      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  static_cast<void>(::send(socket, text.data(), text.size(), MSG_NOSIGNAL));
  ::close(socket);
}

}  // namespace

WebServer::WebServer(int together) : together_(together), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, together) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no socket to listen on");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this] { serve(); });
}

WebServer::~WebServer() {
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

std::string WebServer::url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }

void WebServer::serve() const {
  std::vector<std::pair<int, std::string>> waiting;
  for (int socket; (socket = ::accept(listener_, nullptr, nullptr)) >= 0;) {
    waiting.emplace_back(socket, read_path(socket));
    if (static_cast<int>(waiting.size()) == together_) {
      for (const auto& [client, path] : waiting) {
        answer(client, path);
      }
      waiting.clear();
    }
  }
  for (const auto& [client, path] : waiting) {
    ::close(client);
  }
}
