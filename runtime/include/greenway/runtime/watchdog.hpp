// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/watchdog.hpp
/// @brief Tells, while it happens, that somebody holds an event loop: who, for how long, and where in the code.
///
/// Layer: runtime. Source: Seastar's stall detector.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <greenway/base/clock.hpp>

namespace greenway {

class Host;

/// One loop that does not go round.
struct Stall {
  std::string greenlet = {};   ///< The name of the greenlet that runs, its first 63 bytes; empty for none, and for no name.
  const void* id = nullptr;    ///< That greenlet, as LiveGreenlet::id; null when the loop's own stack runs.
  int thread = 0;              ///< The loop's thread, as the system counts.
  Duration held = {};          ///< How long the loop has not gone round, at least.
  std::uint64_t resumed = 0;   ///< So many greenlets were entered since it last went round: 0 or 1, and one of them holds
                               ///< it alone; many, and it has too much to do.
  std::vector<const void*> frames = {};  ///< Where the thread is, innermost first: an instruction, then return addresses.
                                         ///< Only the instruction, while an exception unwinds the stack.
};

/// @param stall  Any.
/// @return Some lines for people: the facts, then one frame a line (see describe_code()).
[[nodiscard]] std::string describe(const Stall& stall);

/// How closely a Watchdog looks. Plain data: start from the defaults, set what differs.
struct WatchdogOptions {
  Duration threshold = std::chrono::milliseconds(100);  ///< A loop that does not go round for so long is reported.
  Duration interval = {};  ///< So long after each answer the loop is asked again; zero: a quarter of the threshold.
  int signal = 0;          ///< The signal that fetches the frames, the same for all watchdogs of a program; 0: a high
                           ///< real-time signal that nobody handles.
};

/// Watches one loop from a thread of its own: posts an empty function to it, again and again, and when one is not run within
/// the threshold interrupts the loop's thread by a signal, whose handler notes what runs there. So code is found that blocks
/// or computes on the loop, be it in a greenlet, in a completion handler, or anywhere else on that thread.
///
///     asking  --the loop answers--------------------->  resting   for the interval
///     asking  --the threshold passes, the loop runs-->  reported  once; until the loop answers
///     resting --the interval passes------------------>  asking
///
/// @par Threads
/// Made and destroyed on any thread. Made on another thread than the loop's, it reports nothing before the loop has
/// answered once.
///
/// @par Lifetime
/// Goes before its host. The destructor waits for a callback that is running. The signal's handler, which is installed with
/// the first Watchdog of the program, stays for good.
///
/// @par Cost
/// A wake-up of the loop each interval; nothing on any path of switch, spawn or wait. A system call that the signal
/// interrupts is restarted, except those that never are (`poll`, `nanosleep` and the like, which return EINTR: signal(7)).
class Watchdog {
 public:
  /// What is told of each stall, on the watchdog's thread, while the loop is being held. Must not throw.
  using Callback = std::function<void(const Stall&)>;

  /// Begins to watch.
  /// @param host      Outlives this.
  /// @param callback  Empty: the stall is logged as a warning of "greenway.watchdog".
  /// @param options   See there.
  /// @throws ArgumentError      The threshold is not positive.
  /// @throws ResourceExhausted  There is no thread to be had, or no signal that nobody handles.
  explicit Watchdog(Host& host, Callback callback = {}, WatchdogOptions options = {});
  /// Ends the watch.
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// @return How often the loop has answered so far.
  [[nodiscard]] std::uint64_t answers() const noexcept;

 private:
  struct Watch;

  std::shared_ptr<Watch> watch_;
  std::thread thread_;
};

}  // namespace greenway
