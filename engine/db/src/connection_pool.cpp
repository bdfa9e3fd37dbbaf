// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/connection_pool.hpp>

#include <utility>

#include <greenway/base/error.hpp>

#include "engine_state.hpp"

namespace greenway {

PooledConnection::PooledConnection(std::shared_ptr<detail::EngineState> pool, detail::Facade facade, std::source_location where)
    : state_(std::move(pool)), facade_(facade), link_(state_->pool.acquire(where)) {}

PooledConnection::PooledConnection(PooledConnection&& other) noexcept = default;

PooledConnection& PooledConnection::operator=(PooledConnection&& other) noexcept {
  const PooledConnection gone(std::move(*this));
  state_ = std::move(other.state_);
  facade_ = other.facade_;
  link_ = std::move(other.link_);
  return *this;
}

PooledConnection::~PooledConnection() { close(); }

detail::PoolLink& PooledConnection::link() const {
  if (link_ == nullptr) {
    throw ResourceClosedError("This connection has been given back to its pool, or was invalidated");
  }
  return *link_;
}

DriverConnection& PooledConnection::operator*() const { return *link().connection; }

std::map<std::string, std::any>& PooledConnection::info() const { return link().info; }

void PooledConnection::invalidate(bool soft) {
  if (soft) {
    state_->pool.invalidate_softly(link());
  } else if (link_ != nullptr) {
    state_->pool.discard(std::move(link_));
  }
}

void PooledConnection::detach() { state_->pool.detach(link()); }

void PooledConnection::close() noexcept {
  if (link_ != nullptr) {
    state_->give_back(facade_, std::move(link_));
  }
}

ConnectionPool::ConnectionPool(const URL& url, const EngineOptions& options)
    : state_(std::make_shared<detail::EngineState>(url, options)) {}

PooledConnection ConnectionPool::connect(std::source_location where) const {
  return {state_, detail::Facade::blocking, where};
}

void ConnectionPool::dispose(bool close) const { state_->pool.dispose(close); }

PoolStatus ConnectionPool::status() const { return state_->pool.status(); }

EngineEvents& ConnectionPool::events() const noexcept { return state_->events; }

}  // namespace greenway
