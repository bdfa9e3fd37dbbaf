// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

/// The callers with an event loop that the bank was built with, in the order of its table.
inline constexpr const char* bank_loops[] = {
    "asio",
#ifdef BANK_HAS_UV
    "uv",
#endif
#ifdef BANK_HAS_GLIB
    "glib",
#endif
#ifdef BANK_HAS_FIBER
    "fiber",
#endif
    "epoll",
};

/// @param title         What the first line is, as a regular expression.
/// @param clients       How many each loop has; a thread is one.
/// @param transactions  How many each client makes.
/// @return A regular expression for what the bank prints when all books balance.
inline std::string balanced_table(const std::string& title, int clients, int transactions) {
  std::string table = title +
                      "\n\n"
                      "caller +clients +transactions +seconds +per second +loop held +books\n"
                      "blocking +1 +" +
                      std::to_string(transactions) + " +[0-9.]+ +[0-9.]+ +- +balanced\n";
  for (const std::string loop : bank_loops) {
    table += loop + " +" + std::to_string(clients) + " +" + std::to_string(clients * transactions) +
             " +[0-9.]+ +[0-9.]+ +[0-9.]+ ms +balanced\n";
  }
  return table;
}
