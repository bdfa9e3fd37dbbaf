// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/telemetry.hpp
/// @brief What an OpenTelemetry exporter needs to know of a statement, under the names of its stable conventions for
///        databases.
///
/// Layer: db. An exporter makes a span of kind CLIENT in before_cursor_execute, keeps it in StatementContext::user, and ends
/// it in after_cursor_execute or handle_error:
///
/// ```cpp
/// engine.events().before_cursor_execute.listen([&](gw::Connection&, gw::StatementContext& it) {
///   it.user = tracer.start(gw::span_name(it), gw::span_attributes(it));
/// });
/// ```
///
/// The metric `db.client.operation.duration` is StatementContext::duration, in seconds.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <greenway/db/events.hpp>

namespace greenway {

/// Names and values.
using SpanAttributes = std::vector<std::pair<std::string_view, std::string>>;

/// @param context  Of a statement.
/// @return What it does and where: "SELECT bank".
[[nodiscard]] std::string span_name(const StatementContext& context);

/// @param context  Of a statement.
/// @return `db.system.name`, `db.operation.name`, `db.query.text`, and, where there is one, `db.namespace`,
///         `server.address` and `server.port`. Parameters are not among them: they may be secrets.
[[nodiscard]] SpanAttributes span_attributes(const StatementContext& context);

/// @param error  That a statement ended in.
/// @return `error.type`, and, where the database gave one, `db.response.status_code`.
[[nodiscard]] SpanAttributes error_attributes(const DBAPIError& error);

}  // namespace greenway
