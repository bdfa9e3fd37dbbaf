// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file rivals/boost_context.hpp
/// @brief boost::context::fiber, as Boost ships it: exception state not carried over.

#include <benchmark/benchmark.h>

namespace greenway::bench {

void boost_context_round_trip(benchmark::State& state);         ///< resume() and back.
void boost_context_round_trip_of_10k(benchmark::State& state);  ///< The same, of 10,000 fibers in turn.
void boost_context_pooled_spawn(benchmark::State& state);  ///< Make, run and finish one, its stack from Boost's pool.

}  // namespace greenway::bench
