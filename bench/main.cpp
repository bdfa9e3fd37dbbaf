// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <fstream>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <greenway/base/version.hpp>

#include "instructions.hpp"
#include "measurement.hpp"
#include "report.hpp"
#include "row.hpp"
#include "rows/rows.hpp"
#include "targets.hpp"

namespace greenway::bench {

namespace {

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

struct Options {
  bool list = false;
  std::string filter;
  std::string json;
  std::string targets;
  std::size_t samples = 9;
  std::string sample_row;               // of a child process: see measure()
  std::vector<std::string> count_rows;  // likewise: see count_instructions()
};

/// @return The families, reduced to the rows for which `is_wanted` holds.
template <class Predicate>
std::vector<Family> select(Predicate is_wanted) {
  std::vector<Family> families = all_rows();
  for (Family& family : families) {
    std::erase_if(family, [&](const Row& row) { return !is_wanted(row.name); });
  }
  std::erase_if(families, [](const Family& family) { return family.empty(); });
  if (families.empty()) {
    throw std::invalid_argument("no row matches; --list prints all of them");
  }
  return families;
}

std::vector<Family> select_by(const std::string& filter) {
  try {
    const std::regex expression(filter);
    return select([&](const std::string& name) { return std::regex_search(name, expression); });
  } catch (const std::regex_error& error) {
    throw std::invalid_argument(fmt::format("--filter {}: {}", filter, error.what()));
  }
}

std::vector<Result> measure_all(const std::vector<Family>& families, std::size_t samples) {
  std::vector<Result> results;
  for (const Family& family : families) {
    for (const Row& row : family) {
      fmt::print(stderr, "greenway-bench: measuring {}{}\n", row.name, &row == &family.back() ? "" : ", in turn with");
    }
    std::ranges::move(measure(family, samples), std::back_inserter(results));
  }
  return results;
}

void check_written(const std::ofstream& file, const std::string& path) {
  if (!file) {
    throw std::runtime_error(fmt::format("{} cannot be written: {}", path, std::strerror(errno)));
  }
}

void list(const std::vector<Family>& families) {
  for (const Family& family : families) {
    for (const Row& row : family) {
      fmt::print("{}\n", row.name);
    }
  }
}

int measure_and_report(const std::vector<Family>& families, const Options& options, const std::string& command) {
  // Before the minutes of measuring, not after.
  const auto targets = options.targets.empty() ? std::vector<Target>() : read_targets(options.targets);
  std::ofstream json;
  if (!options.json.empty()) {
    json.open(options.json);
    check_written(json, options.json);
  }
#if !defined(__OPTIMIZE__)
  fmt::print(stderr, "greenway-bench: this build is not optimised; its figures say nothing\n");
#endif
  const std::vector<Result> results = measure_all(families, options.samples);
  print_results(results);
  if (json.is_open()) {
    write_json(results, command, json);
    json.close();
    check_written(json, options.json);
  }
  const bool all_hold = targets.empty() || print_targets(targets, results);
  return all_hold && std::ranges::none_of(results, &Result::has_failed) ? 0 : exit_failed;
}

int run(const Options& options, const std::string& command) {
  if (!options.sample_row.empty()) {
    sample_here(select([&](const std::string& name) { return name == options.sample_row; }).front().front());
  } else if (!options.count_rows.empty()) {
    const auto is_counted = [&](const std::string& name) { return std::ranges::count(options.count_rows, name) != 0; };
    count_here(select(is_counted).front(), options.samples);
  } else if (options.list) {
    list(select_by(options.filter));
  } else {
    return measure_and_report(select_by(options.filter), options, command);
  }
  return 0;
}

void declare(CLI::App& app, Options& options) {
  app.set_version_flag("--version", "greenway-bench " GREENWAY_VERSION);
  app.add_flag("--list", options.list, "Print the names of the rows, measure nothing");
  app.add_option("--filter", options.filter, "Only rows in whose name this regular expression is found")
      ->type_name("REGEX");
  app.add_option("--json", options.json, "Write the results to this file too")->type_name("FILE");
  app.add_option("--targets", options.targets, "Say which of the ratios in this file hold")->type_name("FILE");
  app.add_option("--samples", options.samples, "Samples of each row, at least 9")
      ->check(CLI::Range(9, 10'000))
      ->capture_default_str();
  app.add_option("--sample", options.sample_row)->group("");
  app.add_option("--count", options.count_rows)->group("");
  app.footer(
      "Exit code: 0; 1 when a ratio of --targets does not hold, or a row failed; 2 when the arguments are wrong.\n"
      "Rows that need PostgreSQL take their server from GREENWAY_BENCH_POSTGRESQL_URL; scripts/bench.sh makes one.");
}

}  // namespace

}  // namespace greenway::bench

int main(int argc, char** argv) {
  CLI::App app("Measures Greenway and its rivals, one sample of each in turn.", "greenway-bench");
  greenway::bench::Options options;
  greenway::bench::declare(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : greenway::bench::exit_usage;
  }
  try {
    return greenway::bench::run(options, fmt::format("{}", fmt::join(argv, argv + argc, " ")));
  } catch (const std::exception& error) {
    fmt::print(stderr, "greenway-bench: {}\n", error.what());
    return greenway::bench::exit_usage;
  }
}
