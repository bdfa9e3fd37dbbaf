// SPDX-License-Identifier: BSL-1.0
#pragma once

struct sqlite3;

namespace greenway::detail {

/// Gives a connection the function behind `text REGEXP pattern`, which SQLite itself leaves out: extended regular expressions
/// of POSIX, found anywhere in the text. NULL on either side is NULL; a pattern that is none ends the statement with an error.
/// @param db  Open.
/// @return SQLITE_OK, or what SQLite says.
int install_regexp(sqlite3* db) noexcept;

}  // namespace greenway::detail
