// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file rivals/boost_fiber.hpp
/// @brief Boost.Fiber with its own round-robin scheduler.

#include <benchmark/benchmark.h>

namespace greenway::bench {

/// Two fibers yield to each other. Throws NotMeasured where Boost.Fiber was not installed at build time.
void boost_fiber_round_trip(benchmark::State& state);

}  // namespace greenway::bench
