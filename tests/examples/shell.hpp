// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <filesystem>
#include <string>

/// How a command ended, and what it wrote.
struct Ended {
  int exit_code = 0;
  std::string out;
  std::string err;
};

/// A shell in a folder of its own, which goes away with all that is in it.
class Shell {
 public:
  Shell();
  ~Shell();
  Shell(const Shell&) = delete;
  Shell& operator=(const Shell&) = delete;

  /// Runs a command, without input.
  /// @return When it has ended.
  Ended run(const std::string& command) const;

  [[nodiscard]] std::filesystem::path file(const std::string& name) const { return folder_ / name; }

 private:
  std::filesystem::path folder_;
};
