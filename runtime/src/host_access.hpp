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

  /// Takes over what other threads have left; runs what is posted.
  static void take_inbox(Host& host) noexcept { host.take_inbox(); }

  /// @return How many greenlets and functions are ready.
  static std::size_t ready_count(const Host& host) noexcept {
    std::size_t count = 0;
    for (const detail::Ready* item = host.ready_head_; item != nullptr; item = item->next) {
      ++count;
    }
    return count;
  }

  /// Lets one of what is ready come next.
  /// @return It.
  static detail::Ready& bring_forward(Host& host, std::size_t index) noexcept {
    detail::Ready* previous = nullptr;
    detail::Ready* item = host.ready_head_;
    for (; index != 0; --index) {
      previous = std::exchange(item, item->next);
    }
    if (previous != nullptr) {
      previous->next = item->next;
      host.ready_tail_ = host.ready_tail_ == item ? previous : host.ready_tail_;
      item->next = std::exchange(host.ready_head_, item);
    }
    return *item;
  }

  /// Resumes the first of what is ready.
  static void run_first(Host& host) {
    host.is_draining_ = true;
    host.run_ready(1);
    host.end_drain();
  }

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
