// SPDX-License-Identifier: BSL-1.0
#include "rivals/pgbench.hpp"

#include <chrono>
#include <stdexcept>
#include <string_view>

#include "program.hpp"

namespace greenway::bench {

namespace {

constexpr std::chrono::seconds limit{120};

/// @return The number behind `label` in pgbench's report.
double number_behind(const std::string& report, std::string_view label) {
  const std::size_t found = report.find(label);
  if (found == std::string::npos) {
    throw std::runtime_error("pgbench's report is not understood:\n" + report);
  }
  return std::stod(report.substr(found + label.size()));
}

}  // namespace

void initialise_pgbench(const std::string& url, int scale) {
  run_program({"pgbench", "-i", "-q", "-s", std::to_string(scale), url}, limit);
}

Sample run_pgbench(const std::string& url) {
  const ProgramResult run =
      run_program({"pgbench", "-n", "-c", "10", "-j", "1", "-M", "extended", "-T", "1", url}, limit);
  const double transactions = number_behind(run.output, "number of transactions actually processed: ");
  return {{"wall_ns", 1e9 / number_behind(run.output, "tps = ")}, {"cpu_ns", run.cpu_seconds * 1e9 / transactions}};
}

}  // namespace greenway::bench
