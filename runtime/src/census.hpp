// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <functional>

#include <sys/types.h>

/// Who is there: the hubs of all threads, and the hosts whose loops run. Written when a thread makes its first greenlet or
/// a loop begins to run, read when somebody looks.
namespace greenway {

class Host;
struct RuntimeCounters;

namespace detail {

struct Hub;

/// A thread has got a hub. On that thread.
void enter_census(Hub& hub) noexcept;
/// The hub goes away. On its thread; what the thread has counted is added to that of the threads that have ended.
void leave_census(Hub& hub) noexcept;

/// Adds what the thread of a hub has counted. Any thread, while the hub is there.
void add_counters(RuntimeCounters& sum, const Hub& hub) noexcept;

/// @return What threads that have ended counted; of their stacks nothing is left.
RuntimeCounters counters_of_ended_threads();

/// The loop of a host runs on this thread from now on; a host that is there already stays once.
void enter_census(Host& host) noexcept;
/// The loop does not run any more, and must not be asked to: called before the host's own class is destroyed.
void leave_census(Host& host) noexcept;

/// Visits all hubs, with the census locked: on another thread than its own only what is atomic in a hub may be read.
void for_each_hub(const std::function<void(Hub&)>& visit);

/// Visits all hosts whose loops run, with the census locked, so that none of them can go meanwhile.
/// @param visit  Given the host and its thread's number.
void for_each_host(const std::function<void(Host&, pid_t)>& visit);

}  // namespace detail

}  // namespace greenway
