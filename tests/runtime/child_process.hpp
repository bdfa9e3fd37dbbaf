// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

/// What became of a process.
struct Ended {
  int status = 0;      ///< As waitpid() tells it.
  std::string output;  ///< Of stdout and stderr together.
};

/// Runs one hidden test case of this program in a process of its own, since what it is about is decided once a process or
/// ends it.
/// @param name         Of the test case, without commas and brackets.
/// @param environment  Set in addition.
Ended run_alone(const std::string& name, const std::vector<std::pair<std::string, std::string>>& environment = {});

/// @return Resident memory of this process in bytes.
double resident_bytes();
