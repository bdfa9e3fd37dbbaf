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
  static bool is_closed(const Host& host) noexcept { return host.phase_ != Host::Phase::open; }
  static void close(Host& host) noexcept {
    if (host.phase_ == Host::Phase::open) {
      host.phase_ = Host::Phase::closing;
    }
  }
  static std::vector<const GreenletRecord*>& supervisors(Host& host) noexcept { return host.supervisors_; }
  static void adopt_thread(Host& host) noexcept { host.adopt_thread(); }

  /// A greenlet that is queued will not run any more.
  static void unqueue(Host& host, GreenletRecord& greenlet) noexcept { host.unqueue(greenlet); }

  /// A turn of the loop while a greenlet of it blocks the thread.
  static void turn_nested(Host& host, Duration length) noexcept { host.turn_nested(length); }

  /// A greenlet goes to rest until an event ends its wait.
  static void begin_wait(Host& host) noexcept {
    ++host.waiting_;
    if (!host.is_draining_) {
      host.update_watch();
    }
  }
  static void end_wait(Host& host) noexcept {
    --host.waiting_;
    if (!host.is_draining_) [[unlikely]] {
      host.update_watch();
    }
  }
};

}  // namespace greenway
