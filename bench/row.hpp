// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file row.hpp
/// @brief What greenway-bench measures: rows, in families whose members are compared with each other.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace greenway::bench {

/// One measurement of one row, each field per operation: `wall_ns`, `cpu_ns`, `instructions` or `bytes`.
using Sample = std::map<std::string, double>;

/// A row cannot be measured here; the text says why.
class NotMeasured : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One thing that can be measured.
struct Row {
  std::string name;                ///< As in the targets file; the parts are separated by slashes.
  std::function<Sample()> sample;  ///< Measures once. Throws NotMeasured.

  /// Does the operation that often; set where instructions are counted as well.
  std::function<void(std::int64_t)> repeat = {};
  /// Each sample is taken in a process of its own: for what a measurement leaves changed.
  bool needs_fresh_process = false;
  /// How many samples are taken for each that is asked for: of what is compared more closely than one sample is steady.
  std::size_t finer = 1;
};

/// @return A row that is listed, and not measured.
/// @param name  Its name.
/// @param why   What is lacking.
inline Row unmeasured_row(std::string name, std::string why) {
  return Row{std::move(name), [why = std::move(why)]() -> Sample { throw NotMeasured(why); }};
}

/// Rows that are measured interleaved, because somebody divides one by another.
using Family = std::vector<Row>;

}  // namespace greenway::bench
