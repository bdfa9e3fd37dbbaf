// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>

#include <greenway/base/clock.hpp>

namespace bank {

/// A line on stderr about what is going on: on a terminal rewritten ten times a second and wiped in the end, elsewhere
/// written every five seconds.
class Progress {
 public:
  /// @param title  What is going on; on a terminal it appears at once.
  explicit Progress(std::string_view title);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// @return Whether it is time to say something new.
  [[nodiscard]] bool is_due(greenway::TimePoint now) const noexcept { return now >= due_; }
  /// @param news  What has been reached.
  void show(greenway::TimePoint now, std::string_view news);

 private:
  void rewrite(std::string_view line) const;

  std::string title_;
  bool is_terminal_;
  bool is_coloured_;
  greenway::TimePoint due_;
};

}  // namespace bank
