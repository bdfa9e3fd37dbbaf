// SPDX-License-Identifier: BSL-1.0
#include <greenway/runtime/simulated_host.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include <pthread.h>

#include <greenway/base/error.hpp>
#include <greenway/runtime/live.hpp>

#include "host_access.hpp"
#include "hub.hpp"
#include "loop_turn.hpp"
#include "scope_access.hpp"
#include "ticks.hpp"
#include "waiter_access.hpp"

namespace greenway {

namespace {

// So often something runs while no time passes; then somebody spins until it does.
constexpr unsigned spin_limit = 10'000;

constexpr Fault all_faults[] = {Fault::cancelled, Fault::timed_out, Fault::woken_early, Fault::woken_late};

bool is_waiting(const Host& host, const GreenletRecord& greenlet) noexcept {
  return greenlet.state == detail::State::started && greenlet.host == &host && greenlet.scopes.waiting != nullptr;
}

/// Calls `fn` with each greenlet of the loop that waits.
template <class F>
void for_each_waiting(const Host& host, F&& fn) {
  detail::this_hub().records.for_each([&](GreenletRecord& greenlet) {
    if (is_waiting(host, greenlet)) {
      fn(greenlet);
    }
  });
}

bool is_for_world_outside(WaitKind kind) noexcept {
  switch (kind) {
    case WaitKind::readable:
    case WaitKind::writable:
    case WaitKind::readable_or_writable:
    case WaitKind::offload:
    case WaitKind::worker:
      return true;
    default:
      return false;
  }
}

/// A child after fork() has loops of its own, and they the time of the world.
void leave_in_child() noexcept {
  [[maybe_unused]] static const int error = pthread_atfork(nullptr, nullptr, [] { detail::simulated_time = nullptr; });
}

/// Signals do not cut the real time short.
bool happens_within(Reactor& reactor, Duration patience) {
  using std::chrono::steady_clock;
  const steady_clock::time_point until = steady_clock::now() + patience;
  for (Duration left = patience; left > Duration::zero(); left = until - steady_clock::now()) {
    if (reactor.poll(static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count())) != 0) {
      return true;
    }
  }
  return false;
}

[[noreturn]] void throw_deadlock() {
  std::string text = "nothing can happen any more in this simulation: no deadline is left, and these wait for each other";
  for (const LiveGreenlet& greenlet : live_greenlets()) {
    text += "; " + describe(greenlet);
  }
  throw InvalidRequestError(text);
}

}  // namespace

std::string_view name_of(Fault fault) noexcept {
  switch (fault) {
    case Fault::cancelled:
      return "cancelled";
    case Fault::timed_out:
      return "timed out";
    case Fault::woken_early:
      return "woken early";
    case Fault::woken_late:
      return "woken late";
  }
  return "unknown";
}

SimulatedHost::SimulatedHost(SimulationOptions options)
    : options_(options), random_state_(options.seed), last_look_(detail::ticks()) {
  if (detail::simulated_time != nullptr) {
    throw InvalidRequestError("this thread is in a simulation already: end that one first");
  }
  leave_in_child();
  HostAccess::reactor(*this)->simulate();
  adopt_thread();
  detail::simulated_time = &now_;
}

SimulatedHost::~SimulatedHost() {
  end();
  detail::simulated_time = nullptr;
}

/// SplitMix64, so that a seed means the same with every standard library.
std::uint64_t SimulatedHost::random() noexcept {
  std::uint64_t mixed = random_state_ += 0x9e3779b97f4a7c15;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

void SimulatedHost::step() { step_until(TimePoint::max()); }

void SimulatedHost::schedule() noexcept {
  if (is_own_thread()) {
    has_looked_ = false;
  }
  LoopHost::schedule();
}

void SimulatedHost::turn(Duration length) noexcept {
  const Turn here(*this);
  step_until(now_ + length);
}

void SimulatedHost::step_until(TimePoint limit) {
  look_for_waits();
  if (HostAccess::reactor(*this)->poll(0) != 0) {
    has_looked_ = false;
  }
  release_held();
  if (HostAccess::ready_count(*this) == 0 && !std::exchange(has_looked_, true)) {
    HostAccess::run_first(*this);  // what other threads have left; from now on they ask for the loop again
    return;
  }
  has_looked_ = false;
  if (HostAccess::ready_count(*this) == 0 || ++resumed_at_once_ == spin_limit) {
    resumed_at_once_ = 0;
    pass_time(limit);
  } else {
    run_one();
  }
}

void SimulatedHost::pass_time(TimePoint limit) {
  Reactor& reactor = *HostAccess::reactor(*this);
  TimePoint next = reactor.next_timer();
  for (const Held& held : held_) {
    next = std::min(next, held.until);
  }
  if (next <= now_ || !wait_outside(next, limit)) {
    now_ = std::max(now_, std::min(next, limit));
    reactor.fire_due_timers();
  }
}

/// Gives the world outside the real time that it is granted.
/// @return Whether it has done something.
bool SimulatedHost::wait_outside(TimePoint next, TimePoint limit) {
  bool is_awaited = false;
  bool is_waited = false;
  for_each_waiting(*this, [&](const GreenletRecord& greenlet) {
    const WaitKind kind = greenlet.scopes.waiting->reason().kind();
    is_awaited = is_awaited || is_for_world_outside(kind);
    is_waited = is_waited || kind != WaitKind::timer;
  });
  Reactor& reactor = *HostAccess::reactor(*this);
  if (HostAccess::ready_count(*this) != 0) {
    return next == TimePoint::max();  // somebody spins, and there is no moment to go to
  }
  const bool is_last_hope = next == TimePoint::max() && limit == TimePoint::max();
  const bool is_patient = options_.patience > Duration::zero();
  if (is_last_hope && !is_awaited && !is_patient) {
    throw_deadlock();
  }
  if (is_last_hope) {
    reactor.poll(-1);
    return true;  // also where a signal came: there is no moment that time could pass to
  }
  return is_waited && is_patient && happens_within(reactor, options_.patience);
}

void SimulatedHost::run_one() {
  const std::size_t count = HostAccess::ready_count(*this);
  detail::Ready& item = HostAccess::bring_forward(*this, options_.shuffle ? random() % count : 0);
  if (item.run == nullptr) {
    auto& greenlet = static_cast<GreenletRecord&>(item);
    if (hold_back(greenlet)) {
      return;
    }
    note(greenlet, "runs");
    HostAccess::run_first(*this);
    look_for_waits(&greenlet);
    return;
  }
  HostAccess::run_first(*this);
  look_for_waits();
}

/// @return Whether its wake is one that comes late.
bool SimulatedHost::hold_back(GreenletRecord& greenlet) {
  const auto late = late_.find(&greenlet);
  if (late == late_.end()) {
    return false;
  }
  HostAccess::unqueue(*this, greenlet);
  greenlet.is_queued = true;  // whoever wakes it once more does not hurry it
  held_.push_back(Held{&greenlet, now_ + late->second});
  late_.erase(late);
  return true;
}

void SimulatedHost::release_held() noexcept {
  const bool is_ending = HostAccess::is_closed(*this);
  std::erase_if(held_, [&](const Held& held) {
    const bool is_over = held.until <= now_ || is_ending;
    if (is_over && std::exchange(held.greenlet->is_queued, false)) {
      HostAccess::enqueue(*this, *held.greenlet);
    }
    return is_over;
  });
}

/// Each wait is seen once, in the order in which they began.
void SimulatedHost::look_for_waits(GreenletRecord* resumed) {
  const std::uint64_t suspended = detail::this_hub().counts.suspended.value();
  const std::uint64_t suspensions = suspended - std::exchange(suspended_, suspended);
  if (suspensions == 0) {
    return;
  }
  std::vector<std::pair<std::uint64_t, GreenletRecord*>> begun;
  const auto look_at = [&](GreenletRecord& greenlet) {
    if (const std::uint64_t since = WaiterAccess::since(*greenlet.scopes.waiting); since > last_look_) {
      begun.emplace_back(since, &greenlet);
    }
  };
  // One that has been resumed and waits again is most often all that there is.
  if (suspensions == 1 && resumed != nullptr && is_waiting(*this, *resumed)) {
    look_at(*resumed);
  }
  if (begun.empty()) {
    for_each_waiting(*this, look_at);
  }
  last_look_ = detail::ticks();
  std::sort(begun.begin(), begun.end());
  for (const auto& [since, greenlet] : begun) {
    ++waits_;
    late_.erase(greenlet);
    note(*greenlet, "begins wait " + std::to_string(waits_));
    if (!HostAccess::is_closed(*this)) {
      befall(*greenlet);
    }
  }
}

void SimulatedHost::befall(GreenletRecord& greenlet) {
  for (auto injected = injected_.begin(); injected != injected_.end() && injected->first <= waits_; ++injected) {
    if (apply(injected->second, greenlet)) {
      injected_.erase(injected);
      return;
    }
  }
  if (options_.faults_per_thousand != 0 && random() % 1000 < options_.faults_per_thousand) {
    apply(all_faults[random() % std::size(all_faults)], greenlet);
  }
}

bool SimulatedHost::apply(Fault fault, GreenletRecord& greenlet) {
  Reactor& reactor = *HostAccess::reactor(*this);
  Waiter& waiter = *greenlet.scopes.waiting;
  if (waiter.is_woken()) {
    return false;
  }
  const TimePoint deadline = reactor.timer_of(waiter);
  CancelScope* const scope = ScopeAccess::outermost(greenlet.scopes);
  if ((fault == Fault::cancelled && scope == nullptr) || (fault == Fault::timed_out && deadline == TimePoint::max()) ||
      (fault == Fault::woken_early && waiter.reason().descriptor() < 0)) {
    return false;
  }
  note(greenlet, "is " + std::string(name_of(fault)) + " in wait " + std::to_string(waits_));
  switch (fault) {
    case Fault::cancelled:
      scope->cancel();
      break;
    case Fault::timed_out:
      now_ = std::max(now_, deadline);
      reactor.fire_due_timers();
      break;
    case Fault::woken_early:
      waiter.wake();
      break;
    case Fault::woken_late:
      late_[&greenlet] = Duration(static_cast<Duration::rep>(random() % static_cast<std::uint64_t>(
                             std::max<Duration::rep>(options_.longest_delay.count(), 1)))) + Duration(1);
      break;
  }
  return true;
}

void SimulatedHost::note(const GreenletRecord& greenlet, std::string_view what) {
  char moment[32];
  std::snprintf(moment, sizeof moment, "%.6f s: ", std::chrono::duration<double>(elapsed()).count());
  trace_.push_back(moment + detail::describe(greenlet) + ' ' + std::string(what));
}

}  // namespace greenway
