// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bank/caller.hpp"
#include "bank/run.hpp"

namespace bank {

/// The table on stdout, row by row. Each function throws std::system_error when stdout takes no more.
/// @param database  Its URL, without password.
void print_head(std::string_view database, std::int64_t branches);
/// @param books  What the audits say.
void print_row(const Caller& caller, const Run& run, std::string_view books);

}  // namespace bank
