// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/dump.hpp
/// @brief All greenlets of the program as text, when asked by a call or by a signal.
///
/// Layer: runtime.

#include <iosfwd>
#include <vector>

#include <greenway/base/clock.hpp>
#include <greenway/runtime/live.hpp>

namespace greenway {

/// The greenlets of one thread.
struct LiveThread {
  int thread = 0;             ///< As the system counts.
  bool has_answered = false;  ///< False: its loop did not come round in time, and what it has is not known.
  std::vector<LiveGreenlet> greenlets = {};  ///< See live_greenlets().
};

/// Asks all threads whose loops run now, and this one. A thread that uses greenlets without a loop is not asked: see
/// live_greenlets() for one's own.
/// @param patience  So long it waits for all answers together.
/// @return One entry a thread, this one first.
/// @throws Cancelled, WouldBlockLoop  As Waiter::wait(), if there is anybody else to be asked.
[[nodiscard]] std::vector<LiveThread> live_threads(Duration patience = std::chrono::seconds(1));

/// Writes what live_threads() says: a line a thread, and a line a greenlet.
/// @param out  Of any kind.
/// @throws Cancelled, WouldBlockLoop  As live_threads().
void dump_greenlets(std::ostream& out);

/// From now on, whenever the program gets the signal, a thread of its own writes dump_greenlets() to a descriptor. The
/// handler only wakes that thread; system calls that it interrupts are restarted.
/// @param signal      Such as SIGUSR1; its former handler is replaced for good. May be called for several signals.
/// @param descriptor  Stays open; 2 is stderr.
/// @throws ArgumentError      The signal cannot be handled.
/// @throws ResourceExhausted  There is no thread or descriptor to be had.
void dump_greenlets_on(int signal, int descriptor = 2);

}  // namespace greenway
