// SPDX-License-Identifier: BSL-1.0

// The programs of docs/embedding.md.

#include <chrono>
#include <fstream>
#include <sstream>
#include <string>

#include <poll.h>

#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/reactor_host.hpp>
#include <greenway/runtime/wait.hpp>

#include "support/catch.hpp"

namespace {

/// The lines of a text without the space around them, one after the other.
std::string without_space(const std::string& text) {
  std::istringstream in(text);
  std::string all;
  for (std::string line; std::getline(in, line);) {
    const auto begin = line.find_first_not_of(' ');
    all += begin == std::string::npos ? "" : line.substr(begin) + '\n';
  }
  return all;
}

std::string text_of(const std::string& path) {
  std::ifstream in(GREENWAY_SOURCES "/" + path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("embedding.md's poll() loop runs a greenlet to its end") {
  greenway::ReactorHost host;
  greenway::GreenletOptions options;
  options.host = &host;
  bool is_done = false;
  greenway::greenlet_spawn(options, [] { greenway::sleep_for(std::chrono::milliseconds(1)); })
      .start([&](greenway::Outcome<void>) { is_done = true; });
  const greenway::ReactorHost::Running running(host);
  while (!is_done) {
    pollfd item{host.native_handle(), POLLIN, 0};
    if (::poll(&item, 1, -1) == 1) {
      host.poll();
    }
  }
  CHECK_FALSE(host.has_waiters());
}

TEST_CASE("each block of C++ in embedding.md is one that is tested") {
  const std::string document = text_of("docs/embedding.md");
  const std::string tested = without_space(text_of("tests/hosts/embedding_test.cpp") + text_of("examples/epoll_host.cpp") +
                                           text_of("tests/hosts/epoll_loop.cpp"));
  int blocks = 0;
  for (auto at = document.find("```cpp\n"); at != std::string::npos; at = document.find("```cpp\n", at + 1)) {
    const auto begin = at + 7;
    const std::string block = without_space(document.substr(begin, document.find("```", begin) - begin));
    if (tested.find(block) == std::string::npos) {
      FAIL("not tested:\n" << block);
    }
    ++blocks;
  }
  CHECK(blocks == 3);
}
