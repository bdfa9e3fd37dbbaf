// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <memory>

#include <greenway/runtime/host.hpp>

#include "reactor.hpp"

namespace greenway {

/// What the rest of the runtime asks of a host besides its public face.
struct HostAccess {
  static const std::shared_ptr<Reactor>& reactor(Host& host) noexcept { return host.reactor_; }
  static void enqueue(Host& host, detail::Ready& item) noexcept { host.enqueue(item); }
  static void adopt_thread(Host& host) noexcept { host.adopt_thread(); }

  /// A greenlet goes to rest until an event ends its wait.
  static void begin_wait(Host& host) noexcept {
    ++host.waiting_;
    if (!host.is_draining_) {
      host.update_watch();
    }
  }
  static void end_wait(Host& host) noexcept { --host.waiting_; }
};

}  // namespace greenway
