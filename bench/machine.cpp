// SPDX-License-Identifier: BSL-1.0
#include "machine.hpp"

#include <fstream>

#include <sched.h>
#include <sys/utsname.h>

#include <boost/version.hpp>
#include <fmt/chrono.h>

#include <greenway/base/version.hpp>

namespace greenway::bench {

namespace {

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) {
      return line.substr(line.find(": ") + 2);
    }
  }
  return "unknown";
}

/// @return How many processes wanted a CPU during the last minute: others than ours make wall times long.
std::string load() {
  std::string average;
  std::ifstream("/proc/loadavg") >> average;
  return average;
}

std::string usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  return std::to_string(CPU_COUNT(&set));
}

}  // namespace

std::map<std::string, std::string> describe_machine() {
  utsname system{};
  uname(&system);
  return {
    {"boost", BOOST_LIB_VERSION}, {"build", GREENWAY_BENCH_FLAGS},
#if defined(__clang__)
        {"compiler", __VERSION__},
#else
        {"compiler", "g++ " __VERSION__},
#endif
        {"cpu", cpu_model()}, {"cpus", usable_cpus()},
        {"date", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))}, {"greenway", GREENWAY_VERSION},
        {"load", load()}, {"system", fmt::format("{} {} {}", system.sysname, system.release, system.machine)},
  };
}

}  // namespace greenway::bench
