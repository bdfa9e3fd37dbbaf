// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/postgresql/driver.hpp
/// @brief The PostgreSQL driver: libpq's non-blocking calls behind greenway/db/driver.hpp.
///
/// Layer: driver. Needs libpq 14 or later and a server of version 10 or later; includes no header of libpq.
///
/// @par URLs
/// `postgresql://user:password@host:port/database?option=value`. Host and port may be left out, or given as options, as
/// the folder of a Unix socket must: `?host=/run/postgresql&port=5433`. What a URL leaves out is taken from libpq's
/// environment variables (`PGHOST`, `PGUSER`, …) and password file, as `psql` does, but never from a service file:
/// `PGSERVICE` is refused. An option given twice has its last value. The options are:
/// - `prepare`: with `auto`, the default, a statement is prepared when it is executed for the second time; with `named`
///   at the first; with `never` not at all, as PgBouncer before 1.21 needs it in transaction mode.
/// - `prepared_statement_cache_size`: how many statements a connection keeps prepared, by default 100. The least
///   recently used goes first; 0 is `prepare=never`.
/// - `connect_timeout`: seconds for the whole of connecting, 1 to 3600, by default 10.
/// - `strategy`: with `loop`, the default, a connection runs where its caller does; with `thread` on a thread of its own,
///   which keeps TLS and the reading of large answers off the loop, at two switches of threads a statement.
/// - `sslmode`: as libpq's; by default `verify-full` for a TCP host other than this machine, else libpq's `prefer`.
/// - `keepalives_idle`, `keepalives_interval`, `keepalives_count`: as libpq's; by default 30, 10 and 3.
/// - `application_name`, `channel_binding`, `keepalives`, `options`, `passfile`, `requirepeer`,
///   `ssl_min_protocol_version`, `sslcert`, `sslcrl`, `sslkey`, `sslrootcert`, `target_session_attrs`,
///   `tcp_user_timeout`: as libpq's.
///
/// Encryption by GSSAPI is switched off, and the client encoding is UTF-8.
///
/// @par Parameters
/// `$1`, `$2`, … always travel beside the statement, never in it. A bool is sent as `bool`, an integer as `int8`, a
/// double as `float8`, a blob as `bytea`, a Decimal as `numeric`, dates, times, intervals and UUIDs as what they are
/// called there; text, JSON, arrays and NULL are sent without a type, so that the server takes what the place in the
/// statement needs (`ts < $1` works with a string). Where a function insists on another type, cast the
/// parameter: `repeat('x', $1::int)`. Text must not contain NUL.
///
/// @par Results
/// - bool is ValueKind::boolean; int2, int4, int8, oid and its aliases, xid, cid and xid8 are ValueKind::integer;
///   float4 and float8 are ValueKind::real; bytea is ValueKind::bytes.
/// - numeric is ValueKind::numeric; "NaN", "Infinity" and "-Infinity" too.
/// - text, varchar, char, name, jsonpath and xml are ValueKind::text; json and jsonb are ValueKind::json.
/// - date, time, timestamp, timestamptz, interval and uuid are of the kind of that name; timetz is ValueKind::text.
/// - Arrays of these, and of enums, are ValueKind::array.
/// - A domain is as its base type.
/// - Anything else (enums, ranges, inet, …) is ValueKind::text where its binary form is printable UTF-8, as that of an
///   enum or of citext is, else ValueKind::bytes. Cast to text in the statement what is to be read.
///
/// Values are decoded when they are asked for, where they were received.
///
/// @par Transactions
/// BEGIN is sent together with the first statement, in one round trip. An early close of a streamed result first reads
/// what is left, for up to 100 ms outside and 2 s inside a transaction, and then cancels the statement, which inside a
/// transaction makes that fail.
///
/// @par Cancellation
/// A statement whose deadline passes, or whose greenlet is cancelled, is cancelled on the server, and the connection
/// stays usable. libpq before 17 sends cancel requests in clear: on an encrypted connection to another machine the
/// connection is closed instead.

namespace greenway {

/// Makes `postgresql://` URLs known to create_engine. Thread-safe; calling it again changes nothing.
void register_postgresql();

}  // namespace greenway
