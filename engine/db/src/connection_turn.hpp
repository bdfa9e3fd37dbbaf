// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <greenway/base/error.hpp>
#include <greenway/runtime/bridge.hpp>

#include "connection_state.hpp"

namespace greenway::detail {

// One call on the connection.
class ConnectionState::Turn {
 public:
  explicit Turn(ConnectionState& state) : state_(state) {
    state.check_open();
    if (state.facade_ == Facade::async && !in_greenlet()) {
      throw MissingGreenlet(
          "this connection comes from an AsyncEngine and would have to wait here, outside a greenlet: await one of its "
          "operations, as in co_await conn.execute(…), or run this code by co_await conn.run_sync(fn)");
    }
    if (state.is_busy_.load(std::memory_order_relaxed)) {
      throw InvalidRequestError(
          "this connection is being used by another greenlet or thread, and serves one at a time: borrow one for each");
    }
    state.is_busy_.store(true, std::memory_order_relaxed);
  }
  ~Turn() { state_.is_busy_.store(false, std::memory_order_relaxed); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  ConnectionState& state_;
};

// Within a turn: a handler may use the connection.
class ConnectionState::Pause {
 public:
  explicit Pause(ConnectionState& state) noexcept : state_(state) {
    state.is_busy_.store(false, std::memory_order_relaxed);
  }
  ~Pause() { state_.is_busy_.store(true, std::memory_order_relaxed); }
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;

 private:
  ConnectionState& state_;
};

template <class... A>
void ConnectionState::tell(const Listeners<Connection&, A...>& event, std::type_identity_t<A>... about) {
  if (event.is_heard()) [[unlikely]] {
    const Pause pause(*this);
    Connection connection = handle();
    event(connection, about...);
  }
}

}  // namespace greenway::detail
