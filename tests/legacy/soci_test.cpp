// SPDX-License-Identifier: BSL-1.0
#include "legacy/soci_dao.hpp"

#include <libpq-fe.h>

#include "scratch_file.hpp"
#include "together.hpp"

using namespace visitors;

namespace {

/// The server's URL as SOCI wants it: keywords and values.
std::string url() {
  PQconninfoOption* const options = PQconninfoParse(setting("GREENWAY_TEST_POSTGRESQL_URL").c_str(), nullptr);
  std::string text = "postgresql://";
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    if (option->val != nullptr) {
      text.append(option->keyword).append("=").append(option->val).append(" ");
    }
  }
  PQconninfoFree(options);
  return text;
}

long deposit_twice(int client) {
  SociDao dao(url());
  dao.create();
  dao.deposit(client, 5);
  dao.deposit(client, client);
  return dao.balance(client);
}

}  // namespace

TEST_CASE("SOCI on PostgreSQL does the same from threads and from greenlets") {
  const std::vector<long> expected = {5, 6, 7, 8};
  CHECK(by_threads(4, deposit_twice) == expected);
  CHECK(by_greenlets(4, deposit_twice) == expected);
}

TEST_CASE("SOCI on SQLite does the same from threads and from greenlets") {
  const ScratchFile file;
  const std::string url = "sqlite3://db=" + file.path() + " timeout=60";
  SociDao(url).create();
  const auto deposit = [&](int client) {
    SociDao dao(url);
    dao.deposit(client, 5);
    return dao.balance(client);
  };
  CHECK(by_threads(4, deposit) == std::vector<long>{5, 5, 5, 5});
  CHECK(by_greenlets(4, deposit) == std::vector<long>{10, 10, 10, 10});
}

TEST_CASE("a greenlet that is cut short in SOCI gets its exception first, then its own") {
  SociDao dao(url());
  const CutShort result = cut_short(50ms, [&] { dao.nap(60); });
  CHECK(result.library_says != "");
  CHECK_FALSE(result.next_call_returned);
  CHECK(result.timed_out);
}

TEST_CASE("a hundred greenlets wait in SOCI at once, and the loop goes on") {
  together::check_hundred_naps([] { return SociDao(url()); });
}
