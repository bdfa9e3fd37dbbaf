// SPDX-License-Identifier: BSL-1.0
#include "legacy/mariadb_dao.hpp"

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

TEST_CASE("a greenlet that is cut short in libmariadb gets its error first, then its own") {
  MariadbDao dao = connect();
  const CutShort result = cut_short(50ms, [&] { dao.nap(60); });
  CHECK(result.library_says != "");
  CHECK_FALSE(result.next_call_returned);
  CHECK(result.timed_out);
}
