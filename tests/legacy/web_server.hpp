// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <thread>

/// A web server on 127.0.0.1 that answers nobody before so many have asked: who asks one after the other waits for
/// ever.
class WebServer {
 public:
  /// @param together  How many requests it answers at a time, each with its own path.
  explicit WebServer(int together);
  ~WebServer();
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;

  [[nodiscard]] std::string url(const std::string& path) const;

 private:
  void serve() const;

  const int together_;
  int listener_ = -1;
  int port_ = 0;
  std::jthread thread_;
};
