// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/statement_trace.hpp
/// @brief Records the statements of an engine, for the timeline of Perfetto or Chrome.
///
/// Layer: db. The file is in Chrome's JSON trace event format, as that of greenway/runtime/trace.hpp: open it at
/// ui.perfetto.dev or chrome://tracing. Each session is a track, with a slice for every statement.

#include <memory>
#include <string>

#include <greenway/db/engine.hpp>

namespace greenway {

/// Records from its construction to stop().
///
/// @par Cost
/// Some 200 bytes a statement, until the file is written.
///
/// @par Threads
/// Statements may be executed on any thread meanwhile.
class StatementTrace {
 public:
  /// @param engine  Whose statements.
  /// @param file    Made, or emptied, at once.
  /// @throws ArgumentError  The file cannot be made.
  StatementTrace(const Engine& engine, std::string file);
  /// stop(), whose failure is logged.
  ~StatementTrace();
  StatementTrace(const StatementTrace&) = delete;
  StatementTrace& operator=(const StatementTrace&) = delete;

  /// Ends the recording and writes the file. The second time it does nothing.
  /// @throws ResourceExhausted  The file could not be written to its end.
  void stop();

 private:
  struct Recording;

  Engine engine_;
  std::shared_ptr<Recording> recording_;
};

}  // namespace greenway
