// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/live.hpp
/// @brief Which greenlets there are, what each waits for, and since when.
///
/// Layer: runtime. How to look at a running program, with this and without: docs/seeing.md.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <greenway/runtime/deadline.hpp>
#include <greenway/runtime/wait_reason.hpp>

namespace greenway {

class Host;

/// Where a greenlet stands.
enum class GreenletState : std::uint8_t {
  fresh,          ///< It has not run yet.
  running,        ///< It runs now: it is the one who asks.
  ready,          ///< What it waited for has come, or it gave way: it is in its loop's queue.
  waiting,        ///< It waits for something.
  switched_away,  ///< It handed over to another greenlet, or has spawned the one that runs, and waits for no event.
};

/// @param state  Any.
/// @return Its name, "switched away" with a space.
[[nodiscard]] const char* describe(GreenletState state) noexcept;

/// One greenlet that is alive.
struct LiveGreenlet {
  const void* id = nullptr;        ///< Tells it from the others that are alive; the address that gdb and traces show.
  std::string name = {};           ///< Empty if it has none.
  GreenletState state = GreenletState::fresh;  ///< Where it stands.
  WaitReason reason = {};          ///< What it waits for, or waited for while `ready`.
  Duration waiting = {};           ///< For how long; zero when it waits for nothing.
  std::size_t stack_bytes = 0;     ///< In use now; zero while it is fresh.
  std::size_t stack_size = 0;      ///< Usable bytes of its stack; zero while it is fresh.
  const void* spawned_at = nullptr;  ///< The code that made it: see describe_code().
};

/// @return The greenlets of this thread, in no particular order, without its main greenlet.
/// @par Cost
/// Proportional to the number of greenlets that ever lived at the same time. Those that look pay, not those that are
/// looked at.
[[nodiscard]] std::vector<LiveGreenlet> live_greenlets();

/// As above, of another thread: asks its loop, and waits for the answer as Waiter::wait() does.
/// @param host      Outlives the call. Its loop runs; on its own thread it is not asked.
/// @param deadline  Until when at most.
/// @return The greenlets of its thread.
/// @throws TimeoutError               The loop did not answer: it does not run, or somebody holds it (see Watchdog).
/// @throws Cancelled, WouldBlockLoop  As Waiter::wait().
[[nodiscard]] std::vector<LiveGreenlet> live_greenlets(Host& host, Deadline deadline = Deadline::in(std::chrono::seconds(1)));

/// @param greenlet  Any.
/// @return One line for people: name, state, reason and for how long, stack, and where it was spawned.
[[nodiscard]] std::string describe(const LiveGreenlet& greenlet);

/// Names a place in the program's code, by what the dynamic linker or the file's own symbol table says. Of files that were
/// stripped file and offset are given, as `addr2line -e` wants them. Reads the file each time: for people's eyes.
/// @param address  Of an instruction; for a return address see `is_return`.
/// @param is_return  Whether the instruction before it is meant: the call.
/// @return "transfer(int)+0x1c", or "/usr/bin/shop+0x4711", or the bare address.
[[nodiscard]] std::string describe_code(const void* address, bool is_return = true);

}  // namespace greenway
