// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file rows/point_select.hpp
/// @brief One row by its key, by a legacy program that greenlets of one thread call, or threads.

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <greenway/runtime/interpose_scope.hpp>
#include <greenway/runtime/task_group.hpp>

#include "rows/one_cpu.hpp"
#include "timed_row.hpp"

namespace greenway::bench {

/// What four rows do: `<name>_c1/greenway` and `/thread`, one client, `<name>_c50/greenway` and `/threads`, fifty.
/// @tparam Dao  Of examples/legacy.
template <class Dao>
class PointSelect {
 public:
  using Open = std::unique_ptr<Dao> (*)();

  /// @param name  How the rows' names begin.
  /// @param open  Connects. Throws NotMeasured.
  static Family rows(const std::string& name, Open open) {
    constexpr double seconds = 0.5;
    return {
        timed_row(
            name + "_c1/greenway", [=](benchmark::State& state) { greenlet_alone(state, open); }, seconds),
        timed_row(
            name + "_c1/thread", [=](benchmark::State& state) { thread_alone(state, open); }, seconds),
        timed_row(
            name + "_c50/greenway", [=](benchmark::State& state) { greenlets(state, open); }, seconds),
        timed_row(
            name + "_c50/threads", [=](benchmark::State& state) { threads(state, open); }, seconds),
    };
  }

 private:
  static constexpr int many = 50;
  static constexpr int selects = 100;  // of each client before all meet

  static std::unique_ptr<Dao> open_filled(Open open) {
    auto dao = open();
    dao->create();
    dao->deposit(1, 100);
    return dao;
  }

  static std::vector<std::unique_ptr<Dao>> open_many(Open open) {
    std::vector<std::unique_ptr<Dao>> daos;
    for (int client = 0; client < many; ++client) {
      daos.push_back(open_filled(open));
    }
    return daos;
  }

  static void select_each_turn(benchmark::State& state, Open open) {
    const InterposeScope scope;
    const auto dao = open_filled(open);
    for (auto _ : state) {
      benchmark::DoNotOptimize(dao->balance(1));
    }
  }

  static void thread_alone(benchmark::State& state, Open open) {
    const OneCpu pinned;
    select_each_turn(state, open);
  }

  static void greenlet_alone(benchmark::State& state, Open open) {
    const OneCpu pinned;
    run(select_each_turn, std::ref(state), open);
  }

  static void select_often(Dao& dao) {
    for (int i = 0; i < selects; ++i) {
      benchmark::DoNotOptimize(dao.balance(1));
    }
  }

  static void threads(benchmark::State& state, Open open) {
    const OneCpu pinned;
    const auto daos = open_many(open);
    while (state.KeepRunningBatch(many * selects)) {
      std::vector<std::jthread> clients;
      for (const auto& dao : daos) {
        clients.emplace_back(select_often, std::ref(*dao));
      }
    }
  }

  static void greenlets(benchmark::State& state, Open open) {
    const OneCpu pinned;
    const auto daos = open_many(open);
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
};

/// @param name  How the rows' names begin.
/// @param why   What is lacking.
/// @return The same rows, which are not measured.
inline Family unmeasured_point_select(const std::string& name, const std::string& why) {
  return {unmeasured_row(name + "_c1/greenway", why), unmeasured_row(name + "_c1/thread", why),
          unmeasured_row(name + "_c50/greenway", why), unmeasured_row(name + "_c50/threads", why)};
}

}  // namespace greenway::bench
