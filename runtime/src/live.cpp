// SPDX-License-Identifier: BSL-1.0
#include <greenway/runtime/live.hpp>

#include <cstdio>
#include <memory>
#include <mutex>

#include <greenway/base/error.hpp>
#include <greenway/runtime/detail/foreign_fiber.hpp>
#include <greenway/runtime/host.hpp>

#include "hub.hpp"
#include "ticks.hpp"
#include "waiter_access.hpp"

namespace greenway {

namespace {

GreenletState state_of(const detail::Hub& hub, const GreenletRecord& greenlet) noexcept {
  if (greenlet.state == GreenletRecord::State::fresh) {
    return GreenletState::fresh;
  }
  if (&greenlet == hub.current) {
    return GreenletState::running;
  }
  if (greenlet.is_queued) {
    return GreenletState::ready;
  }
  return greenlet.scopes.waiting != nullptr ? GreenletState::waiting : GreenletState::switched_away;
}

/// @return Where the stack of a greenlet that has started ends now.
const void* stack_pointer(const detail::Hub& hub, const GreenletRecord& greenlet) noexcept {
  if (&greenlet == hub.current) {
    return __builtin_frame_address(0);
  }
#if defined(GREENWAY_SWITCH_NATIVE)
  return greenlet.stack_pointer;
#else
  return greenlet.context;
#endif
}

LiveGreenlet look_at(const detail::Hub& hub, const GreenletRecord& greenlet, const detail::TickScale& scale,
                     TimePoint now) {
  LiveGreenlet seen;
  seen.id = &greenlet;
  seen.name = greenlet.name;
  seen.state = state_of(hub, greenlet);
  seen.spawned_at = greenlet.spawned_at;
  if (const Waiter* waiter = greenlet.scopes.waiting; waiter != nullptr && seen.state != GreenletState::running) {
    seen.reason = waiter->reason();
    seen.waiting = std::max(now - scale.time_of(WaiterAccess::since(*waiter)), Duration::zero());
  }
  if (greenlet.carrier != nullptr) {
    // The carrier lies at the very top of its stack.
    seen.stack_size = greenlet.carrier->size;
    seen.stack_bytes = static_cast<std::size_t>(reinterpret_cast<const char*>(greenlet.carrier) -
                                                static_cast<const char*>(stack_pointer(hub, greenlet)));
  }
  return seen;
}

/// A look that another thread has been asked to take. Shared, since either may go first.
struct Question {
  std::mutex mutex;
  Waiter* asker = nullptr;  // null: nobody waits any more
  std::vector<LiveGreenlet> answer;
  bool is_answered = false;

  void answer_here() {
    std::vector<LiveGreenlet> seen = live_greenlets();
    const std::lock_guard lock(mutex);
    answer = std::move(seen);
    is_answered = true;
    if (asker != nullptr) {
      asker->wake();
    }
  }
};

std::string describe_duration(Duration length) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f s", std::chrono::duration<double>(length).count());
  return text;
}

}  // namespace

std::vector<LiveGreenlet> live_greenlets() {
  detail::Hub& hub = detail::this_hub();
  const detail::TickScale scale;
  const TimePoint now = Clock::now();
  std::size_t count = 0;
  hub.records.for_each([&](const GreenletRecord&) { ++count; });
  std::vector<LiveGreenlet> all;
  all.reserve(count);
  hub.records.for_each([&](const GreenletRecord& greenlet) {
    if (greenlet.state != GreenletRecord::State::dead || detail::ForeignFiber::is(greenlet)) {
      all.push_back(look_at(hub, greenlet, scale, now));
    }
  });
  return all;
}

std::vector<LiveGreenlet> live_greenlets(Host& host, Deadline deadline) {
  if (host.is_own_thread()) {
    return live_greenlets();
  }
  Waiter waiter;
  const auto question = std::make_shared<Question>();
  question->asker = &waiter;
  struct Leave {
    Question& question;
    ~Leave() {
      const std::lock_guard lock(question.mutex);
      question.asker = nullptr;
    }
  };
  const Leave leave{*question};
  host.post([question] { question->answer_here(); });
  waiter.wait(deadline);
  const std::lock_guard lock(question->mutex);
  if (!question->is_answered) {
    throw TimeoutError("the loop whose greenlets were asked for did not answer: it does not run, or somebody holds it");
  }
  return std::move(question->answer);
}

const char* describe(GreenletState state) noexcept {
  switch (state) {
    case GreenletState::fresh:
      return "fresh";
    case GreenletState::running:
      return "running";
    case GreenletState::ready:
      return "ready";
    case GreenletState::waiting:
      return "waiting";
    case GreenletState::switched_away:
      return "switched away";
  }
  return "unknown";
}

std::string describe(WaitReason reason) {
  static constexpr const char* names[] = {
      "something", "readable",    "writable", "readable or writable", "timer",     "mutex",  "condition",
      "semaphore", "event",       "channel, to send", "channel, to receive", "operation", "future", "task group",
      "offload",   "worker",      "connection of a pool", "turn to write", "descriptors"};
  static_assert(std::size(names) == static_cast<std::size_t>(WaitKind::descriptors) + 1);
  const auto kind = static_cast<std::size_t>(reason.kind());
  std::string text = kind < std::size(names) ? names[kind] : names[0];
  if (reason.descriptor() >= 0) {
    text += ", descriptor " + std::to_string(reason.descriptor());
  } else if (reason.object() != nullptr) {
    char address[32];
    std::snprintf(address, sizeof address, " %p", reason.object());
    text += address;
  }
  return text;
}

std::string describe(const LiveGreenlet& greenlet) {
  char id[32];
  std::snprintf(id, sizeof id, "%p", greenlet.id);
  std::string text = id;
  text += greenlet.name.empty() ? "" : " '" + greenlet.name + "'";
  text += std::string(": ") + describe(greenlet.state);
  if (greenlet.state == GreenletState::waiting) {
    text += " for " + describe_duration(greenlet.waiting) + ": " + describe(greenlet.reason);
  }
  if (greenlet.stack_size != 0) {
    text += "; stack " + std::to_string(greenlet.stack_bytes) + " of " + std::to_string(greenlet.stack_size) + " bytes";
  }
  return text + "; spawned at " + describe_code(greenlet.spawned_at);
}

}  // namespace greenway
