// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>

#include <greenway/base/error.hpp>

struct sqlite3;

namespace greenway::detail {

/// Throws the error of our tree that a result code belongs to.
/// @param fields  Its code and message are set.
/// @throws DBAPIError  Always, one of its kinds.
[[noreturn]] void throw_sqlite_error(Diagnostics fields);

/// Throws what a call has just reported, with all that SQLite says about it.
/// @param db         Whose call.
/// @param code       What it returned.
/// @param statement  The SQL text, or empty.
/// @throws DBAPIError  Always, one of its kinds.
[[noreturn]] void throw_sqlite_error(sqlite3* db, int code, std::string_view statement);

/// Throws an error of the driver's own about a statement.
/// @param message    What is wrong, and what to do.
/// @param code       The result code of SQLite that says the same.
/// @param statement  The SQL text.
/// @throws DBAPIError  Always, one of its kinds.
[[noreturn]] void throw_sqlite_error(std::string message, int code, std::string_view statement);

}  // namespace greenway::detail
