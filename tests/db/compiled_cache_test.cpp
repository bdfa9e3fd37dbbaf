// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <greenway/sql/schema.hpp>
#include <greenway/sql/select.hpp>

#include "compiled_cache.hpp"
#include "support/catch.hpp"

namespace {

using namespace greenway;
using detail::CompiledCache;
using detail::FoundStatement;

struct Account {
  MetaData metadata;
  Table table{"account", metadata, Column("id", Integer(), primary_key), Column("cents", BigInteger())};
  [[nodiscard]] Select above(int cents) const { return select(table.c("id")).where(table.c("cents") > cents); }
  [[nodiscard]] Select limited(int most) const { return select(table.c("id")).limit(most); }
};

/// The statement is still there, or known.
std::int64_t value(const FoundStatement& found) { return *found.binds->at(0)->value.get_if<std::int64_t>(); }

}  // namespace

TEST_CASE("statements of one shape are compiled once, and keep their own values") {
  const Account account;
  CompiledCache cache(Dialect::sqlite(), 10);
  StatementShape shape;
  const Select one = account.above(1);
  const FoundStatement first = cache.find(one, shape);
  CHECK(value(first) == 1);
  const Select two = account.above(2);
  const FoundStatement second = cache.find(two, shape);
  CHECK(value(second) == 2);
  CHECK(second.compiled == first.compiled);
  CHECK(cache.size() == 1);
  CHECK(cache.find(account.limited(2), shape).compiled != first.compiled);
  CHECK(cache.size() == 2);
}

TEST_CASE("a statement that is executed again is found without being read") {
  const Account account;
  CompiledCache cache(Dialect::sqlite(), 10);
  StatementShape shape;
  const Select kept = account.above(7);
  CHECK(cache.find(kept, shape).known == nullptr);
  CHECK(cache.find(kept, shape).known == nullptr);
  shape.read(*account.limited(1).node());
  const std::string before(shape.key());
  const FoundStatement found = cache.find(kept, shape);
  REQUIRE(found.known != nullptr);
  CHECK(value(found) == 7);
  CHECK(shape.key() == before);
  const Select eight = account.above(8);
  const FoundStatement other = cache.find(eight, shape);
  CHECK(value(other) == 8);
  CHECK(other.compiled == found.compiled);
  CHECK(cache.find(kept, shape).known == found.known);
}

TEST_CASE("of two kept statements of one shape each is found with its own values, in any turn") {
  const Account account;
  CompiledCache cache(Dialect::postgresql(), 10);
  StatementShape shape;
  const Select one = account.above(1);
  const Select two = account.above(2);
  for (int turn = 0; turn != 5; ++turn) {
    CHECK(value(cache.find(one, shape)) == 1);
    CHECK(value(cache.find(two, shape)) == 2);
  }
  CHECK(cache.size() == 1);
}

TEST_CASE("the least recently used statement goes first, and what was found outlives it") {
  const Account account;
  CompiledCache cache(Dialect::sqlite(), 2);
  StatementShape shape;
  FoundStatement found;
  {
    const Select kept = account.above(3);
    for (int turn = 0; turn != 3; ++turn) {
      found = cache.find(kept, shape);
    }
  }
  cache.find(account.limited(1), shape);
  cache.find(account.above(4), shape);
  cache.find(account.limited(1).offset(2), shape);
  CHECK(cache.size() == 2);
  CHECK(cache.find(account.above(5), shape).compiled == found.compiled);
  cache.find(account.limited(1), shape);
  cache.find(account.limited(1).offset(2), shape);
  CHECK(cache.find(account.above(6), shape).compiled != found.compiled);
  CHECK(found.compiled->sql.text.find("account.cents >") != std::string::npos);
  CHECK(value(found) == 3);
}

TEST_CASE("a cache of no size keeps nothing") {
  const Account account;
  CompiledCache cache(Dialect::sqlite(), 0);
  StatementShape shape;
  const Select kept = account.above(1);
  for (int turn = 0; turn != 3; ++turn) {
    CHECK(value(cache.find(kept, shape)) == 1);
  }
  CHECK(cache.size() == 0);
}

TEST_CASE("a statement that several threads share is found by each, while others come and go") {
  const Account account;
  CompiledCache cache(Dialect::sqlite(), 2);
  const Select kept = account.above(7);
  std::vector<std::jthread> threads;
  std::atomic<int> wrong{0};
  for (int thread = 0; thread != 4; ++thread) {
    threads.emplace_back([&, thread] {
      StatementShape shape;
      for (int turn = 0; turn != 500; ++turn) {
        wrong += value(cache.find(kept, shape)) == 7 ? 0 : 1;
        const Select built = account.above(turn);
        wrong += value(cache.find(built, shape)) == turn ? 0 : 1;
        cache.find(account.limited(1).order_by(account.table.c((turn + thread) % 2 == 0 ? "id" : "cents")), shape);
      }
    });
  }
  threads.clear();
  CHECK(wrong == 0);
}
