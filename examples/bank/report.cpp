// SPDX-License-Identifier: BSL-1.0
#include "bank/report.hpp"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <system_error>

#include <fmt/format.h>

namespace bank {

namespace {

void print_line(std::string_view line) {
  if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size() || std::fputc('\n', stdout) == EOF ||
      std::fflush(stdout) != 0) {
    throw std::system_error(errno, std::generic_category(), "stdout");
  }
}

constexpr const char* columns = "{:<8}  {:>7}  {:>12}  {:>7}  {:>10}  {:>14}  {}";

}  // namespace

void print_head(std::string_view database, std::int64_t branches) {
  print_line(fmt::format("{}, scale {}\n", database, branches));
  print_line(fmt::format(columns, "caller", "clients", "transactions", "seconds", "per second", "loop held", "books"));
}

void print_row(const Caller& caller, const Run& run, std::string_view books) {
  const auto hold = run.longest_hold();
  const double seconds = run.seconds();
  print_line(fmt::format(
      columns, caller.name, caller.has_loop ? run.clients() : 1, run.transactions(), fmt::format("{:.2f}", seconds),
      fmt::format("{:.1f}", static_cast<double>(run.transactions()) / seconds),
      hold ? fmt::format("{:.1f} ms", std::chrono::duration<double, std::milli>(*hold).count()) : "-", books));
}

}  // namespace bank
