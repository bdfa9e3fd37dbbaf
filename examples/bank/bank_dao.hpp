// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

#include <greenway/db/connection.hpp>

/// The bank's data access, on the tables of PostgreSQL's own benchmark, pgbench: synchronous code, which does not know
/// whether a thread or an event loop waits for the database.
namespace bank {

inline constexpr std::int64_t tellers_per_branch = 10;
inline constexpr std::int64_t accounts_per_branch = 100'000;

/// A customer of any branch lets a teller change an account. Numbers count from 1.
struct Transfer {
  std::int64_t account = 1;
  std::int64_t teller = 1;
  std::int64_t branch = 1;
  std::int64_t delta = 0;  ///< Less than 0 is taken out.
};

/// What each of the four tables says has been paid in, altogether.
struct Books {
  std::int64_t accounts = 0;
  std::int64_t tellers = 0;
  std::int64_t branches = 0;
  std::int64_t history = 0;
};

/// @return Whether the four tables agree on what has happened between two audits.
[[nodiscard]] bool is_balanced(const Books& before, const Books& after);

/// Makes sure that there is a bank. One that `pgbench -i` or an earlier call has founded stays as it is.
/// @param branches  How many a new one gets.
/// @return How many there are.
std::int64_t found(greenway::Connection& conn, std::int64_t branches);

/// Makes one transfer, in a transaction.
/// @return The account's new balance.
std::int64_t transfer(greenway::Connection& conn, const Transfer& order);

/// @return The sums, all of the same moment.
Books audit(greenway::Connection& conn);

}  // namespace bank
