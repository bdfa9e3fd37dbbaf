// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

/// What a web server says, by libcurl's easy interface.
class CurlDao {
 public:
  CurlDao();
  ~CurlDao();
  CurlDao(const CurlDao&) = delete;
  CurlDao& operator=(const CurlDao&) = delete;

  /// Throws std::runtime_error with libcurl's own words.
  std::string get(const std::string& url);

 private:
  void* easy_;
};
