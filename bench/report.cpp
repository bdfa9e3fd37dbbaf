// SPDX-License-Identifier: BSL-1.0
#include "report.hpp"

#include <map>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "machine.hpp"

namespace greenway::bench {

namespace {

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string json_of(const Result& result) {
  std::string json = fmt::format("{{\"name\":{},\"samples\":{}", quoted(result.name), result.samples);
  for (const auto& [field, spread] : result.fields) {
    json += fmt::format(",{}:{{\"median\":{:.7g},\"p10\":{:.7g},\"p90\":{:.7g}}}", quoted(field), spread.median,
                        spread.p10, spread.p90);
  }
  if (!result.not_measured.empty()) {
    json += fmt::format(",\"not measured\":{}", quoted(result.not_measured));
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
  std::vector<std::string> machine{fmt::format("\"command\":{}", quoted(command))};
  for (const auto& [property, value] : describe_machine()) {
    machine.push_back(fmt::format("{}:{}", quoted(property), quoted(value)));
  }
  std::vector<std::string> rows;
  for (const Result& result : results) {
    rows.push_back(json_of(result));
  }
  fmt::print(out, "{{\"machine\":{{{}}},\n\"results\":[\n{}\n]}}\n", fmt::join(machine, ","), fmt::join(rows, ",\n"));
}

}  // namespace greenway::bench
