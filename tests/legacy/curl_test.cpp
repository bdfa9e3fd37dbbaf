// SPDX-License-Identifier: BSL-1.0
#include "legacy/curl_dao.hpp"

#include "visitors.hpp"
#include "web_server.hpp"

using namespace visitors;

TEST_CASE("libcurl's easy interface does the same from threads and from greenlets") {
  const WebServer server(20);
  const auto get = [&](int client) {
    CurlDao dao;
    return dao.get(server.url('/' + std::to_string(client)));
  };
  std::vector<std::string> expected;
  for (int client = 0; client < 20; ++client) {
    expected.push_back('/' + std::to_string(client));
  }
  CHECK(by_threads(20, get) == expected);
  CHECK(by_greenlets(20, get) == expected);
}

TEST_CASE("a greenlet that is cut short in curl_easy_perform gets libcurl's error first, then its own") {
  const WebServer server(2);
  CurlDao dao;
  const CutShort result = cut_short(50ms, [&] { dao.get(server.url("/")); });
  CHECK(result.library_says != "");
  CHECK_FALSE(result.next_call_returned);
  CHECK(result.timed_out);
}
