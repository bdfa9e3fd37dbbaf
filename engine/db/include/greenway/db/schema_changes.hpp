// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/schema_changes.hpp
/// @brief Creating and dropping what a MetaData describes: what MetaData::create_all and drop_all call.
///
/// Layer: db.

#include <greenway/db/connection.hpp>
#include <greenway/sql/schema.hpp>

namespace greenway {

/// Creates types, tables and indexes in the order of their dependencies, in the transaction of the connection.
/// @param connection  Any.
/// @param metadata    Which.
/// @param checkfirst  Leaves those alone that exist.
/// @throws ...  As Connection::execute, and MetaData::sorted_tables.
void create_tables(Connection& connection, const MetaData& metadata, bool checkfirst);

/// Drops tables and types in the reverse order.
/// @param connection  Any.
/// @param metadata    Which.
/// @param checkfirst  Leaves those alone that do not exist.
/// @throws ...  As create_tables().
void drop_tables(Connection& connection, const MetaData& metadata, bool checkfirst);

/// @param connection  Any.
/// @param name        Of a table.
/// @param schema      Where; empty for the default.
/// @return Whether there is such a table.
/// @throws ...  As Connection::execute.
[[nodiscard]] bool has_table(Connection& connection, const std::string& name, const std::string& schema = {});

/// @param connection  Any.
/// @param schema      Where; empty for the default.
/// @return The names of its tables, sorted, without the database's own.
/// @throws ...  As Connection::execute.
[[nodiscard]] std::vector<std::string> table_names(Connection& connection, const std::string& schema = {});

}  // namespace greenway
