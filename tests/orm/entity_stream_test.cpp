// SPDX-License-Identifier: BSL-1.0

// GREENWAY_TEST_STREAMED says how many entities are streamed from each database, at least 20,000.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

#include <greenway/orm/async_session.hpp>
#include <greenway/runtime/task.hpp>
#include <greenway/sql/text.hpp>

#include "family.hpp"
#include "library.hpp"

using namespace library;
using family::Statements;

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

TEST_CASE("a stream in partitions keeps only what somebody holds, or has changed") {
  everywhere([](const gw::Engine& engine) {
    fill(engine, 30, 2, 0);
    gw::Session session(engine);
    const auto in_order = gw::select<Author>().order_by(&Author::id);
    std::vector<std::weak_ptr<Author>> all;
    std::shared_ptr<Author> kept;
    for (const auto& author : session.execute(in_order.yield_per(10).options(gw::selectinload(&Author::books)))) {
      CHECK(author->books.size() == 2);
      all.push_back(author);
      if (author->id == 5) {
        kept = author;
      }
      if (author->id == 6) {
        author->name = "changed";
      }
    }
    REQUIRE(all.size() == 30);
    CHECK(all[3].expired());
    CHECK(all[19].expired());
    CHECK(all[4].lock() == kept);
    CHECK_FALSE(all[5].expired());
    CHECK(kept->books[1]->author.get() == kept);
    Statements statements(engine);
    session.commit();
    CHECK(statements.take("UPDATE") == 1);
    CHECK(session.get<Author>(6)->name == "changed");
    // Without yield_per the session owns what it has found, and a join of collections does not come in partitions.
    std::weak_ptr<Author> first;
    gw::Session owner(engine);
    for (const auto& author : owner.stream(in_order)) {
      first = author->id == 1 ? author : first.lock();
    }
    CHECK_FALSE(first.expired());
    CHECK_THROWS_AS(session.execute(in_order.yield_per(10).options(gw::joinedload(&Author::books))), gw::InvalidRequestError);
  });
}

TEST_CASE("a hundred thousand entities in partitions take no more memory than those of two partitions at a time") {
  gw::Registry registry;
  registry.map<Reading>("reading", gw::mapped_column(&Reading::id, "id", gw::primary_key),
                        gw::mapped_column(&Reading::what, "what"));
  const std::int64_t count = streamed();
  database::everywhere([&](const gw::Engine& engine) {
    engine.begin([&](gw::Connection& connection) {
      registry.metadata().create_all(connection);
      connection.execute(gw::text("INSERT INTO reading (id, what) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
                                  "FROM n WHERE i < " + std::to_string(count) + ") SELECT i, 'x' FROM n"));
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

namespace {

gw::Task<void> read_without_waiting(gw::AsyncEngine engine) {
  gw::AsyncSession session(engine);
  const auto with_books = gw::select<Author>().order_by(&Author::id).options(
      gw::joinedload(&Author::books).selectinload(&Book::chapters));
  auto result = co_await session.execute(with_books);
  const auto authors = result.unique().all();
  CHECK(authors.size() == 3);
  CHECK(authors[2]->books[1]->chapters.size() == 1);
  const auto names = co_await session.scalars(gw::select(gw::attr(&Author::name)).order_by(&Author::id));
  CHECK(names == std::vector<std::string>{"a0", "a1", "a2"});
  const auto first = co_await session.scalar(gw::select<Author>().order_by(&Author::id));
  CHECK(first == authors[0]);
  auto rows = co_await session.stream(gw::select(gw::entity<Book>(), gw::attr(&Author::name)).join(&Book::author));
  int count = 0;
  while (const auto row = co_await rows.fetchone()) {
    count += std::get<0>(*row)->title.starts_with(std::get<1>(*row)) ? 1 : 0;
  }
  CHECK(count == 6);
  auto streamed = co_await session.stream(with_books);
  const auto unique = co_await streamed.unique().all();
  CHECK(unique == authors);
  co_await session.close();
}

}  // namespace

TEST_CASE("a coroutine reads without waiting what it has executed, and waits for what it streams") {
  gw::Registry registry;
  map_all(registry);
  const database::Scratch scratch = database::each();
  const gw::AsyncEngine engine = gw::create_async_engine(scratch.url());
  engine.sync_engine().begin([&](gw::Connection& connection) { registry.metadata().create_all(connection); });
  fill(engine.sync_engine(), 3, 2, 1);
  gw::run(read_without_waiting(engine));
  CHECK(engine.pool_status().in_use == 0);
}
