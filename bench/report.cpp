// SPDX-License-Identifier: BSL-1.0
#include "report.hpp"

#include <map>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <greenway/base/detail/json_string.hpp>

#include "machine.hpp"

namespace greenway::bench {

using detail::json_string;

namespace {

std::string json_of(const Result& result) {
  std::string json = fmt::format("{{\"name\":{},\"samples\":{}", json_string(result.name), result.samples);
  for (const auto& [field, spread] : result.fields) {
    json += fmt::format(",{}:{{\"median\":{:.7g},\"p10\":{:.7g},\"p90\":{:.7g}}}", json_string(field), spread.median,
                        spread.p10, spread.p90);
  }
  if (!result.not_measured.empty()) {
    json += fmt::format(",\"not measured\":{}", json_string(result.not_measured));
  }
  return json + "}";
}

}  // namespace

void print_results(const std::vector<Result>& results) {
  fmt::print("{:<48} {:>12} {:>12} {:>12} {:>12}\n", "row", "field", "median", "p10", "p90");
  for (const Result& result : results) {
    for (const auto& [field, spread] : result.fields) {
      fmt::print("{:<48} {:>12} {:>12.2f} {:>12.2f} {:>12.2f}\n", result.name, field, spread.median, spread.p10,
                 spread.p90);
    }
    if (!result.not_measured.empty()) {
      fmt::print("{:<48} not measured: {}\n", result.name, result.not_measured);
    }
  }
}

void write_json(const std::vector<Result>& results, const std::string& command, std::ostream& out) {
  std::vector<std::string> machine{fmt::format("\"command\":{}", json_string(command))};
  for (const auto& [property, value] : describe_machine()) {
    machine.push_back(fmt::format("{}:{}", json_string(property), json_string(value)));
  }
  std::vector<std::string> rows;
  for (const Result& result : results) {
    rows.push_back(json_of(result));
  }
  fmt::print(out, "{{\"machine\":{{{}}},\n\"results\":[\n{}\n]}}\n", fmt::join(machine, ","), fmt::join(rows, ",\n"));
}

}  // namespace greenway::bench
