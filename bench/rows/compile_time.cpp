// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <filesystem>
#include <string>

#include <unistd.h>

#include "program.hpp"
#include "rows/rows.hpp"

namespace greenway::bench {

namespace {

constexpr std::chrono::seconds limit{120};

/// Compiles a file of compile_time/ by the compiler, and with the search path, that this program was built with.
Sample compile(const std::string& name, const std::string& definition = "-DNDEBUG") {
  const std::string object =
      std::filesystem::temp_directory_path() / ("greenway-bench-" + std::to_string(getpid()) + ".o");
  const auto start = std::chrono::steady_clock::now();
  // A compiler that is a name of ccache's would remember.
  const ProgramResult run = run_program({"env", "CCACHE_DISABLE=1", GREENWAY_BENCH_COMPILER, "@" GREENWAY_BENCH_COMPILE_OPTIONS,
                                         definition, GREENWAY_BENCH_COMPILE_TIME "/" + name + ".cpp", "-o", object},
                                        limit);
  const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
  std::filesystem::remove(object);
  return {{"wall_ns", elapsed.count()}, {"cpu_ns", run.cpu_seconds * 1e9}, {"bytes", run.peak_bytes}};
}

/// What users are promised that it takes at most.
Sample most() { return {{"wall_ns", 6e9}, {"cpu_ns", 6e9}, {"bytes", 700e6}}; }

}  // namespace

// Ten classes more take the difference of the last two.
Family compile_time_rows() {
  return {
      Row{.name = "compile_time/sql", .sample = [] { return compile("sql"); }},
      Row{.name = "compile_time/libpq", .sample = [] { return compile("libpq"); }},
      Row{.name = "compile_time/limit", .sample = most},
      Row{.name = "compile_time/orm_50", .sample = [] { return compile("orm"); }},
      Row{.name = "compile_time/orm_40", .sample = [] { return compile("orm", "-DCLASSES=40"); }},
  };
}

}  // namespace greenway::bench
