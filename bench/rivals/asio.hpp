// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file rivals/asio.hpp
/// @brief What Boost.Asio offers itself: stackful coroutines, callbacks, C++20 coroutines.

#include <exception>

#include <benchmark/benchmark.h>

namespace greenway::bench {

/// A completion handler that lets the error out of the context's run().
inline void rethrow(std::exception_ptr error) {
  if (error != nullptr) {
    std::rethrow_exception(error);
  }
}

void asio_spawn_suspend(benchmark::State& state);   ///< asio::spawn of a function that posts once, from a coroutine.
void asio_async_wait(benchmark::State& state);      ///< A callback, called for each byte in a socket.
void asio_awaitable_wait(benchmark::State& state);  ///< An asio::awaitable, resumed for each byte in a socket.

}  // namespace greenway::bench
