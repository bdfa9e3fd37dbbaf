// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/threaded_driver.hpp
/// @brief The strategy `thread` for any driver: each connection on a thread of its own.
///
/// Layer: db. For authors of drivers. Source: `sqlalchemy_aio`, whose connections each have a worker thread.

#include <memory>

#include <greenway/db/driver.hpp>

namespace greenway {

/// Has each connection of a driver run on a thread that is its own, while its caller, greenlet or thread, waits: the
/// strategy for a client library that blocks, or that works for longer than a loop can spare.
///
/// Calls run one after the other in the order in which they were made, and a call returns when it has ended there, not
/// before: so its answer cannot be taken for that of a later one. A caller that is cancelled cancels the call, whose
/// next wait by the runtime (wait_readable(), sleep_for(), …) then throws Cancelled in the driver; a driver that waits by
/// other means ends at its deadline. What a call has done all the same is returned, and the cancellation shows at the
/// caller's next suspension point.
///
/// rollback(), reset() and close() run for callers that have been cancelled too. terminate() is the caller's own call,
/// so that it waits for nobody; is_usable(), transaction_state(), columns() and the like are asked by the caller as
/// well, while nothing runs on the thread. The destructor leaves the connection to its thread without waiting for it.
///
/// @param driver  Of any kind. Its connections are opened, used and destroyed on their threads.
/// @return The driver of the same database, name and parameter style.
/// @par Cost
/// Two switches of threads a call, and three descriptors a connection. A whole result comes with its statement's call.
[[nodiscard]] std::unique_ptr<Driver> make_threaded_driver(std::unique_ptr<Driver> driver);

}  // namespace greenway
