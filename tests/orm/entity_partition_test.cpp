// SPDX-License-Identifier: BSL-1.0

// GREENWAY_TEST_STREAMED says how many entities are streamed from each database, at least 20,000.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>

#include <unistd.h>

#include <greenway/db/schema_changes.hpp>
#include <greenway/orm/registry.hpp>
#include <greenway/orm/session.hpp>
#include <greenway/sql/text.hpp>

#include "../db/database.hpp"

namespace gw = greenway;

namespace {

/// How many live.
struct Counted {
  Counted() noexcept { ++live; }
  Counted(const Counted&) noexcept { ++live; }
  Counted& operator=(const Counted&) noexcept = default;
  ~Counted() { --live; }
  static inline int live = 0;
};

struct Reading {
  std::int64_t id = 0;
  std::string what = {};
  Counted counted = {};
};

// A sanitizer keeps what has been freed.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool is_memory_given_back = false;
#else
constexpr bool is_memory_given_back = true;
#endif

std::int64_t resident_bytes() {
  std::int64_t all = 0;
  std::int64_t resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

std::int64_t streamed() {
  const char* const text = std::getenv("GREENWAY_TEST_STREAMED");
  return text == nullptr ? 100'000 : std::atoll(text);
}

}  // namespace

TEST_CASE("a hundred thousand entities in partitions take no more memory than those of two partitions at a time") {
  gw::Registry registry;
  registry.map<Reading>("reading", gw::mapped_column(&Reading::id, "id", gw::primary_key),
                        gw::mapped_column(&Reading::what, "what"));
  const std::int64_t count = streamed();
  database::everywhere([&](const gw::Engine& engine) {
    engine.begin([&](gw::Connection& connection) {
      registry.metadata().create_all(connection);
      connection.execute(
          gw::text("INSERT INTO reading (id, what) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
                   "FROM n WHERE i < " +
                   std::to_string(count) + ") SELECT i, 'x' FROM n"));
    });
    gw::Session session(engine);
    std::int64_t sum = 0;
    int most = 0;
    std::int64_t at_first = 0;  // once all is there that is used again and again
    std::int64_t at_most = 0;
    auto result = session.stream(gw::select<Reading>().order_by(&Reading::id).yield_per(1000));
    for (auto some = result.partition(1000); !some.empty(); some = result.partition(1000)) {
      for (const auto& reading : some) {
        sum += reading->id;
      }
      most = std::max(most, Counted::live);
      at_most = std::max(at_most, resident_bytes());
      if (some.back()->id == 10'000) {
        at_first = resident_bytes();
      }
    }
    CHECK(sum == count * (count + 1) / 2);
    CHECK(most <= 2000);
    REQUIRE(at_first != 0);
    if (is_memory_given_back) {
      CHECK(at_most - at_first <= 8 << 20);
    }
    most = 0;
    for (const auto& reading : session.scalars(gw::select<Reading>().yield_per(500))) {
      sum -= reading->id;
      most = std::max(most, Counted::live);
    }
    CHECK(sum == 0);
    CHECK(most <= 1500);  // the last two partitions of the first loop are there no more
    session.close();
    CHECK(Counted::live == 0);
  });
}
