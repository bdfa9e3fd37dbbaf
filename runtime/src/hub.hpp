// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <mutex>
#include <vector>

#include <greenway/runtime/greenlet.hpp>

#include "scheduler.hpp"
#include "stack_pool.hpp"

/// What a thread keeps of its greenlets, and the steps of their lives that the switcher and the public face share.
namespace greenway {

struct GreenletAccess {
  static Greenlet adopt(GreenletRecord* record) noexcept {
    Greenlet greenlet;
    greenlet.record_ = record;
    greenlet.retain();
    return greenlet;
  }

  /// A handle that does not count: it lies in the record, and is never destroyed.
  static const Greenlet& uncounted(GreenletRecord& record) noexcept {
    static_assert(sizeof(Greenlet) == sizeof(GreenletRecord*) && std::is_standard_layout_v<Greenlet>);
    return *reinterpret_cast<const Greenlet*>(&record.self);
  }
};

namespace detail {

using State = GreenletRecord::State;

/// Runs what the current greenlet's stack is for; never returns.
void carrier_entry();

/// The private half of a thread's hub.
struct Hub : ThreadHub {
  Hub();
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  StackPool stacks{carrier_entry};
  StackAnnotation main_annotation;
  GreenletRecord* main = nullptr;
  GreenletRecord* live = nullptr;
  GreenletRecord* spare = nullptr;  // records to use again, linked by next_live
  std::size_t spare_count = 0;

  std::function<void(const SwitchEvent&)> tracer;
  bool incoming_is_throw = false;
  GreenletRecord* switch_origin = nullptr;

  std::mutex orphans_mutex;
  std::vector<GreenletRecord*> orphans;
  std::atomic<bool> has_orphans{false};
};

inline Hub& this_hub() noexcept { return static_cast<Hub&>(this_thread_hub()); }
inline Hub& hub_of(GreenletRecord& greenlet) noexcept { return static_cast<Hub&>(*greenlet.hub); }

inline void link_live(Hub& hub, GreenletRecord& greenlet) noexcept {
  greenlet.next_live = hub.live;
  if (hub.live != nullptr) {
    hub.live->previous_live = &greenlet;
  }
  hub.live = &greenlet;
}

inline void unlink_live(Hub& hub, GreenletRecord& greenlet) noexcept {
  (greenlet.previous_live != nullptr ? greenlet.previous_live->next_live : hub.live) = greenlet.next_live;
  if (greenlet.next_live != nullptr) {
    greenlet.next_live->previous_live = greenlet.previous_live;
  }
  greenlet.previous_live = greenlet.next_live = nullptr;
}

// So many records at most wait to be used again.
inline constexpr std::size_t spare_limit = 1024;

inline GreenletRecord& make_record(Hub& hub, Body* body, StackOptions stack) {
  GreenletRecord* greenlet = hub.spare;
  if (greenlet != nullptr) {
    hub.spare = greenlet->next_live;
    --hub.spare_count;
    greenlet->state = State::fresh;
  } else {
    greenlet = new GreenletRecord;
    greenlet->hub = &hub;
    greenlet->thread = thread_identity();
  }
  greenlet->body = body;
  greenlet->stack = stack;
  greenlet->local_references = 1;
  link_live(hub, *greenlet);
  return *greenlet;
}

/// Frees the record of a greenlet that is dead and that nobody refers to.
inline void free_record(Hub& hub, GreenletRecord& greenlet) noexcept {
  if (hub.spare_count == spare_limit) {
    delete &greenlet;
    return;
  }
  greenlet.is_unwinding = false;
  greenlet.has_suspended = false;
  greenlet.keeps_parent = true;
  greenlet.local_references = 0;
  greenlet.foreign_references.store(0, std::memory_order_relaxed);
  greenlet.host = nullptr;
  greenlet.scopes = {};
  if (greenlet.has_name) {
    greenlet.name.clear();
    greenlet.has_name = false;
  }
  greenlet.next_live = hub.spare;
  hub.spare = &greenlet;
  ++hub.spare_count;
}

inline void retain_reference(GreenletRecord& greenlet) noexcept {
  if (greenlet.thread == thread_identity()) {
    ++greenlet.local_references;
  } else {
    greenlet.foreign_references.fetch_add(1, std::memory_order_relaxed);
  }
}

inline bool is_referenced(const GreenletRecord& greenlet) noexcept {
  return greenlet.local_references + greenlet.foreign_references.load(std::memory_order_acquire) != 0;
}

/// Where control goes when `greenlet` has no more use for it.
inline GreenletRecord& landing(Hub& hub, GreenletRecord& greenlet) noexcept {
  if (!greenlet.keeps_parent) {
    return *hub.return_to;
  }
  GreenletRecord* target = greenlet.parent;
  while (target != nullptr && target->state == State::dead) {
    target = target->keeps_parent ? target->parent : hub.return_to;
  }
  return target != nullptr ? *target : *hub.main;
}

inline void start_on(Carrier& carrier, GreenletRecord& greenlet) noexcept {
  greenlet.carrier = &carrier;
  static_cast<ResumePoint&>(greenlet) = carrier;
  greenlet.annotation = &carrier.annotation;
  greenlet.state = State::started;
}

inline void hand_over_value(Hub& hub, Parcel value) noexcept {
  hub.value = std::move(value);
  hub.has_incoming = hub.value.has_value() || hub.is_traced;
  hub.incoming_is_throw = false;
}

inline void hand_over_error(Hub& hub, std::exception_ptr error) noexcept {
  hub.error = std::move(error);
  hub.has_incoming = true;
  hub.incoming_is_throw = true;
}

/// Takes a greenlet that has ended, or never ran, out of the world, but for its record.
inline void bury(Hub& hub, GreenletRecord& greenlet) noexcept {
  greenlet.state = State::dead;
  greenlet.enterable_on = nullptr;
  greenlet.carrier = nullptr;
  unlink_live(hub, greenlet);
}

/// Leaves a reference to be dropped by the greenlet's own thread, where a switch is harmless.
inline void add_orphan(Hub& hub, GreenletRecord& greenlet) noexcept {
  const std::lock_guard lock(hub.orphans_mutex);
  hub.orphans.push_back(&greenlet);
  hub.has_orphans.store(true, std::memory_order_release);
}

inline void drop_parent(GreenletRecord& greenlet) noexcept {
  if (GreenletRecord* parent = std::exchange(greenlet.parent, nullptr)) {
    if (parent->is_main) {
      --parent->local_references;
    } else {
      // Not destroyed here and now: it may be where control is about to land.
      add_orphan(hub_of(*parent), *parent);
    }
  }
}

/// While somebody traces, no greenlet can be entered without a second look.
void update_tracing(Hub& hub) noexcept;

}  // namespace detail

}  // namespace greenway
