// SPDX-License-Identifier: BSL-1.0
#include "rows/rows.hpp"

#if defined(GREENWAY_BENCH_BANK)

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <greenway/db/driver.hpp>
#include <greenway/db/schema_changes.hpp>
#include <greenway/greenway.hpp>
#include <greenway/sql/schema.hpp>
#include <greenway/sql/select.hpp>

#include "compiled_cache.hpp"
#include "rows/one_cpu.hpp"
#include "rows/postgresql_server.hpp"
#include "timed_row.hpp"

namespace greenway::bench {

namespace {

constexpr std::int64_t rows = 100'000;

struct Schema {
  MetaData metadata;
  Table t1{"t1",
           metadata,
           Column("id", BigInteger(), primary_key),
           Column("name", Text()),
           Column("ts", DateTime(true)),
           Column("val", Double())};
  Table wide{"wide",
             metadata,
             Column("c0", Integer(), primary_key),
             Column("c1", Integer()),
             Column("c2", Integer()),
             Column("c3", Integer()),
             Column("c4", Text()),
             Column("c5", Text()),
             Column("c6", Text()),
             Column("c7", Double()),
             Column("c8", Double()),
             Column("c9", Double())};
};

const Schema& schema() {
  static const auto* one = new Schema;
  return *one;
}

/// A select of ten columns under three conditions.
Select of_ten_columns(int value) {
  const Table& t = schema().wide;
  return select(t.c("c0"), t.c("c1"), t.c("c2"), t.c("c3"), t.c("c4"), t.c("c5"), t.c("c6"), t.c("c7"), t.c("c8"), t.c("c9"))
      .where(t.c("c1") == value)
      .where(t.c("c4") == "x")
      .where(t.c("c7") < 1.5);
}

void find_kept(benchmark::State& state) {
  detail::CompiledCache cache(Dialect::postgresql(), 500);
  StatementShape shape;
  const Select kept = of_ten_columns(7);
  for (auto _ : state) {
    benchmark::DoNotOptimize(cache.find(kept, shape));
  }
}

void find_built(benchmark::State& state) {
  detail::CompiledCache cache(Dialect::postgresql(), 500);
  StatementShape shape;
  for (auto _ : state) {
    benchmark::DoNotOptimize(cache.find(of_ten_columns(7), shape));
  }
}

/// The table that both sides read.
const Engine& engine_with_table() {
  static const Engine engine = [] {
    const Engine made = create_engine(url_of_server(), {.isolation_level = "AUTOCOMMIT"});
    auto conn = made.connect();
    conn.execute(text("DROP TABLE IF EXISTS t1"));
    schema().metadata.create_all(conn);
    conn.execute(text("INSERT INTO t1 SELECT i, 'name ' || i, now(), i / 7.0 FROM generate_series(1, :rows) i")
                     .bind("rows", rows));
    conn.execute(text("ANALYZE t1"));
    return made;
  }();
  return engine;
}

std::int64_t next_id(std::int64_t id) { return (id * 48'271 + 11) % rows + 1; }

void execute_cached(benchmark::State& state) {
  const OneCpu pinned;
  auto conn = engine_with_table().connect();
  const Table& t1 = schema().t1;
  const Select statement = select(t1).where(t1.c("id") == bindparam("id", BigInteger()));
  std::int64_t id = 1;
  for (auto _ : state) {
    id = next_id(id);
    Result result = conn.execute(statement, params("id", id));
    const auto row = result.one();
    benchmark::DoNotOptimize(row.get<std::int64_t>(0));
    benchmark::DoNotOptimize(row.get<std::string_view>(1));
    benchmark::DoNotOptimize(row.get<std::chrono::sys_time<std::chrono::microseconds>>(2));
    benchmark::DoNotOptimize(row.get<double>(3));
  }
}

void execute_by_driver(benchmark::State& state) {
  const OneCpu pinned;
  engine_with_table();
  const std::unique_ptr<Driver> driver = make_driver(URL(url_of_server()));
  const std::unique_ptr<DriverConnection> conn = driver->connect({});
  const SQLText sql("SELECT t1.id, t1.name, t1.ts, t1.val FROM t1 WHERE t1.id = $1");
  std::int64_t id = 1;
  std::vector<Value> values(1);
  for (auto _ : state) {
    id = next_id(id);
    values[0] = Value(id);
    const std::unique_ptr<Cursor> cursor = conn->execute(sql, values, {.deadline = Deadline::in(std::chrono::minutes(1))});
    const std::shared_ptr<const RowBatch> batch = cursor->next();
    for (std::size_t column = 0; column != 4; ++column) {
      benchmark::DoNotOptimize(batch->cell(0, column));
    }
    while (cursor->next() != nullptr) {
    }
  }
}

}  // namespace

Family execute_cached_rows() {
  // Many, since each has a server process of its own, and with it on the same CPU now one and now another loses a fifth.
  Family both{timed_row("sql/execute_cached/greenway", execute_cached), timed_row("sql/execute_cached/driver", execute_by_driver)};
  for (Row& row : both) {
    row.finer = 15;
  }
  return both;
}

Family find_rows() { return {timed_row("sql/find/kept", find_kept), timed_row("sql/find/built", find_built)}; }

}  // namespace greenway::bench

#else

namespace greenway::bench {

Family execute_cached_rows() {
  constexpr auto why = "greenway-bench was built without the examples, and so without the engine";
  return {unmeasured_row("sql/execute_cached/greenway", why), unmeasured_row("sql/execute_cached/driver", why)};
}

Family find_rows() {
  constexpr auto why = "greenway-bench was built without the examples, and so without the engine";
  return {unmeasured_row("sql/find/kept", why), unmeasured_row("sql/find/built", why)};
}

}  // namespace greenway::bench

#endif
