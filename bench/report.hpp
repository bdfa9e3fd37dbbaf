// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file report.hpp
/// @brief The results for people and for programs.

#include <ostream>
#include <string>
#include <vector>

#include "measurement.hpp"

namespace greenway::bench {

/// Prints a line for each field of each result.
/// @param results  All.
void print_results(const std::vector<Result>& results);

/// Writes all as JSON: `{"machine":{…},"results":[{"name":"…","samples":9,"wall_ns":{"median":…,"p10":…,"p90":…}}]}`.
/// A row that was not measured has `"samples":0` and `"not measured":"<why>"`.
/// @param results  All.
/// @param command  What was typed; goes into "machine".
/// @param out      Where to.
void write_json(const std::vector<Result>& results, const std::string& command, std::ostream& out);

}  // namespace greenway::bench
