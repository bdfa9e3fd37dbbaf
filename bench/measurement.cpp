// SPDX-License-Identifier: BSL-1.0
#include "measurement.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <sstream>
#include <string_view>

#include <fmt/format.h>

#include "instructions.hpp"
#include "program.hpp"

namespace greenway::bench {

namespace {

constexpr std::chrono::seconds sample_limit{120};

// What a child process writes instead of a sample.
constexpr std::string_view not_measured_mark = "not measured: ";

Sample sample_in_fresh_process(const std::string& name) {
  const std::string output = run_program({own_path(), "--sample", name}, sample_limit).output;
  if (output.starts_with(not_measured_mark)) {
    throw NotMeasured(output.substr(not_measured_mark.size()));
  }
  std::istringstream lines(output);
  Sample sample;
  double value = 0;
  for (std::string field; lines >> field >> value;) {
    sample[field] = value;
  }
  return sample;
}

/// Why something was not measured; empty when it was.
struct Obstacle {
  std::string text = {};
  bool is_failure = false;
};

/// @return What kept `fn` from its end.
template <class F>
Obstacle attempt(F fn) {
  try {
    fn();
    return {};
  } catch (const NotMeasured& reason) {
    return {reason.what(), false};
  } catch (const std::exception& error) {
    return {fmt::format("it failed: {}", error.what()), true};
  }
}

/// One row under measurement.
struct Series {
  const Row& row;
  std::map<std::string, std::vector<double>> values = {};
  Obstacle obstacle = {};

  [[nodiscard]] bool goes_on() const noexcept { return obstacle.text.empty(); }

  void take(bool counts) {
    obstacle = attempt([&] {
      const Sample sample = row.needs_fresh_process ? sample_in_fresh_process(row.name) : row.sample();
      for (const auto& [field, value] : sample) {
        if (counts) {
          values[field].push_back(value);
        }
      }
    });
    if (!goes_on()) {
      values.clear();
    }
  }
};

/// @return The value below which a share of them lies, between two of them where need be.
double quantile(const std::vector<double>& sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], position - static_cast<double>(below));
}

Spread spread_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return Spread{quantile(values, 0.5), quantile(values, 0.1), quantile(values, 0.9)};
}

void add_instructions(std::vector<Series>& all, std::size_t samples) {
  Family counted;
  for (const Series& series : all) {
    if (series.row.repeat && series.goes_on()) {
      counted.push_back(series.row);
    }
  }
  if (counted.empty()) {
    return;
  }
  InstructionCounts counts;
  const Obstacle obstacle = attempt([&] { counts = count_instructions(counted, samples); });
  for (Series& series : all) {
    if (const auto found = counts.find(series.row.name); found != counts.end()) {
      series.values["instructions"] = std::move(found->second);
    } else if (series.row.repeat && series.goes_on()) {
      series.obstacle = {"instructions: " + obstacle.text, obstacle.is_failure};
    }
  }
}

}  // namespace

std::vector<Result> measure(const Family& rows, std::size_t samples) {
  std::vector<Series> all;
  std::size_t finer = 1;
  for (const Row& row : rows) {
    all.push_back(Series{row});
    finer = std::max(finer, row.finer);
  }
  for (std::size_t turn = 0; turn <= samples * finer; ++turn) {
    for (Series& series : all) {
      const bool calibrates = turn == 0;
      if (series.goes_on() && !(calibrates && series.row.needs_fresh_process)) {
        series.take(!calibrates);
      }
    }
  }
  add_instructions(all, samples);

  std::vector<Result> results;
  for (Series& series : all) {
    Result result{series.row.name};
    for (auto& [field, values] : series.values) {
      result.samples = values.size();
      result.fields[field] = spread_of(std::move(values));
    }
    result.not_measured = std::move(series.obstacle.text);
    result.has_failed = series.obstacle.is_failure;
    results.push_back(std::move(result));
  }
  return results;
}

void sample_here(const Row& row) try {
  for (const auto& [field, value] : row.sample()) {
    fmt::print("{} {}\n", field, value);
  }
} catch (const NotMeasured& reason) {
  fmt::print("{}{}", not_measured_mark, reason.what());
}

}  // namespace greenway::bench
