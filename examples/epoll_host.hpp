// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <memory>

#include <greenway/runtime/host.hpp>

#include "epoll_loop.hpp"

/// Greenlets on an EpollLoop: the worked example of docs/embedding.md.
class EpollHost final : public greenway::Host {
 public:
  /// On the thread that runs the loop.
  explicit EpollHost(EpollLoop& loop);
  ~EpollHost() override;

  [[nodiscard]] bool is_running_here() const noexcept override;

 private:
  void schedule() noexcept override;
  void watch(bool on) noexcept override;

  EpollLoop& loop_;
  std::shared_ptr<EpollHost*> self_;  // gone before what the loop still holds of us
};
