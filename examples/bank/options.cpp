// SPDX-License-Identifier: BSL-1.0
#include "bank/options.hpp"

#include <cstdlib>
#include <vector>

#include <CLI/CLI.hpp>

#include "bank/caller.hpp"

namespace bank {

Options parse_options(int argc, char** argv) {
  Options options;
  std::vector<std::string> hosts{"all"};
  for (const Caller& caller : callers) {
    hosts.emplace_back(caller.name);
  }

  CLI::App app("One synchronous data access function, pgbench's TPC-B-like transfer, called in every way there is.");
  app.option_defaults()->always_capture_default();
  app.add_option("--url", options.url, "database, sqlite:///file or postgresql://user@host/database");
  app.add_option("--host", options.host, "who calls")->check(CLI::IsMember(hosts));
  app.add_option("--clients", options.clients, "concurrent clients of a caller with an event loop")
      ->check(CLI::Range(1, 10'000));
  auto* const transactions = app.add_option("--transactions", options.transactions, "transactions of each client");
  transactions->check(CLI::Range(1, 1'000'000'000))->default_str("as many as --seconds allow");
  app.add_option("--seconds", options.seconds, "for each caller")
      ->check(CLI::Range(0.001, 86'400.0))
      ->excludes(transactions);
  app.add_option("--scale", options.scale, "branches of a new bank; one that is there stays as it is")
      ->check(CLI::Range(1, 10'000));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error) == 0 ? EXIT_SUCCESS : 2);
  }
  return options;
}

}  // namespace bank
