// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

#include <greenway/db/engine.hpp>

/// An empty database on the test server, which goes away with this; fails the test when there is no server.
class Database {
 public:
  Database();
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  [[nodiscard]] const std::string& url() const noexcept { return url_; }

 private:
  greenway::Engine server_;
  std::string name_;
  std::string url_;
};
