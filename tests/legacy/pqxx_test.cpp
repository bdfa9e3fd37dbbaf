// SPDX-License-Identifier: BSL-1.0
#include "legacy/pqxx_dao.hpp"

#include "together.hpp"

using namespace visitors;

namespace {

std::string url() { return setting("GREENWAY_TEST_POSTGRESQL_URL"); }

long deposit_twice(int client) {
  PqxxDao dao(url());
  dao.create();
  dao.deposit(client, 5);
  dao.deposit(client, client);
  return dao.balance(client);
}

}  // namespace

TEST_CASE("libpqxx does the same from threads and from greenlets") {
  const std::vector<long> expected = {5, 6, 7, 8};
  CHECK(by_threads(4, deposit_twice) == expected);
  CHECK(by_greenlets(4, deposit_twice) == expected);
}

TEST_CASE("a hundred greenlets wait in libpqxx at once, and the loop goes on") {
  together::check_hundred_naps([] { return PqxxDao(url()); });
}

TEST_CASE("a greenlet that is cut short in libpqxx gets its exception first, then its own") {
  PqxxDao dao(url());
  const CutShort result = cut_short(50ms, [&] { dao.nap(60); });
  CHECK(result.library_says != "");
  CHECK_FALSE(result.next_call_returned);
  CHECK(result.timed_out);
}
