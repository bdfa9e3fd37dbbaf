// SPDX-License-Identifier: BSL-1.0
#include "trace_recorder.hpp"

#include <atomic>

#include <sys/prctl.h>
#include <unistd.h>

#include <greenway/runtime/detail/greenlet_record.hpp>
#include <greenway/runtime/waiter.hpp>

#include "ticks.hpp"

namespace greenway::detail {

namespace {

constexpr std::size_t event_limit = 1'000'000;

std::atomic<std::uint64_t> last_number{0};

}  // namespace

TraceRecorder::TraceRecorder() : began_(ticks()), thread_(gettid()) {
  char name[16] = "";
  prctl(PR_GET_NAME, name);
  thread_name_ = name;
}

bool TraceRecorder::switched(const GreenletRecord& origin, const GreenletRecord& target) noexcept {
  const std::lock_guard lock(mutex_);
  if (is_stopped_) {
    return false;
  }
  try {
    const std::uint64_t now = ticks();
    leave(origin, now);
    enter(target, now);
  } catch (const std::bad_alloc&) {
    ++dropped_;
  }
  return true;
}

TraceRecorder::Life& TraceRecorder::life_of(const GreenletRecord& greenlet, std::uint64_t now) {
  const auto [place, is_new] = lives_.try_emplace(&greenlet);
  if (is_new) {
    place->second.number = ++last_number;
    add({TraceEvent::Kind::begin, place->second.number, now, now, {}, greenlet.spawned_at});
  }
  if (greenlet.has_name) {
    names_[place->second.number] = greenlet.name;
  }
  return place->second;
}

void TraceRecorder::leave(const GreenletRecord& greenlet, std::uint64_t now) {
  if (greenlet.is_main) {
    return;
  }
  Life& life = life_of(greenlet, began_);
  if (life.running_since == 0) {
    life.running_since = began_;  // it ran when the recording began
  }
  if (greenlet.state == GreenletRecord::State::dead) {
    cut(life, now);
    lives_.erase(&greenlet);
    return;
  }
  add({TraceEvent::Kind::run, life.number, life.running_since, now, {}, nullptr});
  life.running_since = 0;
  if (const Waiter* waiter = greenlet.scopes.waiting) {
    add({TraceEvent::Kind::wait_begin, life.number, now, now, waiter->reason(), nullptr});
    life.is_waiting = true;
    life.reason = waiter->reason();
  }
}

void TraceRecorder::enter(const GreenletRecord& greenlet, std::uint64_t now) {
  if (greenlet.is_main) {
    return;
  }
  Life& life = life_of(greenlet, now);
  if (life.is_waiting) {
    add({TraceEvent::Kind::wait_end, life.number, now, now, life.reason, nullptr});
    life.is_waiting = false;
  }
  life.running_since = now;
}

void TraceRecorder::add(const TraceEvent& event) {
  if (events_.size() == event_limit) {
    ++dropped_;
  } else {
    events_.push_back(event);
  }
}

void TraceRecorder::cut(Life& life, std::uint64_t now) {
  if (life.running_since != 0) {
    add({TraceEvent::Kind::run, life.number, life.running_since, now, {}, nullptr});
  }
  if (life.is_waiting) {
    add({TraceEvent::Kind::wait_end, life.number, now, now, life.reason, nullptr});
  }
  add({TraceEvent::Kind::end, life.number, now, now, {}, nullptr});
}

void TraceRecorder::stop() {
  const std::lock_guard lock(mutex_);
  is_stopped_ = true;
  const std::uint64_t now = ticks();
  for (auto& [record, life] : lives_) {
    cut(life, now);
  }
  lives_.clear();
}

const std::string& TraceRecorder::name_of(std::uint64_t greenlet) const {
  static const std::string none;
  const auto found = names_.find(greenlet);
  return found != names_.end() ? found->second : none;
}

}  // namespace greenway::detail
