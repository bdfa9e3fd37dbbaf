// SPDX-License-Identifier: BSL-1.0
#include "bank/progress.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include <unistd.h>
#include <fmt/format.h>

namespace bank {

namespace {

using namespace std::chrono_literals;

bool colours_are_welcome() {
  const char* const no_color = std::getenv("NO_COLOR");
  return no_color == nullptr || *no_color == '\0';
}

}  // namespace

Progress::Progress(std::string_view title)
    : title_(title),
      is_terminal_(isatty(STDERR_FILENO) == 1),
      is_coloured_(is_terminal_ && colours_are_welcome()),
      due_(greenway::Clock::now() + (is_terminal_ ? 100ms : 5s)) {
  if (is_terminal_) {
    rewrite(title_);
  }
}

Progress::~Progress() {
  if (is_terminal_) {
    rewrite("");
  }
}

void Progress::show(greenway::TimePoint now, std::string_view news) {
  const std::string line = fmt::format("{}: {}", title_, news);
  if (is_terminal_) {
    rewrite(line);
    due_ = now + 100ms;
  } else {
    fmt::print(stderr, "bank: {}\n", line);
    due_ = now + 5s;
  }
}

void Progress::rewrite(std::string_view line) const {
  constexpr const char* to_line_start_and_wipe = "\r\x1b[K";
  fmt::print(stderr, "{}{}{}{}", to_line_start_and_wipe, is_coloured_ ? "\x1b[2m" : "", line,
             is_coloured_ ? "\x1b[0m" : "");
}

}  // namespace bank
