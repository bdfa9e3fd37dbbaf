// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <fstream>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include <fmt/format.h>

#include <greenway/base/error.hpp>
#include <greenway/runtime/greenlet.hpp>

#include "rows/rows.hpp"

namespace greenway::bench {

namespace {

/// @return The sum of these lines of a file of /proc, which are in kibibytes, in bytes.
double sum_of(const char* file, std::initializer_list<std::string_view> names) {
  double kibibytes = 0;
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    for (const std::string_view name : names) {
      if (line.starts_with(name)) {
        kibibytes += std::stod(line.substr(name.size()));
      }
    }
  }
  return kibibytes * 1024;
}

/// @return Resident memory of this process and its page tables, in bytes.
double footprint() { return sum_of("/proc/self/status", {"VmRSS:", "VmPTE:"}); }

void suspend_one(std::vector<Greenlet>& greenlets) {
  greenlets.emplace_back([caller = Greenlet::current()]() mutable { caller.switch_to(); });
  greenlets.back().switch_to();
}

Sample suspended(std::size_t count) try {
  if (const double needed = 8192.0 * static_cast<double>(count); sum_of("/proc/meminfo", {"MemAvailable:"}) < needed) {
    throw NotMeasured(fmt::format("{:.1f} GiB of memory must be available", needed / (1 << 30)));
  }
  std::vector<Greenlet> greenlets;
  greenlets.reserve(count + 1);
  suspend_one(greenlets);  // the thread's own part is not a greenlet's
  const double before = footprint();
  for (std::size_t i = 0; i < count; ++i) {
    suspend_one(greenlets);
  }
  return {{"bytes", (footprint() - before) / static_cast<double>(count)}};
} catch (const ResourceExhausted& error) {
  throw NotMeasured(error.what());
}

Sample page() { return {{"bytes", static_cast<double>(sysconf(_SC_PAGESIZE))}}; }

}  // namespace

Family memory_rows() {
  return {
      Row{.name = "memory/greenway/suspended_30k",
          .sample = [] { return suspended(30'000); },
          .needs_fresh_process = true},
      Row{.name = "memory/greenway/suspended_1m",
          .sample = [] { return suspended(1'000'000); },
          .needs_fresh_process = true},
      Row{.name = "memory/page", .sample = page},
  };
}

}  // namespace greenway::bench
