// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file timed_row.hpp
/// @brief A row that Google Benchmark times.

#include <functional>
#include <string>

#include <benchmark/benchmark.h>

#include "row.hpp"

namespace greenway::bench {

/// What is timed: sets up, does the operation once in each turn of the state's loop, tears down. May throw.
using Loop = std::function<void(benchmark::State&)>;

/// Makes a row with the fields wall_ns and cpu_ns, the latter of the whole process.
///
/// Each sample is one run of a benchmark. The first calibrates: how many operations it took to fill the sample's time
/// is how many each later sample does.
/// @param name  The row's.
/// @param loop  What is timed.
/// @param seconds  About how long a sample takes.
/// @return The row.
Row timed_row(std::string name, Loop loop, double seconds = 0.1);

/// Likewise, a row whose instructions are counted besides.
/// @param name  The row's.
/// @param loop  What is timed, and counted.
/// @return The row.
Row counted_row(std::string name, Loop loop);

}  // namespace greenway::bench
