// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file targets.hpp
/// @brief What the figures must show, and whether they do.

#include <filesystem>
#include <string>
#include <vector>

#include "measurement.hpp"

namespace greenway::bench {

/// `ours` divided by `rival`, in medians of `field`, is at most `max_ratio`.
struct Target {
  std::string ours;
  std::string rival;
  std::string field;
  double max_ratio = 0;
};

/// Reads targets: a line each, its four members separated by tabs; `#` begins a comment line.
/// @param path  Of the file.
/// @return All, in order.
/// @throws std::runtime_error  The file cannot be read, or a line is wrong: names it.
std::vector<Target> read_targets(const std::filesystem::path& path);

/// Prints for each target both figures, their ratio, the limit, and whether it holds.
/// @param targets  All.
/// @param results  Of one run; a target whose rows are not both among them is "not measured".
/// @return False if one that was measured does not hold.
bool print_targets(const std::vector<Target>& targets, const std::vector<Result>& results);

}  // namespace greenway::bench
