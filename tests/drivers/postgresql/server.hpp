// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <greenway/db/driver.hpp>

/// The real server that these tests run on, and short ways to ask it something.
namespace server {

using Rows = std::vector<std::vector<greenway::Value>>;
using ConnectionPtr = std::unique_ptr<greenway::DriverConnection>;

/// @return The URL of the test server with `options` added, "a=1&b=2"; fails the test when there is none.
std::string url(std::string_view options = {});

/// @return A new session.
ConnectionPtr connect(std::string_view options = {});

/// @return A bound that is met only by a fault.
greenway::Deadline soon();

/// Executes a statement and keeps its cursor.
std::unique_ptr<greenway::Cursor> execute(greenway::DriverConnection& connection, const std::string& sql,
                                          const std::vector<greenway::Value>& parameters = {},
                                          greenway::ExecuteOptions options = {});

/// Executes a statement and copies all its rows; numerics as text.
Rows rows(greenway::DriverConnection& connection, const std::string& sql,
          const std::vector<greenway::Value>& parameters = {});

/// As rows(), for one value.
greenway::Value scalar(greenway::DriverConnection& connection, const std::string& sql,
                       const std::vector<greenway::Value>& parameters = {});

/// @return What a cell holds; a numeric as text.
greenway::Value to_value(const greenway::Cell& cell);

/// @return The process at the other end.
std::int64_t backend(greenway::DriverConnection& connection);

/// Ends the other end of a connection, and returns when it is gone.
void kill_backend(std::int64_t pid);

/// @return A name that no other test has used, so that tests may run at the same time on one server.
std::string unique_name(std::string_view stem);

}  // namespace server
