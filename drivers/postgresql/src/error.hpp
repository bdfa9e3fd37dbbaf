// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>

#include <greenway/base/error.hpp>

#include "libpq.hpp"

namespace greenway::detail::postgresql {

/// Text of a server or of libpq as one line that a terminal may print: each run of control characters becomes a space,
/// and what is longer than 8 KiB is cut.
std::string single_line(std::string_view text);

/// @return Whether the answer says that the statement failed.
bool is_error(const PGresult* answer) noexcept;

/// @return Whether the server itself says so, and not libpq of a session that is lost.
bool is_server_error(const PGresult* answer) noexcept;

/// @return Whether the server ends the session with this error.
bool is_fatal(const PGresult* error) noexcept;

/// @return Whether the error is this one; `sqlstate` has five characters.
bool has_sqlstate(const PGresult* error, std::string_view sqlstate) noexcept;

/// @return Whether the error says that a prepared statement has gone, or that its plan no longer fits its tables.
bool is_stale_statement(const PGresult* error) noexcept;

/// Throws what the server reported, as the class of its SQLSTATE.
[[noreturn]] void throw_server_error(const PGresult* error, std::string_view statement);

/// Throws `E` for what libpq reported.
template <class E>
[[noreturn]] void throw_client_error(std::string_view message, std::string_view statement, bool is_disconnect) {
  Diagnostics fields;
  fields.message = single_line(message);
  fields.statement = statement;
  fields.is_disconnect = is_disconnect;
  throw E(std::move(fields));
}

}  // namespace greenway::detail::postgresql
