// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/sqlite/driver.hpp
/// @brief SQLite as a database of the engine: `create_engine("sqlite:///bank.db")`.
///
/// Layer: driver. Needs db and SQLite 3.38 or later, built for threads. Source: SQLAlchemy's `pysqlite` dialect for the
/// URLs, `sqlalchemy_aio` for the thread that each connection has of its own.
///
/// URLs
/// ----
/// - `sqlite:///bank.db`: the file "bank.db" in the folder that is current when the engine is made.
/// - `sqlite:////var/lib/bank.db`: an absolute path.
/// - `sqlite://` and `sqlite:///:memory:`: a database in memory. Each connection of the engine is one of its own to
/// this
///   one database, which lives as long as the engine or one of its connections. There is no write-ahead log in memory:
///   while a transaction writes, readers wait as for a busy file, and the other way round.
///
/// Options
/// -------
/// After `?`, separated by `&`; of one given twice the last counts, and an unknown one is an ArgumentError.
/// - `strategy`: `thread`, the default and only one: all calls of SQLite are made by a thread that belongs to the
///   connection, while the caller, greenlet or thread, waits.
/// - `mode`: `rwc` (default: read and write, create the file if it is missing, for its owner only), `rw`, `ro`.
/// - `journal_mode`: `wal` (default), `delete`, `truncate`, `persist`, `memory`. Not for a database in memory, nor with
///   `mode=ro`, which takes the file as it is.
/// - `synchronous`: `full` (default: an acknowledged commit survives loss of power), `normal` (with `wal`, the last
///   commits may be lost then, but nothing is damaged), `extra`, `off`.
/// - `busy_timeout`: milliseconds to wait for a lock that another process holds; default 5000.
/// - `foreign_keys`: `on` (default), `off`.
/// - `begin`: `deferred` (default: a transaction takes the write lock at its first write), `immediate` (at once).
///
/// Writers
/// -------
/// SQLite has one writer at a time. Those of one file (or database in memory) within this process queue in the order of
/// their arrival, before SQLite is asked, so that none of them meets SQLITE_BUSY because of another, nor overtakes it.
/// A transaction takes its place with its first statement that may write, or at begin() with `begin=immediate`, and
/// holds it until it ends. A transaction that has read before it writes may find that another has written in between:
/// OperationalError with code 517 (SQLITE_BUSY_SNAPSHOT); roll back and do it again, or begin with `immediate`.
///
/// What is set on each connection
/// ------------------------------
/// Defensive mode on; schema not trusted; no extensions, no string literals in double quotes, no memory-mapped files;
/// statements up to 1 MiB, values and rows up to 64 MiB, expressions up to 100 levels deep, 50 terms of a compound
/// SELECT, 32,766 parameters, one attached database (VACUUM needs that itself).
///
/// Values
/// ------
/// A column declared BOOL or BOOLEAN gives true and false for 1 and 0; otherwise a value's kind is its storage class.
/// NaN, which SQLite would store as NULL, is refused with DataError. What SQLite has no storage class for is stored as
/// SQLAlchemy stores it, see Value; what that cannot say is refused with DataError: decimals of more than 15 digits that
/// are no integers, years outside 1 to 9999, intervals with months.

namespace greenway {

/// Makes the URLs of SQLite known to create_engine. May be called again, from any thread.
void register_sqlite();

}  // namespace greenway
