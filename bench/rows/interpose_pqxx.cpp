// SPDX-License-Identifier: BSL-1.0
#include "rows/rows.hpp"

#if defined(GREENWAY_BENCH_PQXX)

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <greenway/runtime/interpose_scope.hpp>
#include <greenway/runtime/task_group.hpp>

#include "legacy/pqxx_dao.hpp"
#include "rows/one_cpu.hpp"
#include "rows/postgresql_server.hpp"
#include "timed_row.hpp"

namespace greenway::bench {

namespace {

constexpr int many = 50;
constexpr int selects = 100;  // of each client before all meet
constexpr double run_seconds = 0.5;

std::unique_ptr<PqxxDao> open() {
  auto dao = std::make_unique<PqxxDao>(url_of_server());
  dao->create();
  dao->deposit(1, 100);
  return dao;
}

std::vector<std::unique_ptr<PqxxDao>> open_many() {
  std::vector<std::unique_ptr<PqxxDao>> daos;
  for (int client = 0; client < many; ++client) {
    daos.push_back(open());
  }
  return daos;
}

void select_each_turn(benchmark::State& state) {
  const InterposeScope scope;
  const auto dao = open();
  for (auto _ : state) {
    benchmark::DoNotOptimize(dao->balance(1));
  }
}

void thread_alone(benchmark::State& state) {
  const OneCpu pinned;
  select_each_turn(state);
}

void greenlet_alone(benchmark::State& state) {
  const OneCpu pinned;
  run(select_each_turn, std::ref(state));
}

void select_often(PqxxDao& dao) {
  for (int i = 0; i < selects; ++i) {
    benchmark::DoNotOptimize(dao.balance(1));
  }
}

void threads(benchmark::State& state) {
  const OneCpu pinned;
  const auto daos = open_many();
  while (state.KeepRunningBatch(many * selects)) {
    std::vector<std::jthread> clients;
    for (const auto& dao : daos) {
      clients.emplace_back(select_often, std::ref(*dao));
    }
  }
}

void greenlets(benchmark::State& state) {
  const OneCpu pinned;
  const auto daos = open_many();
  while (state.KeepRunningBatch(many * selects)) {
    TaskGroup clients;
    for (const auto& dao : daos) {
      clients.spawn([&dao] {
        const InterposeScope scope;
        select_often(*dao);
      });
    }
    clients.wait();
  }
}

}  // namespace

Family interpose_pqxx_rows() {
  return {
      timed_row("interpose/pqxx_point_select_c1/greenway", greenlet_alone, run_seconds),
      timed_row("interpose/pqxx_point_select_c1/thread", thread_alone, run_seconds),
      timed_row("interpose/pqxx_point_select_c50/greenway", greenlets, run_seconds),
      timed_row("interpose/pqxx_point_select_c50/threads", threads, run_seconds),
  };
}

}  // namespace greenway::bench

#else

namespace greenway::bench {

Family interpose_pqxx_rows() {
  constexpr auto why = "greenway-bench was built without the examples, or without libpqxx";
  return {
      unmeasured_row("interpose/pqxx_point_select_c1/greenway", why),
      unmeasured_row("interpose/pqxx_point_select_c1/thread", why),
      unmeasured_row("interpose/pqxx_point_select_c50/greenway", why),
      unmeasured_row("interpose/pqxx_point_select_c50/threads", why),
  };
}

}  // namespace greenway::bench

#endif
