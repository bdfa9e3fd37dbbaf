// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/counters.hpp
/// @brief How much the runtime has done so far, for dashboards and tests.
///
/// Layer: runtime.

#include <cstddef>
#include <cstdint>

namespace greenway {

/// Totals since the program, or the thread, began; and what there is now. Each thread counts for itself by plain additions,
/// so that counting disturbs nobody. A raw Greenlet::switch_to() is not counted: it is too short for that.
struct RuntimeCounters {
  std::uint64_t spawned = 0;          ///< Greenlets that were made.
  std::uint64_t resumed = 0;          ///< Times that a loop, or a spawn, entered a greenlet.
  std::uint64_t suspended = 0;        ///< Times that a greenlet went to rest, to wait or to let others run.
  std::uint64_t offloaded = 0;        ///< Functions that were handed to a helper or worker thread.
  std::uint64_t woken_from_afar = 0;  ///< Wakes of greenlets that came from another thread than their own.
  std::size_t stacks_mapped = 0;      ///< Stacks that exist now.
  std::size_t stacks_idle = 0;        ///< Of those, how many wait for their next greenlet.
  std::size_t threads = 0;            ///< Threads that have used greenlets and have not ended.
};

/// @return Those of all threads, of ended ones too. Any thread may ask; the numbers are those of one moment only if
///         nothing runs meanwhile.
[[nodiscard]] RuntimeCounters runtime_counters();

/// @return Those of this thread. Wakes from afar are counted for the program alone, and are zero here.
[[nodiscard]] RuntimeCounters thread_counters();

}  // namespace greenway
