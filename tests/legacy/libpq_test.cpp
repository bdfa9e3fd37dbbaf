// SPDX-License-Identifier: BSL-1.0
#include "legacy/libpq_dao.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <numeric>

#include <greenway/interpose/bindings.hpp>

#include "support/silent_port.hpp"
#include "together.hpp"

using namespace visitors;

namespace {

std::string url() { return setting("GREENWAY_TEST_POSTGRESQL_URL"); }

long deposit_twice(int client) {
  LibpqDao dao(url());
  dao.create();
  dao.deposit(client, 5);
  dao.deposit(client, client);
  return dao.balance(client);
}

/// More than a socket takes at once, in either direction.
long copy_there_and_back(int client) {
  LibpqDao dao(url());
  dao.create();
  std::vector<long> cents(100'000);
  std::iota(cents.begin(), cents.end(), client);
  dao.copy_in(cents);
  return dao.copy_out() == cents ? client : -1;
}

}  // namespace

TEST_CASE("PQexec and PQconnectdb do the same from threads and from greenlets") {
  const std::vector<long> expected = {5, 6, 7, 8};
  CHECK(by_threads(4, deposit_twice) == expected);
  CHECK(by_greenlets(4, deposit_twice) == expected);
}

TEST_CASE("COPY through libpq does the same from threads and from greenlets") {
  const std::vector<long> expected = {0, 1, 2};
  CHECK(by_threads(3, copy_there_and_back) == expected);
  CHECK(by_greenlets(3, copy_there_and_back) == expected);
}

TEST_CASE("a hundred greenlets wait in PQexec at once, and the loop goes on") {
  together::check_hundred_naps([] { return LibpqDao(url()); });
}

TEST_CASE("a greenlet whose time ends in PQexec gets libpq's error first, then its own") {
  LibpqDao dao(url());
  const CutShort result = cut_short(50ms, [&] { dao.nap(60); });
  CHECK(result.library_says != "");
  CHECK_FALSE(result.next_call_returned);
  CHECK(result.timed_out);
}

TEST_CASE("a greenlet that is cancelled in PQexec gets libpq's error first, then its own") {
  LibpqDao dao(url());
  const CutShort result = cancel_within([&] { dao.nap(60); });
  CHECK(result.library_says == std::string("select() failed: ") + std::strerror(ECANCELED) + "\n");
  CHECK_FALSE(result.next_call_returned);
  CHECK(result.cancelled);
}

TEST_CASE("a greenlet that is cancelled before PQconnectdb gets libpq's error first, then its own") {
  const support::SilentPort port(true);  // of a server that is quick nobody need wait
  const CutShort result = cut_short(0ms, [&] { LibpqDao dao(port.url()); });
  CHECK(result.library_says != "");
  CHECK_FALSE(result.next_call_returned);
  CHECK(result.timed_out);
}

TEST_CASE("libpq's calls come to Greenway since greenway::interpose is linked") {
  std::array<gw::Binding, 32> bindings;
  const std::size_t count = gw::list_bindings("libpq.so", bindings.data(), bindings.size());
  REQUIRE(count <= bindings.size());
  std::vector<std::string> intercepted;
  for (std::size_t i = 0; i != count; ++i) {
    CHECK(bindings[i].is_intercepted);
    intercepted.emplace_back(bindings[i].function);
  }
  CHECK_THAT(intercepted, Catch::VectorContains<std::string>("poll") && Catch::VectorContains<std::string>("recv") &&
                              Catch::VectorContains<std::string>("connect"));
}
