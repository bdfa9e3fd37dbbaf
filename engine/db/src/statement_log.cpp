// SPDX-License-Identifier: BSL-1.0
#include "statement_log.hpp"

#include <exception>
#include <string>

#include <greenway/base/log.hpp>
#include <greenway/sql/detail/value_text.hpp>

namespace greenway::detail {

namespace {

constexpr std::size_t longest_text = 300;
constexpr std::size_t most_parameters = 100;

std::string printed(const Value& value) {
  if (const auto* const items = value.get_if<std::vector<Value>>()) {
    return "list of " + std::to_string(items->size());
  }
  if (value.kind() == ValueKind::bytes) {
    return "<bytes>";
  }
  std::string text;
  append_text(text, value);
  if (value.is_null() || value.kind() <= ValueKind::numeric) {
    return text;
  }
  const bool is_long = text.size() > longest_text;
  return '\'' + text.substr(0, longest_text) + (is_long ? "' … (" + std::to_string(text.size()) + " bytes)" : "'");
}

}  // namespace

void log_line(const EngineOptions& options, const ExecutionOptions& execution, std::string_view text) noexcept {
  try {
    const std::string logger =
        options.logging_name.empty() ? "greenway.engine" : "greenway.engine." + options.logging_name;
    const bool has_token = execution.logging_token.has_value();
    log(LogLevel::info, logger, has_token ? '[' + *execution.logging_token + "] " + std::string(text) : std::string(text));
  } catch (const std::exception&) {
    // There is no memory for the line: the statement matters more.
  }
}

void log_parameters(const EngineOptions& options, const ExecutionOptions& execution,
                    std::span<const Value> parameters) noexcept {
  try {
    if (options.hide_parameters) {
      return log_line(options, execution, "[SQL parameters hidden due to hide_parameters=true]");
    }
    std::string text;
    for (const Value& value : parameters.first(std::min(parameters.size(), most_parameters))) {
      text += (text.empty() ? "" : ", ") + printed(value);
    }
    const std::size_t more = parameters.size() - std::min(parameters.size(), most_parameters);
    log_line(options, execution, '(' + text + (more == 0 ? ")" : ", … and " + std::to_string(more) + " more)"));
  } catch (const std::exception&) {
    // As above.
  }
}

}  // namespace greenway::detail
