// SPDX-License-Identifier: BSL-1.0
#include "legacy/redis_dao.hpp"

#include <unistd.h>

#include "visitors.hpp"

using namespace visitors;

namespace {

RedisDao connect() {
  return RedisDao(setting("GREENWAY_TEST_REDIS_HOST"), std::stoi(setting("GREENWAY_TEST_REDIS_PORT")));
}

/// Nobody else's key.
std::string key(int client) { return std::to_string(::getpid()) + ':' + std::to_string(client); }

long deposit(int client) {
  RedisDao dao = connect();
  dao.deposit(key(client), 5);
  return dao.balance(key(client));
}

}  // namespace

TEST_CASE("hiredis does the same from threads and from greenlets") {
  CHECK(by_threads(4, deposit) == std::vector<long>{5, 5, 5, 5});
  CHECK(by_greenlets(4, deposit) == std::vector<long>{10, 10, 10, 10});
}

TEST_CASE("greenlets wait in hiredis for what another greenlet of their thread sends") {
  int waiting = 0;
  const auto play = [&](int client) -> std::string {
    RedisDao dao = connect();
    if (client < 20) {
      ++waiting;
      return dao.receive("list:" + key(client));
    }
    while (waiting != 20) {
      gw::sleep_for(1ms);
    }
    for (int receiver = 0; receiver < 20; ++receiver) {
      dao.send("list:" + key(receiver), "for " + std::to_string(receiver));
    }
    return "sent";
  };
  const std::vector<std::string> received = by_greenlets(21, play);
  CHECK(received.front() == "for 0");
  CHECK(received[19] == "for 19");
  CHECK(received.back() == "sent");
}
