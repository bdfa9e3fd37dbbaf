// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file program.hpp
/// @brief Runs another program to its end.

#include <chrono>
#include <string>
#include <vector>

namespace greenway::bench {

/// What a program left.
struct ProgramResult {
  std::string output;      ///< What it wrote to stdout.
  double cpu_seconds = 0;  ///< User and system time of it and its children.
  double peak_bytes = 0;   ///< The most memory that it, or one of its children, had resident.
};

/// Runs a program and waits for its end. It dies with this process.
/// @param arguments  The program, looked for in PATH, and its arguments.
/// @param limit      Killed after this time.
/// @return What it left.
/// @throws NotMeasured         It is not installed.
/// @throws std::runtime_error  It failed or took too long. What it wrote to stderr is in the text.
ProgramResult run_program(const std::vector<std::string>& arguments, std::chrono::seconds limit);

/// @return The path of the program that runs.
std::string own_path();

}  // namespace greenway::bench
