// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file instructions.hpp
/// @brief Counts user-space instructions: the program runs itself under valgrind's callgrind.

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "row.hpp"

namespace greenway::bench {

/// The counted instructions of one operation, of each sample, by the row's name.
using InstructionCounts = std::map<std::string, std::vector<double>>;

/// Starts this program again under callgrind, to run count_here() there.
/// @param rows     Each has `repeat`.
/// @param samples  Of each row, taken in turn.
/// @return The counts.
/// @throws NotMeasured         valgrind is not installed.
/// @throws std::runtime_error  It failed.
InstructionCounts count_instructions(const Family& rows, std::size_t samples);

/// Under callgrind: does each row's operation a few times and then many times, and leaves both totals in callgrind's
/// files. Their difference is free of what setting up and tearing down cost.
/// @param rows     Each has `repeat`.
/// @param samples  Of each row, taken in turn.
void count_here(const Family& rows, std::size_t samples);

}  // namespace greenway::bench
