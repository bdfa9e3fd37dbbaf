// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <greenway/runtime/deadline.hpp>

#include "libpq.hpp"
#include "settings.hpp"

namespace greenway::detail::postgresql {

/// Opens a session, and leaves it non-blocking. Blocks the calling thread, also on the processor: name lookup, TLS and
/// SCRAM happen inside PQconnectPoll, and a hostile server can make the last take half a minute.
/// @throws OperationalError  It cannot be had.
/// @throws TimeoutError      The deadline passed.
ConnectionHandle open_session(const Settings& settings, Deadline deadline);

}  // namespace greenway::detail::postgresql
