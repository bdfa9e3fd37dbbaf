// SPDX-License-Identifier: BSL-1.0
#include "instructions.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "program.hpp"

#if __has_include(<valgrind/callgrind.h>)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#include <valgrind/callgrind.h>
#pragma GCC diagnostic pop
#define GREENWAY_BENCH_CALLGRIND 1
#endif

namespace greenway::bench {

namespace {

constexpr std::int64_t few = 100;
constexpr std::int64_t many = 1100;
constexpr std::chrono::seconds limit{300};

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "greenway-bench.XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) {
      throw std::runtime_error("no temporary folder: " + pattern);
    }
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// Of a file that callgrind wrote at a request of count_here(): the label of the request, and the total.
struct Dump {
  std::string label;
  double instructions = 0;
};

Dump read_dump(const std::filesystem::path& path) {
  constexpr std::string_view trigger = "desc: Trigger: Client Request: ";
  constexpr std::string_view totals = "totals: ";
  Dump result;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(trigger)) {
      result.label = line.substr(trigger.size());
    } else if (line.starts_with(totals)) {
      result.instructions = std::stod(line.substr(totals.size()));
    }
  }
  return result;
}

}  // namespace

#if defined(GREENWAY_BENCH_CALLGRIND)

InstructionCounts count_instructions(const Family& rows, std::size_t samples) {
  const TemporaryFolder folder;
  std::vector<std::string> arguments{"valgrind",
                                     "--quiet",
                                     "--tool=callgrind",
                                     fmt::format("--callgrind-out-file={}/part", folder.path().native()),
                                     own_path(),
                                     "--samples",
                                     std::to_string(samples)};
  for (const Row& row : rows) {
    arguments.insert(arguments.end(), {"--count", row.name});
  }
  run_program(arguments, limit);

  std::map<std::string, double> totals;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    const Dump dump = read_dump(entry.path());
    totals[dump.label] = dump.instructions;
  }
  const auto total_of = [&](const std::string& label) {
    const auto found = totals.find(label);
    if (found == totals.end()) {
      throw std::runtime_error(fmt::format("valgrind left no total of \"{}\"", label));
    }
    return found->second;
  };
  InstructionCounts counts;
  for (std::size_t sample = 0; sample < samples; ++sample) {
    for (const Row& row : rows) {
      const double more = total_of(fmt::format("many {} {}", sample, row.name));
      const double less = total_of(fmt::format("few {} {}", sample, row.name));
      counts[row.name].push_back((more - less) / static_cast<double>(many - few));
    }
  }
  return counts;
}

namespace {

/// Ends a dump and begins the next.
void dump(const std::string& label) { CALLGRIND_DUMP_STATS_AT(label.c_str()); }

}  // namespace

void count_here(const Family& rows, std::size_t samples) {
  for (const Row& row : rows) {
    row.repeat(few);
  }
  dump("warm");
  for (std::size_t sample = 0; sample < samples; ++sample) {
    for (const Row& row : rows) {
      row.repeat(few);
      dump(fmt::format("few {} {}", sample, row.name));
      row.repeat(many);
      dump(fmt::format("many {} {}", sample, row.name));
    }
  }
}

#else

InstructionCounts count_instructions(const Family&, std::size_t) {
  throw NotMeasured("valgrind was not installed when greenway-bench was built");
}

void count_here(const Family&, std::size_t) {}

#endif

}  // namespace greenway::bench
