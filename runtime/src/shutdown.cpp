// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <set>
#include <utility>

#include <greenway/runtime/cancel.hpp>
#include <greenway/runtime/detail/foreign_fiber.hpp>
#include <greenway/runtime/host.hpp>
#include <greenway/runtime/interpose_scope.hpp>
#include <greenway/runtime/live.hpp>
#include <greenway/runtime/operation.hpp>
#include <greenway/runtime/wait.hpp>

#include <greenway/base/log.hpp>

#include "host_access.hpp"
#include "hub.hpp"
#include "reactor.hpp"
#include "scheduler.hpp"
#include "scope_access.hpp"
#include "scopes.hpp"

/// How a host ends its greenlets.
namespace greenway {

namespace {

using detail::Hub;

constexpr std::chrono::seconds destructor_patience{2};
constexpr std::chrono::milliseconds look_interval{1};
// So often at most the loop gets its turn before shutdown() looks again without a pause.
constexpr int eager_looks = 16;
constexpr int force_attempts = 8;

/// @return Whether the loop has to run this greenlet again. A raw greenlet that rests between two switches is its owner's.
bool is_of(Host& host, const GreenletRecord& greenlet) noexcept {
  const bool is_foreign = detail::ForeignFiber::is(greenlet);
  if ((greenlet.state != detail::State::started && !is_foreign) || greenlet.host != &host) {
    return false;
  }
  const auto& supervisors = HostAccess::supervisors(host);
  return (greenlet.ends_in_resumer || greenlet.is_queued || greenlet.scopes.waiting != nullptr) &&
         std::find(supervisors.begin(), supervisors.end(), &greenlet) == supervisors.end();
}

template <class F>
void for_each_of(Hub& hub, Host& host, F&& fn) {
  hub.records.for_each([&](GreenletRecord& greenlet) {
    if (is_of(host, greenlet)) {
      fn(greenlet);
    }
  });
}

/// @return A line for each greenlet of the loop.
std::vector<std::string> describe_all(Hub& hub, Host& host) {
  std::set<const void*> ids;
  for_each_of(hub, host, [&](const GreenletRecord& greenlet) { ids.insert(&greenlet); });
  std::vector<std::string> lines;
  for (const LiveGreenlet& greenlet : live_greenlets()) {
    if (ids.count(greenlet.id) != 0) {
      lines.push_back(describe(greenlet));
    }
  }
  return lines;
}

void report(const std::string& what, const std::vector<std::string>& greenlets) {
  for (const std::string& greenlet : greenlets) {
    log(LogLevel::error, "greenway.runtime", what + ": " + greenlet);
  }
}

/// Cancels those that are not yet.
/// @return Whether the loop has any to run again. One that left it by a switch of its own comes back by such a switch only.
bool cancel_all(Hub& hub, Host& host) {
  bool has_any = false;
  for_each_of(hub, host, [&](GreenletRecord& greenlet) {
    has_any = has_any || greenlet.is_queued || greenlet.scopes.waiting != nullptr;
    ScopeAccess::cancel_from_outside(greenlet.scopes);
  });
  return has_any;
}

/// Throws GreenletExit into a greenlet that rests and waits for no event.
void force(Hub& hub, GreenletRecord& greenlet) noexcept {
  greenlet.is_unwinding = true;
  GreenletRecord* const return_to = std::exchange(hub.return_to, hub.current);
  detail::hand_over_error(hub, std::make_exception_ptr(GreenletExit()));
  hub.switch_origin = hub.current;
  detail::switch_stacks(hub, greenlet);
  hub.return_to = return_to;
  try {
    if (hub.has_incoming) {
      detail::take_incoming(hub);
    }
  } catch (...) {
    log(LogLevel::error, "greenway.runtime", "an exception left a greenlet whose loop has gone, and is dropped");
  }
}

/// The operation behind shutdown(): a greenlet of the loop that cancels the others.
class Supervisor final : public detail::TypedOperationState<std::vector<std::string>> {
 public:
  Supervisor(Host& host, Deadline deadline)
      : TypedOperationState(GreenletOptions{.host = &host, .name = "shutdown"}), host_(host), deadline_(deadline) {}

 private:
  void launch() override {
    HostAccess::close(host_);
    start_greenlet();
  }

  void execute() noexcept override {
    outcome_.capture([this] {
      Hub& hub = detail::this_hub();
      auto& supervisors = HostAccess::supervisors(host_);
      supervisors.push_back(hub.current);
      for (int look = 0; cancel_all(hub, host_) && !deadline_.has_passed(); ++look) {
        if (look < eager_looks) {
          yield();
        } else {
          sleep_for(look_interval);
        }
      }
      std::vector<std::string> survivors = describe_all(hub, host_);
      std::erase(supervisors, hub.current);
      report("not ended when its loop was shut down", survivors);
      return survivors;
    });
  }

  Host& host_;
  Deadline deadline_;
};

}  // namespace

std::vector<std::string> Host::shutdown(Deadline deadline) {
  if (const GreenletRecord& current = *detail::this_thread_hub().current;
      current.host == this && !detail::ForeignFiber::is(current)) {
    throw InvalidRequestError("a greenlet cannot shut down the loop that runs it: call shutdown() outside, or from another "
                              "thread");
  }
  if (is_running_here()) {
    throw WouldBlockLoop("shutting a loop down from inside it would wait for itself: call shutdown() after it has returned, "
                         "or from another thread");
  }
  if (thread_.load(std::memory_order_relaxed) == nullptr) {
    HostAccess::close(*this);  // it has never run
    return {};
  }
  Operation<std::vector<std::string>> operation(new Supervisor(*this, deadline));
  if (is_own_thread()) {
    bool is_done = false;
    Outcome<std::vector<std::string>> survivors;
    operation.start([&](Outcome<std::vector<std::string>>&& outcome) {
      survivors = std::move(outcome);
      is_done = true;
    });
    while (!is_done) {
      turn(look_interval);
    }
    return std::move(survivors).get();
  }
  auto survivors = operation.to_future();
  // The loop looks at its own clock, and answers a little later.
  const Duration patience = deadline.is_set() ? deadline.time() - Clock::now() + destructor_patience : Duration::max();
  if (!survivors.wait_for(patience)) {
    throw TimeoutError("the loop did not run before the deadline of its shutdown: run it, or call shutdown() on its thread");
  }
  return survivors.get();
}

void Host::turn(Duration length) noexcept {
  if (ready_head_ == nullptr && !has_inbox_.load(std::memory_order_acquire)) {
    poll_descriptor(native_handle(), Interest::read, Clock::now() + length);
  }
  poll();
}

void Host::turn_nested(Duration length) noexcept {
  // The loop's own calls are made on the stack of a greenlet here.
  const InterposeScope libc_calls(false);
  const bool was_draining = std::exchange(is_draining_, false);
  turn(length);
  is_draining_ = was_draining;
}

void Host::unqueue(GreenletRecord& greenlet) noexcept {
  detail::Ready* previous = nullptr;
  for (detail::Ready* item = ready_head_; item != nullptr; previous = std::exchange(item, item->next)) {
    if (item == &greenlet) {
      (previous != nullptr ? previous->next : ready_head_) = item->next;
      if (ready_tail_ == item) {
        ready_tail_ = previous;
      }
      break;
    }
  }
  greenlet.is_queued = false;
}

void Host::end() noexcept {
  if (thread_.load(std::memory_order_relaxed) != nullptr && !is_own_thread()) {
    return;
  }
  Hub& hub = detail::this_hub();
  std::size_t left = 0;
  for_each_of(hub, *this, [&](GreenletRecord&) { ++left; });
  if (left != 0) {
    try {
      left = shutdown(Deadline::in(destructor_patience)).size();
    } catch (const std::exception& error) {
      log(LogLevel::error, "greenway.runtime", std::string("a loop that is destroyed was not shut down: ") + error.what());
    }
  }
  HostAccess::close(*this);
  if (left != 0) {
    end_by_force();
  }
  while (!supervisors_.empty()) {
    turn(look_interval);
  }
  // What was posted has to go as well: the functions own what they need.
  while (!is_draining_ && (ready_head_ != nullptr || has_inbox_.load(std::memory_order_acquire))) {
    drain();
  }
  hub.records.for_each([this](GreenletRecord& greenlet) {
    if (greenlet.host == this) {
      greenlet.host = nullptr;  // a raw one, which from now on waits as a thread does
    }
  });
}

void Host::end_by_force() noexcept {
  Hub& hub = detail::this_hub();
  report("unwound by force, since its loop is destroyed", describe_all(hub, *this));
  for (int attempt = 0;; ++attempt) {
    std::vector<GreenletRecord*> left;
    for_each_of(hub, *this, [&](GreenletRecord& greenlet) { left.push_back(&greenlet); });
    if (left.empty()) {
      return;
    }
    for (GreenletRecord* greenlet : left) {
      if (!is_of(*this, *greenlet)) {
        continue;  // it has ended by the end of another
      }
      if (greenlet->is_queued || greenlet->scopes.waiting != nullptr) {
        ScopeAccess::break_shields(greenlet->scopes);
      } else if (attempt < force_attempts) {
        force(hub, *greenlet);
      } else {
        log(LogLevel::error, "greenway.runtime", "went on after GreenletExit, and is lost: " + detail::describe(*greenlet));
        greenlet->host = nullptr;
      }
    }
    turn(look_interval);
  }
}

}  // namespace greenway
