// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/base/log.hpp
/// @brief Where Greenway's own lines go: one function that the application may replace.
///
/// Layer: base. No logging library is forced on anybody; a sink for one is a few lines.

#include <functional>
#include <string_view>

namespace greenway {

/// How much a line matters.
enum class LogLevel : unsigned char {
  info,     ///< What was asked for, as the SQL of an engine with `echo`.
  warning,  ///< Something was wrong and has been dealt with.
  error,    ///< Something was lost or left behind.
};

/// Receives one line: its level, where it comes from ("greenway.engine"), and its text, without a line break.
using LogSink = std::function<void(LogLevel, std::string_view logger, std::string_view text)>;

/// Replaces the sink of the process. Thread-safe.
///
/// @param sink  Called from any thread, also from several at once; an empty one restores the default, which writes to
///              stderr.
void set_log_sink(LogSink sink);

/// Hands one line to the sink. Thread-safe; an exception from the sink is dropped.
///
/// @param level   How much it matters.
/// @param logger  Where it comes from: "greenway." and the module or class.
/// @param text    Without a line break.
void log(LogLevel level, std::string_view logger, std::string_view text) noexcept;

}  // namespace greenway
