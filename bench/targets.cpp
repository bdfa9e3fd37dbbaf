// SPDX-License-Identifier: BSL-1.0
#include "targets.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

namespace greenway::bench {

namespace {

const Spread* find(const std::vector<Result>& results, const std::string& name, const std::string& field) {
  const auto result =
      std::find_if(results.begin(), results.end(), [&](const Result& each) { return each.name == name; });
  if (result == results.end()) {
    return nullptr;
  }
  const auto spread = result->fields.find(field);
  return spread != result->fields.end() ? &spread->second : nullptr;
}

}  // namespace

std::vector<Target> read_targets(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) {
    throw std::runtime_error(fmt::format("{} cannot be read", path.native()));
  }
  std::vector<Target> targets;
  std::size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    Target target;
    std::istringstream columns(line);
    if (!std::getline(columns, target.ours, '\t') || !std::getline(columns, target.rival, '\t') ||
        !std::getline(columns, target.field, '\t') || !(columns >> target.max_ratio)) {
      throw std::runtime_error(fmt::format("{}, line {}: expected ours, rival, field and max_ratio, separated by tabs",
                                           path.native(), number));
    }
    targets.push_back(std::move(target));
  }
  return targets;
}

bool print_targets(const std::vector<Target>& targets, const std::vector<Result>& results) {
  bool all_hold = true;
  fmt::print("\n{:<46} {:<46} {:>12} {:>12} {:>12} {:>7} {:>7}\n", "ours", "rival", "field", "ours", "rival", "ratio",
             "limit");
  for (const Target& target : targets) {
    fmt::print("{:<46} {:<46} {:>12} ", target.ours, target.rival, target.field);
    const Spread* const ours = find(results, target.ours, target.field);
    const Spread* const rival = find(results, target.rival, target.field);
    if (ours == nullptr || rival == nullptr) {
      fmt::print("{:>12} {:>12} {:>7} {:>7.3f}  not measured\n", "-", "-", "-", target.max_ratio);
      continue;
    }
    const double ratio = ours->median / rival->median;
    const bool holds = ratio <= target.max_ratio;
    all_hold = all_hold && holds;
    fmt::print("{:>12.2f} {:>12.2f} {:>7.3f} {:>7.3f}  {}\n", ours->median, rival->median, ratio, target.max_ratio,
               holds ? "holds" : "DOES NOT HOLD");
  }
  return all_hold;
}

}  // namespace greenway::bench
