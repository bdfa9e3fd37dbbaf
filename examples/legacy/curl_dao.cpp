// SPDX-License-Identifier: BSL-1.0
#include "curl_dao.hpp"

#include <stdexcept>

#include <curl/curl.h>

namespace {

std::size_t append(char* data, std::size_t size, std::size_t count, void* body) {
  static_cast<std::string*>(body)->append(data, size * count);
  return size * count;
}

}  // namespace

CurlDao::CurlDao() : easy_(curl_easy_init()) {
  if (easy_ == nullptr) {
    throw std::runtime_error("curl_easy_init failed");
  }
}

CurlDao::~CurlDao() { curl_easy_cleanup(easy_); }

std::string CurlDao::get(const std::string& url) {
  std::string body;
  curl_easy_setopt(easy_, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, &body);
  if (const CURLcode code = curl_easy_perform(easy_); code != CURLE_OK) {
    throw std::runtime_error(curl_easy_strerror(code));
  }
  return body;
}
