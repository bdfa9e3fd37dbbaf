// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string_view>

#include <greenway/db/engine.hpp>

#include "bank/run.hpp"

namespace bank {

/// Clients of one kind.
struct Caller {
  std::string_view name;  ///< As --host has it.
  bool has_loop;          ///< All of a run's clients at once on one thread; else there is only one.
  /// Lets the clients make transfers while the run goes on. An error that is thrown ends the run, as Run::fail does.
  void (*call)(const greenway::Engine&, Run&);
};

/// An ordinary thread: each statement blocks it.
void call_from_thread(const greenway::Engine& engine, Run& run);
/// Coroutines of Asio, all on one thread: each statement suspends one of them.
void call_from_asio(const greenway::Engine& engine, Run& run);
/// Greenlets in libuv's loop.
void call_from_uv(const greenway::Engine& engine, Run& run);
/// Greenlets in GLib's main loop.
void call_from_glib(const greenway::Engine& engine, Run& run);
/// Fibers of Boost, all on one thread, that call as a plain thread does: each statement suspends one of them.
void call_from_fiber(const greenway::Engine& engine, Run& run);
/// Greenlets in an event loop of one's own.
void call_from_epoll(const greenway::Engine& engine, Run& run);

inline constexpr Caller callers[] = {
    {"blocking", false, call_from_thread},
    {"asio", true, call_from_asio},
#ifdef BANK_HAS_UV
    {"uv", true, call_from_uv},
#endif
#ifdef BANK_HAS_GLIB
    {"glib", true, call_from_glib},
#endif
#ifdef BANK_HAS_FIBER
    {"fiber", true, call_from_fiber},
#endif
    {"epoll", true, call_from_epoll},
};

}  // namespace bank
