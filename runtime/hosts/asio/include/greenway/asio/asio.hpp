// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/asio/asio.hpp
/// @brief Greenway with Boost.Asio: operations take completion tokens, and synchronous code awaits Asio's operations.
///
/// Layer: host. Only programs that use Asio include it.
///
/// ```cpp
/// asio::awaitable<void> handler() {
///   auto user = co_await greenway::greenlet_spawn(load_user, 42);           // load_user is synchronous
///   greenway::greenlet_spawn(load_user, 43)(asio::detached);                // any completion token
/// }
/// void synchronous(asio::steady_timer& timer) {
///   greenway::await_only(timer.async_wait(asio::deferred));                 // the greenlet waits, the loop goes on
/// }
/// ```

#include <greenway/asio/asio_host.hpp>
#include <greenway/asio/await_asio.hpp>
#include <greenway/asio/completion_token.hpp>
#include <greenway/runtime/bridge.hpp>
