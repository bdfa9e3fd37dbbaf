// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/trace.hpp
/// @brief Records when each greenlet runs, waits, begins and ends, for the timeline of Perfetto or Chrome.
///
/// Layer: runtime. The file is in Chrome's JSON trace event format: open it at ui.perfetto.dev or chrome://tracing. Each
/// thread is a track with a slice for every stretch that a greenlet runs; each greenlet is a track of its own, from its first
/// run to its end, with its waits in it.
///
/// Without a line of code: run the program with `GREENWAY_TRACE=file.json`. The file is written when the program ends by
/// `exit()` or by returning from `main()`.

#include <string>

namespace greenway {

/// Begins to record. Recorded are this thread, threads whose loop runs now (from its next turn on), and threads that use
/// greenlets for the first time later.
/// @param file  Written by stop_trace(); made, or emptied, at once.
/// @throws InvalidRequestError  A trace is being recorded already.
/// @throws ArgumentError        The file cannot be made.
/// @par Cost
/// While it is recorded, some 150 ns a switch and 48 bytes an event; a thread keeps at most a million events, and counts
/// those that it drops after that. When nothing is recorded, nothing.
void start_trace(std::string file);

/// Ends the recording and writes the file. Does nothing when nothing is recorded. Any thread.
/// @throws ResourceExhausted  The file could not be written to its end.
void stop_trace();

/// @return Whether a trace is being recorded.
[[nodiscard]] bool is_tracing() noexcept;

}  // namespace greenway
