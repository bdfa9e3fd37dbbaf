// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <mutex>
#include <vector>

#include <greenway/runtime/greenlet.hpp>

#include "record_pool.hpp"
#include "scheduler.hpp"
#include "stack_pool.hpp"
#include "switch_observer.hpp"
#include "thread_counts.hpp"

/// What a thread keeps of its greenlets, and the steps of their lives that the switcher and the public face share.
namespace greenway {

struct GreenletAccess {
  static Greenlet adopt(GreenletRecord* record) noexcept {
    Greenlet greenlet;
    greenlet.record_ = record;
    greenlet.retain();
    return greenlet;
  }

  static GreenletRecord* record(const Greenlet& greenlet) noexcept { return greenlet.record_; }

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
  RecordPool records;
  ThreadCounts counts;

  std::function<void(const SwitchEvent&)> tracer;
  std::vector<std::shared_ptr<SwitchObserver>> observers;
  bool incoming_is_throw = false;
  GreenletRecord* switch_origin = nullptr;

  std::mutex orphans_mutex;
  std::vector<GreenletRecord*> orphans;
  std::atomic<bool> has_orphans{false};

  // In the census.
  Hub* previous_hub = nullptr;
  Hub* next_hub = nullptr;
  std::int32_t thread_number = 0;  // as the system counts
};

inline Hub& this_hub() noexcept { return static_cast<Hub&>(this_thread_hub()); }
inline Hub& hub_of(GreenletRecord& greenlet) noexcept { return static_cast<Hub&>(*greenlet.hub); }

/// @return A fresh greenlet with one reference, and without a body.
inline GreenletRecord& make_record(Hub& hub, std::uint8_t stack_class) {
  GreenletRecord& greenlet = hub.records.acquire(hub);
  greenlet.state = State::fresh;
  greenlet.is_unwinding = greenlet.is_queued = greenlet.has_suspended = greenlet.ends_in_resumer = false;
  greenlet.local_references = 1;
  greenlet.stack_class = stack_class;
  ++hub.counts.spawned;
  return greenlet;
}

/// Frees the record of a greenlet that is dead and that nobody refers to.
inline void free_record(Hub& hub, GreenletRecord& greenlet) noexcept {
  greenlet.local_references = 0;
  greenlet.foreign_references.store(0, std::memory_order_relaxed);
  if (greenlet.has_name) [[unlikely]] {
    greenlet.name.clear();
    greenlet.has_name = false;
  }
  hub.records.release(greenlet);
}

inline bool is_own(const GreenletRecord& greenlet) noexcept {
  return greenlet.thread.load(std::memory_order_relaxed) == thread_identity();
}

inline std::int32_t references(const GreenletRecord& greenlet) noexcept {
  return greenlet.local_references + greenlet.foreign_references.load(std::memory_order_acquire);
}

inline void retain_reference(GreenletRecord& greenlet) noexcept {
  if (is_own(greenlet)) {
    ++greenlet.local_references;
  } else {
    greenlet.foreign_references.fetch_add(1, std::memory_order_relaxed);
  }
}

/// Where control goes when `greenlet` has no more use for it.
inline GreenletRecord& landing(Hub& hub, GreenletRecord& greenlet) noexcept {
  GreenletRecord* target = &greenlet;
  do {
    target = target->ends_in_resumer ? hub.return_to : target->parent;
  } while (target != nullptr && target->state == State::dead);
  return target != nullptr ? *target : *hub.main;
}

inline void start_on(Hub& hub, Carrier& carrier, GreenletRecord& greenlet) noexcept {
  greenlet.carrier = &carrier;
  if constexpr (is_annotated) {
    greenlet.annotation = &carrier.annotation;
  }
  greenlet.state = State::started;
  greenlet.enterable_by = hub.enterable_by;
}

/// As switch_stacks(), which is seldom needed.
[[gnu::always_inline]] inline void switch_quickly(Hub& hub, GreenletRecord& to) noexcept {
  if (to.enterable_by != nobody() && hub.exceptions->is_empty()) [[likely]] {
    enter(hub, to, to);
  } else {
    switch_stacks(hub, to);
  }
}

/// Runs a fresh greenlet on the stack of `carrier`.
[[gnu::always_inline]] inline void enter_fresh(Hub& hub, GreenletRecord& greenlet, Carrier& carrier) noexcept {
  GreenletRecord& from = *hub.current;
  start_on(hub, carrier, greenlet);
  hub.current = &greenlet;
  if (!hub.exceptions->is_empty()) [[unlikely]] {
    from.enterable_by = nobody();
    from.exceptions = std::exchange(*hub.exceptions, {});
  }
  annotate_leave(from.annotation, &carrier.annotation, hub.left);
  jump(from, carrier, hub.has_incoming);
  annotate_enter(from.annotation, hub.left);
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
inline void bury(GreenletRecord& greenlet) noexcept {
  greenlet.state = State::dead;
  greenlet.enterable_by = nobody();
  greenlet.carrier = nullptr;
}

/// Leaves a reference to be dropped by the greenlet's own thread, where a switch is harmless.
inline void add_orphan(Hub& hub, GreenletRecord& greenlet) noexcept {
  const std::lock_guard lock(hub.orphans_mutex);
  hub.orphans.push_back(&greenlet);
  hub.has_orphans.store(true, std::memory_order_release);
}

inline void drop_parent(GreenletRecord& greenlet) noexcept {
  if (GreenletRecord* const parent = std::exchange(greenlet.parent, nullptr)) {
    if (parent->is_main || references(*parent) > 1) {
      --parent->local_references;
    } else {
      // Not destroyed here and now: it may be where control is about to land.
      add_orphan(hub_of(*parent), *parent);
    }
  }
}

/// @return What a message calls a greenlet.
inline std::string describe(const GreenletRecord& greenlet) {
  return greenlet.has_name ? "'" + greenlet.name + "'" : "a greenlet without a name";
}

/// While somebody traces, no greenlet can be entered without a second look.
void update_tracing(Hub& hub) noexcept;

}  // namespace detail

}  // namespace greenway
