// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <memory>
#include <string>

#include <greenway/runtime/detail/greenlet_record.hpp>
#include <greenway/runtime/greenlet.hpp>

/// What the rest of the runtime asks of the switcher.
namespace greenway::detail {

/// @return This thread's hub, which is made now.
[[gnu::cold]] ThreadHub& make_thread_hub() noexcept;

/// @return This thread's hub, made at the first call. Inlined into the runtime's own functions only, none of which goes on
///         on another thread after a suspension.
inline ThreadHub& this_thread_hub() noexcept { return known_hub != nullptr ? *known_hub : make_thread_hub(); }

/// Makes a fresh greenlet that ends in whoever resumed it last; the caller gives it a body. Its one reference is dropped
/// when it ends. `name` is taken.
GreenletRecord& make_bridge_greenlet(Host& host, StackOptions stack, std::string& name);

/// Runs a fresh or suspended greenlet until it suspends or ends.
/// @throws ResourceExhausted  A fresh one got no stack; still fresh.
void resume(GreenletRecord& greenlet);

/// Sets the running greenlet aside, until resume().
void suspend(ThreadHub& hub);

/// Where the greenlet of another library's fiber returns to: the library has to switch. Never entered.
GreenletRecord& elsewhere() noexcept;

/// Unwinds what other threads, or dying greenlets, let go of. Called where a switch is harmless.
void collect_orphans(ThreadHub& hub) noexcept;

}  // namespace greenway::detail
