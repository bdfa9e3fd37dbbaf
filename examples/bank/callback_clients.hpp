// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <functional>

#include <greenway/runtime/host.hpp>

#include "bank/caller.hpp"

namespace bank {

/// The clients of a caller whose loop has callbacks: each is a greenlet of `host`, which makes its transfers as a thread
/// would. On the loop's thread.
/// @param all_done  Called in the loop, or before this returns, when the last one has ended.
void start_clients(greenway::Host& host, const greenway::Engine& engine, Run& run, std::function<void()> all_done);

}  // namespace bank
