// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <memory>
#include <string>

#include <greenway/runtime/detail/greenlet_record.hpp>
#include <greenway/runtime/greenlet.hpp>

/// What the rest of the runtime asks of the switcher.
namespace greenway::detail {

/// @return This thread's hub, made at the first call. Never inlined: an address of a thread_local that the compiler kept
///         over a suspension would be a bug.
[[gnu::noinline]] ThreadHub& this_thread_hub() noexcept;

/// Makes a fresh greenlet that ends in whoever resumed it last; the caller gives it a body. Its one reference is dropped
/// when it ends. `name` is taken.
GreenletRecord& make_bridge_greenlet(Host& host, StackOptions stack, std::string& name);

/// Runs a fresh or suspended greenlet until it suspends or ends.
/// @throws ResourceExhausted  A fresh one got no stack; still fresh.
void resume(GreenletRecord& greenlet);

/// Sets the running greenlet aside, until resume().
void suspend(ThreadHub& hub);

/// Unwinds what other threads, or dying greenlets, let go of. Called where a switch is harmless.
void collect_orphans(ThreadHub& hub) noexcept;

}  // namespace greenway::detail
