// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/engine.hpp>

#include "connection_state.hpp"
#include "engine_state.hpp"

namespace greenway {

Engine::Engine(const URL& url, const EngineOptions& options)
    : state_(std::make_shared<detail::EngineState>(url, options)) {}

Connection Engine::connect_through(detail::Facade facade) const {
  auto state = std::make_shared<detail::ConnectionState>(state_, facade);
  state->open();
  return Connection(std::move(state));
}

void Engine::dispose() const { state_->pool.dispose(); }

const URL& Engine::url() const noexcept { return state_->url; }

PoolStatus Engine::pool_status() const { return state_->pool.status(); }

}  // namespace greenway
