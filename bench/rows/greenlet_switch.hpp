// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file rows/greenlet_switch.hpp
/// @brief Switches through the public Greenlet, whichever way the stacks are switched.
///
/// Where the build switches natively, the runtime and this are compiled a second time, on Boost.Context and in a
/// namespace of another name, so that one run measures both.

#include <benchmark/benchmark.h>

namespace greenway::bench {

void greenlet_round_trip(benchmark::State& state);         ///< switch_to() and back.
void greenlet_round_trip_of_10k(benchmark::State& state);  ///< The same, of 10,000 greenlets in turn.

}  // namespace greenway::bench

namespace greenway_on_boost::bench {

void greenlet_round_trip(benchmark::State& state);         ///< As above.
void greenlet_round_trip_of_10k(benchmark::State& state);  ///< As above.

}  // namespace greenway_on_boost::bench
