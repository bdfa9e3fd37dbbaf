// SPDX-License-Identifier: BSL-1.0
#include <greenway/runtime/greenlet.hpp>

#include "rivals/boost_context.hpp"
#include "rows/rows.hpp"
#include "timed_row.hpp"

namespace greenway::bench {

namespace {

void spawn(benchmark::State& state) {
  for (auto _ : state) {
    Greenlet greenlet([] {});
    greenlet.switch_to();
  }
}

}  // namespace

Family spawn_rows() {
  return {
      timed_row("spawn/greenway", spawn),
      timed_row("spawn/boost_context_pooled", boost_context_pooled_spawn),
  };
}

}  // namespace greenway::bench
