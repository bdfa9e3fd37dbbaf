// SPDX-License-Identifier: BSL-1.0
#pragma once

// What an engine with `echo` logs: each statement, then its parameters unless they are hidden.

#include <span>
#include <string_view>

#include <greenway/db/options.hpp>
#include <greenway/sql/value.hpp>

namespace greenway::detail {

// One line as `greenway.engine`, or `greenway.engine.NAME`, with the token in brackets before it.
void log_line(const EngineOptions& options, const ExecutionOptions& execution, std::string_view text) noexcept;
// `(1, 'text', NULL)`, long values cut.
void log_parameters(const EngineOptions& options, const ExecutionOptions& execution,
                    std::span<const Value> parameters) noexcept;

}  // namespace greenway::detail
