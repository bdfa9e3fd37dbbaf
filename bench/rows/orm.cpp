// SPDX-License-Identifier: BSL-1.0
#include "rows/rows.hpp"

#if defined(GREENWAY_BENCH_BANK)

#include <chrono>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include <boost/describe/class.hpp>

#include <greenway/db/row_struct.hpp>
#include <greenway/db/schema_changes.hpp>
#include <greenway/greenway.hpp>
#include <greenway/orm/registry.hpp>
#include <greenway/orm/session.hpp>
#include <greenway/sql/select.hpp>

#include "program.hpp"
#include "rivals/libpq_pipeline.hpp"
#include "rows/one_cpu.hpp"
#include "rows/postgresql_server.hpp"
#include "timed_row.hpp"

namespace greenway::bench {

namespace {

constexpr int count = 10'000;
constexpr double run_seconds = 0.5;

using Moment = std::chrono::sys_time<std::chrono::microseconds>;

struct Reading {
  std::int64_t id = 0;
  std::string name = {};
  Moment ts = {};
  double val = 0;
};
BOOST_DESCRIBE_STRUCT(Reading, (), (id, name, ts, val))

/// The same, into another table.
struct NewReading {
  std::int64_t id = 0;
  std::string name = {};
  Moment ts = {};
  double val = 0;
};

template <class T>
void map(Registry& registry, const std::string& table) {
  registry.map<T>(table, mapped_column(&T::id, "id", primary_key), mapped_column(&T::name, "name", Text()),
                  mapped_column(&T::ts, "ts"), mapped_column(&T::val, "val"));
}

/// The tables that all sides use: orm_t1, which is read, and orm_t2, which is written.
const Engine& engine_with_tables() {
  static Registry registry;
  static const Engine engine = [] {
    map<Reading>(registry, "orm_t1");
    map<NewReading>(registry, "orm_t2");
    const Engine made = create_engine(url_of_server());
    auto conn = made.connect();
    registry.metadata().drop_all(conn);
    registry.metadata().create_all(conn);
    conn.execute(text("INSERT INTO orm_t1 SELECT i, 'name ' || i, now(), i / 7.0 FROM generate_series(1, :rows) i").bind("rows", count));
    conn.execute(text("ANALYZE orm_t1"));
    conn.commit();
    return made;
  }();
  return engine;
}

void empty_table(const Engine& engine) {
  auto conn = engine.connect();
  conn.execute(text("TRUNCATE orm_t2"));
  conn.commit();
}

void select_entities(benchmark::State& state) {
  const OneCpu pinned;
  const Engine& engine = engine_with_tables();
  const auto statement = select<Reading>().where(attr(&Reading::id) <= count);
  for (auto _ : state) {
    Session session(engine);
    const auto entities = session.scalars(statement).all();
    if (entities.size() != count) {
      throw std::runtime_error("not all entities came");
    }
  }
}

void select_structs(benchmark::State& state) {
  const OneCpu pinned;
  const Engine& engine = engine_with_tables();
  const auto statement = select<Reading>().where(attr(&Reading::id) <= count);
  for (auto _ : state) {
    auto conn = engine.connect();
    std::vector<Reading> readings;
    for (const greenway::Row& row : conn.execute(statement.statement())) {
      readings.push_back(row.as<Reading>());
    }
    if (readings.size() != count) {
      throw std::runtime_error("not all rows came");
    }
  }
}

void insert_entities(benchmark::State& state) {
  const OneCpu pinned;
  const Engine& engine = engine_with_tables();
  for (auto _ : state) {
    state.PauseTiming();
    empty_table(engine);
    state.ResumeTiming();
    Session session(engine);
    for (std::int64_t i = 1; i <= count; ++i) {
      session.add(NewReading{i, "name " + std::to_string(i), Moment(std::chrono::seconds(i)), static_cast<double>(i) / 7});
    }
    session.commit();
  }
}

void insert_by_libpq(benchmark::State& state) {
  const OneCpu pinned;
  const Engine& engine = engine_with_tables();
  LibpqPipeline pipeline(url_of_server(), "orm_t2");
  for (auto _ : state) {
    state.PauseTiming();
    empty_table(engine);
    state.ResumeTiming();
    pipeline.insert(1, count);
  }
}

/// @return A row of the program beside this one that does the same in Python.
Row sqlalchemy_row(const std::string& name, const std::string& what, const std::string& table) {
  return {name, [what, table]() -> Sample {
            engine_with_tables();
            const std::string url = "postgresql+asyncpg" + url_of_server().substr(url_of_server().find(':'));
            const ProgramResult run =
                run_program({"/usr/bin/python3", GREENWAY_BENCH_SQLALCHEMY, what, url, table, "1"}, std::chrono::seconds(60));
            double wall = 0;
            double cpu = 0;
            if (!(std::istringstream(run.output) >> wall >> cpu)) {
              throw std::runtime_error("SQLAlchemy's program says: " + run.output);
            }
            return {{"wall_ns", wall}, {"cpu_ns", cpu}};
          }};
}

}  // namespace

Family orm_rows() {
  return {
      timed_row("orm/select_10k/greenway", select_entities, run_seconds),
      timed_row("orm/select_10k/structs", select_structs, run_seconds),
      sqlalchemy_row("orm/select_10k/sqlalchemy", "select", "orm_t1"),
      timed_row("orm/insert_10k/greenway", insert_entities, run_seconds),
      timed_row("postgresql/insert_10k/libpq_pipeline", insert_by_libpq, run_seconds),
      sqlalchemy_row("orm/insert_10k/sqlalchemy", "insert", "orm_t2"),
  };
}

}  // namespace greenway::bench

#else

namespace greenway::bench {

Family orm_rows() {
  Family rows;
  for (const char* const name : {"orm/select_10k/greenway", "orm/select_10k/structs", "orm/select_10k/sqlalchemy",
                                 "orm/insert_10k/greenway", "postgresql/insert_10k/libpq_pipeline", "orm/insert_10k/sqlalchemy"}) {
    rows.push_back(unmeasured_row(name, "greenway-bench was built without the examples, and so without the ORM"));
  }
  return rows;
}

}  // namespace greenway::bench

#endif
