// SPDX-License-Identifier: BSL-1.0
#include "legacy/mariadb_dao.hpp"

#include <cerrno>
#include <system_error>

#include <unistd.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "visitors.hpp"

using namespace visitors;

namespace {

MariadbDao connect() {
  return MariadbDao(setting("GREENWAY_TEST_MARIADB_HOST"),
                    static_cast<unsigned>(std::stoul(setting("GREENWAY_TEST_MARIADB_PORT"))),
                    setting("GREENWAY_TEST_MARIADB_DATABASE"));
}

long deposit_twice(int client) {
  MariadbDao dao = connect();
  dao.create();
  dao.deposit(client, 5);
  dao.deposit(client, client);
  return dao.balance(client);
}

/// Lets everybody connect, and says nothing.
class SilentServer {
 public:
  SilentServer() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) != 0 || listen(fd_, 8) != 0 ||
        getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::system_error(errno, std::generic_category(), "a listening socket");
    }
    port_ = ntohs(address.sin_port);
  }
  ~SilentServer() { close(fd_); }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;
  [[nodiscard]] unsigned port() const noexcept { return port_; }

 private:
  int fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  unsigned port_ = 0;
};

}  // namespace

TEST_CASE("libmariadb does the same from threads and from greenlets") {
  const std::vector<long> expected = {5, 6, 7, 8};
  CHECK(by_threads(4, deposit_twice) == expected);
  CHECK(by_greenlets(4, deposit_twice) == expected);
}

TEST_CASE("twenty greenlets wait in libmariadb at once") {
  Crowd crowd;
  by_greenlets(20, [&](int client) {
    MariadbDao dao = connect();
    crowd.admit([&] { dao.nap(0.2); });
    return client;
  });
  CHECK(crowd.most() == 20);
}

TEST_CASE("a greenlet whose time ends in libmariadb gets its error first, then its own") {
  MariadbDao dao = connect();
  const CutShort result = cut_short(50ms, [&] { dao.nap(60); });
  CHECK(result.library_says != "");
  CHECK_FALSE(result.next_call_returned);
  CHECK(result.timed_out);
}

TEST_CASE("a greenlet that is cancelled in libmariadb gets its error first, then its own") {
  MariadbDao dao = connect();
  const CutShort result = cancel_within([&] { dao.nap(60); });
  CHECK_THAT(result.library_says, Catch::StartsWith("Lost connection to "));
  CHECK_FALSE(result.next_call_returned);
  CHECK(result.cancelled);
}

TEST_CASE("a greenlet that is cancelled while libmariadb connects gets its error first, then its own") {
  const SilentServer server;
  const CutShort result = cancel_within([&] { MariadbDao("127.0.0.1", server.port(), ""); });
  CHECK_THAT(result.library_says, Catch::StartsWith("Lost connection to "));
  CHECK_FALSE(result.next_call_returned);
  CHECK(result.cancelled);
}
