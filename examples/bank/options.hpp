// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace bank {

/// What the command line says.
struct Options {
  std::string url = "sqlite:///bank.db";
  std::string host = "all";
  std::size_t clients = 200;
  std::int64_t transactions = 0;  ///< Of each client; 0: as many as there is time for.
  double seconds = 5;             ///< Of each caller, unless `transactions` are given.
  std::int64_t scale = 1;
};

/// Ends the program after --help and, with exit code 2, when the command line makes no sense.
Options parse_options(int argc, char** argv);

}  // namespace bank
