// SPDX-License-Identifier: BSL-1.0
#include <cerrno>
#include <string>
#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/interpose_scope.hpp>
#include <greenway/runtime/task_group.hpp>

#include <support/catch.hpp>

namespace {

struct Pair {
  Pair() { REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0); }
  ~Pair() {
    close(ends[0]);
    close(ends[1]);
  }
  int ends[2];
};

}  // namespace

TEST_CASE("a client and a server that block run on one thread") {
  const Pair pair;
  std::string heard;
  greenway::run([&] {
    greenway::TaskGroup group;
    group.spawn([&] {
      const greenway::InterposeScope scope;
      char text[8] = {};
      if (read(pair.ends[0], text, sizeof text) == 4) {
        heard = text;
      }
      write(pair.ends[0], "pong", 4);
    });
    group.spawn([&] {
      const greenway::InterposeScope scope;
      char text[8] = {};
      write(pair.ends[1], "ping", 4);
      pollfd item{pair.ends[1], POLLIN, 0};
      if (poll(&item, 1, -1) == 1 && recv(pair.ends[1], text, sizeof text, 0) == 4) {
        heard += text;
      }
    });
    group.wait();
  });
  CHECK(heard == "pingpong");
}
