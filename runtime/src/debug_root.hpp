// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace greenway::detail {
struct Hub;
}

/// Where a debugger begins, also in a core dump and without debugging information: the list of all threads' hubs, and
/// where in the records the things lie that it needs. All offsets are in bytes.
struct GreenwayDebugRoot {
  std::uint32_t version;  ///< Of this very structure; raised with every change.
  std::uint32_t backend;  ///< How a stack at rest is kept. 0: {stack pointer, frame pointer, address}; 1: Boost's fcontext.
  greenway::detail::Hub* hubs;

  std::uint32_t hub_next;
  std::uint32_t hub_thread_number;  ///< 32 bits.
  std::uint32_t hub_current;
  std::uint32_t hub_main;
  std::uint32_t hub_slabs;  ///< A pointer to the first of a row of pointers to slabs, and one behind the last.

  std::uint32_t slab_count;  ///< 64 bits: the records in use.
  std::uint32_t slab_first;  ///< The first record …
  std::uint32_t slab_step;   ///< … and from each to the next.

  std::uint32_t greenlet_resume_point;
  std::uint32_t greenlet_state;      ///< 8 bits: fresh, started, dead.
  std::uint32_t greenlet_is_queued;  ///< 8 bits.
  std::uint32_t greenlet_carrier;
  std::uint32_t greenlet_waiting;
  std::uint32_t greenlet_spawned_at;
  std::uint32_t greenlet_name;  ///< A std::string.

  std::uint32_t waiter_reason;  ///< 64 bits: the kind in the highest 8.
};

extern "C" GreenwayDebugRoot greenway_debug_root;
