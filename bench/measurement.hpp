// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file measurement.hpp
/// @brief Takes the samples of a family's rows in turn, and says how they are spread.

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "row.hpp"

namespace greenway::bench {

/// How the samples of one field are spread.
struct Spread {
  double median = 0;
  double p10 = 0;
  double p90 = 0;
};

/// What was found out about one row.
struct Result {
  std::string name;
  std::size_t samples = 0;
  std::map<std::string, Spread> fields = {};
  std::string not_measured = {};  ///< Why there is no field, or one is missing; else empty.
  bool has_failed = false;        ///< That is no lack of something, but an error.
};

/// Measures rows interleaved: one sample of each, then the next of each. A first one that counts nowhere calibrates.
/// @param rows     Of one family. One that throws is left out of the later turns.
/// @param samples  Of each row, at least 1.
/// @return A result for each row, in the same order.
std::vector<Result> measure(const Family& rows, std::size_t samples);

/// Writes a sample for the process that has asked for it in measure().
/// @param row  That needs a fresh process: this one.
void sample_here(const Row& row);

}  // namespace greenway::bench
