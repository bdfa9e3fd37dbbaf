// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file rivals/pgbench.hpp
/// @brief PostgreSQL's own benchmark program, as installed.

#include <string>

#include "row.hpp"

namespace greenway::bench {

/// Makes pgbench's tables, with that many branches.
/// @param url    Of the database, as libpq understands it.
/// @param scale  How many branches, each with 100,000 accounts.
/// @throws NotMeasured  pgbench is not installed.
void initialise_pgbench(const std::string& url, int scale);

/// Runs pgbench's transaction for a second: 10 clients on one thread, extended protocol.
/// @param url  Of the database.
/// @return What one transaction took.
/// @throws NotMeasured  pgbench is not installed.
Sample run_pgbench(const std::string& url);

}  // namespace greenway::bench
