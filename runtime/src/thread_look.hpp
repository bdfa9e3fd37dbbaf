// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <sys/types.h>

namespace greenway {

class Host;

namespace detail {

/// What a thread was found doing.
struct ThreadLook {
  bool is_running_loop = false;  ///< The host's loop runs on it now.
  const void* greenlet = nullptr;
  std::array<char, 64> name{};
  std::uint64_t resumed = 0;     ///< The thread's count, see RuntimeCounters.
  std::array<const void*, 128> frames{};
  std::size_t frame_count = 0;   ///< 0: it was on its way from one stack to another, look again.
};

/// Installs the signal's handler, unless that has been done.
/// @param signal  0: one that nobody handles.
/// @throws ResourceExhausted  There is none.
void prepare_looks(int signal);

/// Interrupts a thread and notes what it does. Looks are taken one at a time.
/// @param thread  As the system counts.
/// @param host    Asked on that thread whether it runs.
/// @return Whether the thread answered, within a second; it may have ended, or block the signal.
bool look_at_thread(pid_t thread, const Host& host, ThreadLook& look);

}  // namespace detail

}  // namespace greenway
