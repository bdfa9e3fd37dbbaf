// SPDX-License-Identifier: BSL-1.0
#include <greenway/runtime/host.hpp>

#include <utility>

#include <greenway/base/log.hpp>
#include <greenway/runtime/detail/foreign_fiber.hpp>

#include "census.hpp"
#include "reactor.hpp"
#include "scheduler.hpp"
#include "thread_counts.hpp"

namespace greenway {

namespace {

// So many at most are resumed before the loop gets its turn.
constexpr int drain_limit = 256;
// So often at most is the descriptor looked at meanwhile.
constexpr int look_limit = 16;
// After so many looks in a row that found nothing, only one drain in so many tries a second one.
constexpr unsigned patience = 4;
constexpr unsigned probe_interval = 16;

}  // namespace

Host::Host() : reactor_(std::make_shared<Reactor>()), self_(std::make_shared<std::atomic<Host*>>(this)) {}

Host::~Host() {
  self_->store(nullptr, std::memory_order_release);
  detail::leave_census(*this);
  if (waiting_ != 0 || ready_head_ != nullptr) {
    log(LogLevel::error, "greenway.runtime",
        "an event loop was destroyed on another thread than its own with greenlets suspended in it; what they hold is lost");
  }
}

Host* Host::current() noexcept {
  const detail::ThreadHub& hub = detail::this_thread_hub();
  if (hub.current->host != nullptr) {
    return hub.current->host;
  }
  Host* const host = hub.host == nullptr ? nullptr : hub.host->load(std::memory_order_acquire);
  return host != nullptr && host->is_running_here() ? host : nullptr;
}

int Host::native_handle() const noexcept { return reactor_->native_handle(); }

void Host::adopt_thread() noexcept {
  thread_.store(detail::thread_identity(), std::memory_order_relaxed);
  detail::this_thread_hub().host = self_;
  detail::enter_census(*this);
}

void Host::leave_thread() noexcept { detail::leave_census(*this); }

void Host::post(std::function<void()> fn) {
  // Under the lock to the end: what is posted may be the last that the loop runs, and then the host is gone.
  const std::lock_guard lock(inbox_mutex_);
  posted_.push_back(std::move(fn));
  has_inbox_.store(true, std::memory_order_release);
  request_schedule();
}

/// Exchanged without looking first, as run_ready() does: of the two whoever comes second sees what the other one wrote
/// before, so that either the loop is asked for or the inbox is found.
[[gnu::hot]] void Host::request_schedule() noexcept {
  if (!is_scheduled_.exchange(true, std::memory_order_acq_rel)) {
    schedule();
  }
}

[[gnu::hot]] void Host::enqueue(detail::Ready& item) noexcept {
  if (item.run == nullptr || detail::ForeignFiber::is(item)) {
    if (std::exchange(static_cast<GreenletRecord&>(item).is_queued, true)) {
      return;
    }
  }
  item.next = nullptr;
  (ready_tail_ != nullptr ? ready_tail_->next : ready_head_) = &item;
  ready_tail_ = &item;
  if (!is_draining_) {
    request_schedule();
  }
}

void Host::enqueue_from_afar(Waiter& waiter) noexcept {
  // Under the lock, so that a waiter that gives up at this moment finds the waiter either linked or untouched; to the end,
  // since the greenlet that is woken may be the last of the loop.
  const std::lock_guard lock(inbox_mutex_);
  if (waiter.state_.exchange(Waiter::woken_from_afar, std::memory_order_acq_rel) != Waiter::waiting) {
    return;
  }
  waiter.in_inbox_ = true;
  waiter.previous_ = nullptr;
  waiter.next_ = inbox_;
  if (inbox_ != nullptr) {
    inbox_->previous_ = &waiter;
  }
  inbox_ = &waiter;
  detail::wakes_from_afar.fetch_add(1, std::memory_order_relaxed);
  has_inbox_.store(true, std::memory_order_release);
  request_schedule();
}

void Host::remove_from_inbox(Waiter& waiter) noexcept {
  const std::lock_guard lock(inbox_mutex_);
  if (!std::exchange(waiter.in_inbox_, false)) {
    return;
  }
  (waiter.previous_ != nullptr ? waiter.previous_->next_ : inbox_) = waiter.next_;
  if (waiter.next_ != nullptr) {
    waiter.next_->previous_ = waiter.previous_;
  }
}

[[gnu::hot]] void Host::take_inbox() noexcept {
  if (!has_inbox_.load(std::memory_order_acquire)) {
    return;
  }
  std::vector<std::function<void()>> posted;
  {
    const std::lock_guard lock(inbox_mutex_);
    has_inbox_.store(false, std::memory_order_relaxed);
    posted.swap(posted_);
    // Linked last first; the queue wants them in the order of their wakes.
    Waiter* last = inbox_;
    while (last != nullptr && last->next_ != nullptr) {
      last = last->next_;
    }
    for (Waiter* waiter = last; waiter != nullptr;) {
      Waiter* const next = waiter->previous_;
      waiter->in_inbox_ = false;
      enqueue(*waiter->greenlet_);
      waiter = next;
    }
    inbox_ = nullptr;
  }
  for (const auto& fn : posted) {
    reactor_->count_run();
    fn();
  }
}

[[gnu::hot]] void Host::poll() {
  if (is_draining_) {
    return;
  }
  is_draining_ = true;
  reactor_->poll(0);
  int left = run_ready(drain_limit);
  // What greenlets have just done is often answered by now, and a look costs a fraction of the loop's turn.
  for (int looks = 1; looks != look_limit && left > 0 && waiting_ != 0 && is_worth_a_look(); ++looks) {
    const bool is_fruitful = reactor_->poll(0) != 0;
    fruitless_looks_ = is_fruitful ? 0 : fruitless_looks_ + 1;
    if (!is_fruitful) {
      break;
    }
    left = run_ready(left);
  }
  end_drain();
}

bool Host::is_worth_a_look() noexcept { return fruitless_looks_ < patience || ++skipped_looks_ % probe_interval == 0; }

void Host::drain() {
  if (!is_draining_) {
    is_draining_ = true;
    run_ready(drain_limit);
    end_drain();
  }
}

[[gnu::hot]] void Host::wait_and_poll() {
  is_draining_ = true;
  reactor_->poll(-1);
  run_ready(drain_limit);
  end_drain();
}

[[gnu::hot]] int Host::run_ready(int limit) {
  is_scheduled_.exchange(false, std::memory_order_acq_rel);
  collect_orphans(detail::this_thread_hub());
  take_inbox();
  for (; ready_head_ != nullptr && limit != 0; --limit) {
    detail::Ready& item = *ready_head_;
    ready_head_ = item.next;
    if (ready_head_ == nullptr) {
      ready_tail_ = nullptr;
    } else {
      __builtin_prefetch(ready_head_->next);
    }
    if (item.run != nullptr) {
      item.run(item);
    } else {
      auto& greenlet = static_cast<GreenletRecord&>(item);
      greenlet.is_queued = false;
      detail::resume(greenlet);
    }
    reactor_->count_run();
  }
  return limit;
}

[[gnu::hot]] void Host::end_drain() noexcept {
  is_draining_ = false;
  if (ready_head_ != nullptr) {
    request_schedule();
  }
  update_watch();
}

[[gnu::hot]] void Host::update_watch() noexcept {
  reactor_->arm_timer();
  if (const bool wanted = waiting_ != 0; wanted != is_watched_) {
    is_watched_ = wanted;
    watch(wanted);
  }
}

void Host::work_started() noexcept {
  ++waiting_;
  if (!is_draining_) {
    update_watch();
  }
}

void Host::work_finished() noexcept {
  --waiting_;
  if (!is_draining_) {
    update_watch();
  }
}

}  // namespace greenway
