// SPDX-License-Identifier: BSL-1.0
#include <greenway/runtime/waiter.hpp>

#include <algorithm>
#include <climits>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <greenway/runtime/host.hpp>

#include "host_access.hpp"
#include "scheduler.hpp"
#include "scopes.hpp"
#include "ticks.hpp"

namespace greenway {

namespace {

void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, TimePoint until) noexcept {
  timespec limit{};
  if (until != TimePoint::max()) {
    const auto since_boot = std::max(until.time_since_epoch(), Duration::zero());
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
    limit.tv_sec = seconds.count();
    limit.tv_nsec = (since_boot - seconds).count();
  }
  syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, expected,
          until == TimePoint::max() ? nullptr : &limit, nullptr, FUTEX_BITSET_MATCH_ANY);
}

void futex_wake(std::atomic<std::uint32_t>& word) noexcept {
  syscall(SYS_futex, &word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace

[[gnu::hot]] Waiter::Waiter(WaitReason reason) noexcept : reason_(reason) {
  GreenletRecord& current = *detail::this_thread_hub().current;
  const bool can_suspend = current.host != nullptr && !current.is_unwinding;
  greenlet_ = can_suspend ? &current : nullptr;
  host_ = can_suspend ? current.host : nullptr;
}

[[gnu::hot]] Waiter::~Waiter() = default;

[[gnu::hot]] bool Waiter::wait(Deadline deadline) {
  if (is_woken()) {
    return true;
  }
  checkpoint();
  return greenlet_ != nullptr ? wait_in_greenlet(deadline) : wait_in_thread(deadline);
}

[[gnu::hot]] bool Waiter::wait_in_greenlet(Deadline deadline) {
  detail::ThreadHub& hub = detail::this_thread_hub();
  Reactor& reactor = *HostAccess::reactor(*host_);
  Scopes& scopes = greenlet_->scopes;

  Timer timer;
  timer.when = earlier(deadline, deadline_of(scopes)).time();
  timer.waiter = this;
  if (timer.when != TimePoint::max()) {
    reactor.add(timer);
  }
  // Destroying the greenlet unwinds it from suspend().
  struct Leave {
    Waiter& waiter;
    Reactor& reactor;
    Timer& timer;
    ~Leave() {
      reactor.remove(timer);
      waiter.greenlet_->scopes.waiting = nullptr;
      HostAccess::end_wait(*waiter.host_);
      waiter.settle();
    }
  };
  // One that was woken meanwhile from another thread waits for nothing, and so keeps no loop.
  std::uint32_t expected = fresh;
  if (state_.compare_exchange_strong(expected, waiting, std::memory_order_acq_rel)) {
    HostAccess::begin_wait(*host_);
    scopes.waiting = this;
    since_ = detail::ticks();
    const Leave leave{*this, reactor, timer};
    do {
      detail::suspend(hub);
    } while (!is_woken() && !timer.has_fired && !is_cancelled_now(scopes));
  } else {
    reactor.remove(timer);
    settle();
  }
  if (is_woken()) {
    return true;
  }
  if (is_cancelled_now(scopes)) {
    throw Cancelled();
  }
  return false;
}

bool Waiter::wait_in_thread(Deadline deadline) {
  detail::ThreadHub& hub = detail::this_thread_hub();
  if (hub.host != nullptr && hub.current->host == nullptr) {
    if (const Host* host = hub.host->load(std::memory_order_relaxed); host != nullptr && host->is_running_here()) {
      throw WouldBlockLoop("waiting here would block the event loop that has to end the wait: use co_await, or call this "
                           "from inside greenlet_spawn");
    }
  }
  const Deadline around = deadline_of(hub.current->scopes);
  const TimePoint until = earlier(deadline, around).time();
  std::uint32_t expected = fresh;
  state_.compare_exchange_strong(expected, waiting, std::memory_order_acq_rel);
  detail::pass_simulated_time(until);
  while (!is_woken()) {
    if (until != TimePoint::max() && Clock::now() >= until) {
      settle();
      break;
    }
    futex_wait(state_, waiting, until);
  }
  if (is_woken()) {
    return true;
  }
  if (around.has_passed()) {
    throw Cancelled();
  }
  return false;
}

void Waiter::wait_always() noexcept {
  struct Unbounded : CancelScope {
    Unbounded() noexcept : CancelScope(Deadline(), true) {}
  };
  const Unbounded shield;
  while (greenlet_ != nullptr && !greenlet_->is_unwinding && !is_woken()) {
    try {
      wait_in_greenlet({});
    } catch (...) {
      // The greenlet is being destroyed, and what it waits for still uses its stack.
      greenlet_->is_unwinding = true;
    }
  }
  while (greenlet_ != nullptr && !is_woken()) {
    // The loop, which this thread keeps from running, may be what ends the wait. It must not run this greenlet.
    if (greenlet_->is_queued) {
      HostAccess::unqueue(*host_, *greenlet_);
    }
    HostAccess::turn_nested(*host_, std::chrono::milliseconds(1));
  }
  std::uint32_t expected = fresh;
  state_.compare_exchange_strong(expected, waiting, std::memory_order_acq_rel);
  while (!is_woken()) {
    futex_wait(state_, waiting, TimePoint::max());
  }
  if (host_ != nullptr) {
    host_->remove_from_inbox(*this);
  }
}

[[gnu::hot]] void Waiter::wake() noexcept {
  Host* const host = host_;
  if (host != nullptr && !host->is_own_thread()) {
    host->enqueue_from_afar(*this);
    return;
  }
  std::uint32_t state = state_.load(std::memory_order_relaxed);
  do {
    if (state >= woken) {
      return;
    }
  } while (!state_.compare_exchange_weak(state, woken, std::memory_order_acq_rel));
  if (state == waiting) {
    if (host != nullptr) {
      host->enqueue(*greenlet_);
    } else {
      futex_wake(state_);
    }
  }
}

void Waiter::interrupt() noexcept { host_->enqueue(*greenlet_); }

[[gnu::hot]] void Waiter::settle() noexcept {
  std::uint32_t state = state_.load(std::memory_order_acquire);
  if (state == woken ||
      (state == waiting && state_.compare_exchange_strong(state, fresh, std::memory_order_acq_rel)) || host_ == nullptr) {
    return;
  }
  // Woken from another thread, which may still be linking this into the inbox.
  host_->remove_from_inbox(*this);
}

}  // namespace greenway
