// SPDX-License-Identifier: BSL-1.0
#include "hub.hpp"

#include <greenway/base/log.hpp>
#include <greenway/runtime/detail/foreign_fiber.hpp>
#include <greenway/runtime/detail/interposition.hpp>

#include "census.hpp"
#include "host_access.hpp"
#include "storage.hpp"

namespace greenway::detail {

namespace {

// A greenlet that catches GreenletExit and goes on is thrown at this often before its stack is given up as lost.
constexpr int unwind_attempts = 8;

/// Hands over what a body let out, unless nobody can want it.
[[gnu::cold]] void keep_error(Hub& hub, GreenletRecord& greenlet, std::exception_ptr error) noexcept {
  if (greenlet.is_unwinding) {
    log(LogLevel::error, "greenway.runtime",
        "a greenlet that was being destroyed threw; the exception is dropped" +
            (greenlet.name.empty() ? "" : ": greenlet '" + greenlet.name + "'"));
  } else {
    hand_over_error(hub, std::move(error));
  }
}

/// Hands over what a body returned; when somebody traces, its end too, with its record.
void hand_over_result(Hub& hub, GreenletRecord& greenlet, Parcel result) noexcept {
  if (hub.is_traced) {
    // Whoever is entered next shows it to the tracer: it must not be used again before.
    ++greenlet.local_references;
    add_orphan(hub, greenlet);
  }
  if (result.has_value() || !hub.has_incoming) {
    hand_over_value(hub, std::move(result));
  }
}

/// Runs the body to its end on its own stack. What it returns or lets out is handed over.
void run_body(Hub& hub, GreenletRecord& greenlet) noexcept {
  Parcel result;
  try {
    std::exchange(greenlet.body, nullptr)->run(hub, result);
  } catch (const GreenletExit& exit) {
    result = exit;
  } catch (...) {
    keep_error(hub, greenlet, std::current_exception());
  }
  if (greenlet.storage != nullptr) [[unlikely]] {
    drop_storage(greenlet);
  }
  hub.switch_origin = &greenlet;
  if (result.has_value() || hub.is_traced) {
    hand_over_result(hub, greenlet, std::move(result));
  }
}

/// Gives back what is left of a greenlet that is dead and that nobody refers to.
void reclaim(Hub& hub, GreenletRecord& greenlet) noexcept {
  drop_parent(greenlet);
  free_record(hub, greenlet);
}

/// @return Whether a greenlet that was to be destroyed has saved a handle to itself, and so lives on.
bool has_saved_itself(const GreenletRecord& greenlet) noexcept { return !greenlet.ends_in_resumer && references(greenlet) > 1; }

/// Throws GreenletExit into a suspended greenlet that nobody refers to, until it has ended or saved itself.
void unwind(Hub& hub, GreenletRecord& greenlet) noexcept {
  // Errors and values on their way elsewhere must not get lost in here.
  const bool had_incoming = std::exchange(hub.has_incoming, false);
  Parcel value = std::exchange(hub.value, {});
  std::exception_ptr error = std::exchange(hub.error, nullptr);

  greenlet.is_unwinding = true;
  if (greenlet.is_queued) {
    HostAccess::unqueue(*greenlet.host, greenlet);
  }
  greenlet.local_references += 1;
  for (int attempt = 0; attempt < unwind_attempts && greenlet.state != State::dead && !has_saved_itself(greenlet); ++attempt) {
    GreenletRecord* const parent = greenlet.parent;
    if (!greenlet.ends_in_resumer) {
      ++hub.current->local_references;
      greenlet.parent = hub.current;
    }
    GreenletRecord* const return_to = std::exchange(hub.return_to, hub.current);
    hand_over_error(hub, std::make_exception_ptr(GreenletExit()));
    hub.switch_origin = hub.current;
    switch_stacks(hub, greenlet);
    hub.return_to = return_to;
    if (!greenlet.ends_in_resumer) {
      drop_parent(greenlet);
      greenlet.parent = parent;
    }
    try {
      if (hub.has_incoming) {
        take_incoming(hub);
      }
    } catch (...) {
      log(LogLevel::error, "greenway.runtime", "an exception reached the destructor of a greenlet and is dropped");
    }
  }
  greenlet.is_unwinding = !has_saved_itself(greenlet);
  greenlet.local_references -= 1;
  hub.has_incoming = had_incoming;
  hub.value = std::move(value);
  hub.error = std::move(error);
}

/// Ends a greenlet that nobody refers to any more.
[[gnu::noinline]] void destroy(Hub& hub, GreenletRecord& greenlet) noexcept {
  if (greenlet.state == State::started) {
    if (hub.current == &greenlet) {
      ++greenlet.local_references;
      add_orphan(hub, greenlet);
      return;
    }
    unwind(hub, greenlet);
    if (greenlet.state != State::dead) {
      if (greenlet.is_unwinding) {
        log(LogLevel::error, "greenway.runtime",
            "a greenlet went on after GreenletExit when it was destroyed; its stack is lost: let GreenletExit pass");
      }
      return;
    }
  } else {
    if (Body* const body = std::exchange(greenlet.body, nullptr)) {
      body->discard();
    }
    bury(greenlet);
  }
  if (references(greenlet) == 0) {
    reclaim(hub, greenlet);
  }
}

/// Held while a thread takes leave of its greenlets, and by others that let go of one of them meanwhile.
std::mutex& farewell_mutex() noexcept {
  static std::mutex mutex;
  return mutex;
}

/// Drops a reference on another thread than the greenlet's.
[[gnu::cold]] void release_from_afar(GreenletRecord& greenlet) noexcept {
  const std::lock_guard lock(farewell_mutex());
  if (greenlet.thread.load(std::memory_order_relaxed) != nullptr) {
    add_orphan(hub_of(greenlet), greenlet);
  } else if (greenlet.foreign_references.fetch_sub(1, std::memory_order_acq_rel) + greenlet.local_references == 1) {
    if (greenlet.is_main) {
      delete &greenlet;
    } else {
      RecordPool::drop_survivor(greenlet);
    }
  }
}

}  // namespace

void update_tracing(Hub& hub) noexcept {
  hub.is_traced = static_cast<bool>(hub.tracer) || !hub.observers.empty();
  hub.enterable_by = hub.is_traced ? nobody() : &hub;
  const auto update = [&](GreenletRecord& greenlet) {
    if (greenlet.state == State::started) {
      greenlet.enterable_by = greenlet.exceptions.is_empty() ? hub.enterable_by : nobody();
    }
  };
  hub.records.for_each(update);
  update(*hub.main);
}

/// A stack's life: one greenlet after another.
void carrier_entry() {
  Hub& hub = this_hub();
  Carrier& self = *hub.current->carrier;
  annotate_enter(&self.annotation, hub.left);
  for (;;) {
    GreenletRecord& greenlet = *hub.current;
    run_body(hub, greenlet);
    GreenletRecord& target = landing(hub, greenlet);
    bury(greenlet);
    hub.current = &target;
    if (greenlet.ends_in_resumer) {
      --greenlet.local_references;
    }
    if (references(greenlet) == 0) {
      reclaim(hub, greenlet);
    }
    if (target.state == State::fresh) {
      start_on(hub, self, target);
      continue;
    }
    if (!target.exceptions.is_empty()) [[unlikely]] {
      *hub.exceptions = std::exchange(target.exceptions, {});
    }
    target.enterable_by = hub.enterable_by;
    hub.stacks.release(self);
    annotate_leave(&self.annotation, target.annotation, hub.left);
    jump(self, target, hub.has_incoming);
    annotate_enter(&self.annotation, hub.left);
  }
}

Hub::Hub() {
  exceptions = thread_exception_state();
  annotate_thread_stack(main_annotation);
  main = new GreenletRecord;
  main->hub = this;
  main->thread = thread_identity();
  main->is_main = true;
  main->state = State::started;
  main->annotation = &main_annotation;
  main->local_references = 1;
  main->enterable_by = enterable_by;
  current = main;
  return_to = main;
  enter_census(*this);
  trace_new_hub(*this);
  if (observe_new_hub != nullptr) {
    observe_new_hub(*this);
  }
}

namespace {

/// Greenlets that never ran and never will, though handles on other threads refer to them.
void discard_unrun(Hub& hub) {
  std::vector<Body*> bodies;
  hub.records.for_each([&](GreenletRecord& greenlet) {
    if (greenlet.state == State::fresh) {
      bodies.push_back(std::exchange(greenlet.body, nullptr));
      bury(greenlet);
    }
  });
  for (Body* const body : bodies) {
    body->discard();
  }
}

}  // namespace

Hub::~Hub() {
  leave_census(*this);
  if (const Interposer* const attached = interposer(); attached != nullptr) {
    attached->enter_thread(nullptr);
  }
  if (main->storage != nullptr) {
    drop_storage(*main);
  }
  discard_unrun(*this);
  std::string lost;
  {
    std::unique_lock lock(farewell_mutex(), std::defer_lock);
    do {
      // What others let go of is unwound without the lock, and meanwhile they may let go of more.
      if (lock.owns_lock()) {
        lock.unlock();
      }
      collect_orphans(*this);
      lock.lock();
    } while (has_orphans.load(std::memory_order_relaxed));
    const auto leave = [](GreenletRecord& greenlet) {
      greenlet.state = State::dead;
      greenlet.enterable_by = nobody();
      greenlet.thread.store(nullptr, std::memory_order_relaxed);
    };
    records.for_each([&](GreenletRecord& greenlet) {
      if (greenlet.state == State::started) {
        lost += (lost.empty() ? "" : ", ") + describe(greenlet);
        // No loop resumes it any more, whatever wakes it.
        greenlet.is_queued = true;
      }
      if (GreenletRecord* const parent = std::exchange(greenlet.parent, nullptr)) {
        --parent->local_references;
      }
      leave(greenlet);
    });
    records.abandon([](const GreenletRecord& greenlet) { return references(greenlet) != 0; });
    leave(*main);
    if (--main->local_references; references(*main) == 0) {
      delete main;
    }
    known_hub = nullptr;
  }
  if (!lost.empty()) {
    log(LogLevel::error, "greenway.runtime", "suspended when their thread ended, and lost with their stacks: " + lost);
  }
}

constinit thread_local ThreadHub* known_hub = nullptr;

ThreadHub& make_thread_hub() noexcept {
  static thread_local Hub hub;
  known_hub = &hub;
  if (const Interposer* const attached = interposer(); attached != nullptr) {
    hub.main->interposing = attached->is_traced ? Interposing::told : Interposing::off;
    attached->enter_thread(&hub.current);
  }
  return hub;
}

[[gnu::cold]] static void tell_observers(Hub& hub) noexcept {
  const std::size_t gone = std::erase_if(hub.observers, [&](const auto& observer) {
    return !observer->switched(*hub.switch_origin, *hub.current);
  });
  if (gone != 0) {
    update_tracing(hub);
  }
}

Parcel take_incoming(ThreadHub& thread_hub) {
  Hub& hub = static_cast<Hub&>(thread_hub);
  hub.has_incoming = false;
  Parcel value = std::exchange(hub.value, {});
  std::exception_ptr error = std::exchange(hub.error, nullptr);
  if (!hub.observers.empty()) {
    tell_observers(hub);
  }
  if (hub.tracer) {
    const Greenlet origin = GreenletAccess::adopt(hub.switch_origin);
    const Greenlet target = GreenletAccess::adopt(hub.current);
    const auto tracer = hub.tracer;
    try {
      tracer(SwitchEvent{hub.incoming_is_throw, origin, target});
    } catch (...) {
      hub.tracer = nullptr;
      update_tracing(hub);
      throw;
    }
  }
  if (error != nullptr) {
    std::rethrow_exception(std::move(error));
  }
  return value;
}

GreenletRecord& make_bridge_greenlet(Host& host, StackOptions stack, std::string& name) {
  Hub& hub = this_hub();
  GreenletRecord& greenlet = make_record(hub, stack_class_of(stack));
  greenlet.ends_in_resumer = true;
  greenlet.host = &host;
  greenlet.scopes = {};
  if (hub.current->storage != nullptr) [[unlikely]] {
    share_context(*hub.current, greenlet);
  }
  if (!name.empty()) {
    greenlet.name = std::move(name);
    greenlet.has_name = true;
  }
  return greenlet;
}

[[gnu::hot]] void resume(GreenletRecord& greenlet) {
  Hub& hub = hub_of(greenlet);
  Carrier* const carrier = greenlet.state == State::fresh ? &hub.stacks.acquire(greenlet.stack_class) : nullptr;
  GreenletRecord* const return_to = std::exchange(hub.return_to, hub.current);
  hub.switch_origin = hub.current;
  hub.has_incoming = hub.is_traced;
  ++hub.counts.resumed;
  if (carrier != nullptr) {
    enter_fresh(hub, greenlet, *carrier);
  } else {
    switch_quickly(hub, greenlet);
  }
  hub.return_to = return_to;
  if (hub.has_incoming) {
    take_incoming(hub);
  }
}

[[gnu::hot]] void suspend(ThreadHub& thread_hub) {
  Hub& hub = static_cast<Hub&>(thread_hub);
  hub.current->has_suspended = true;
  ++hub.counts.suspended;
  hub.switch_origin = hub.current;
  hub.has_incoming = hub.is_traced;
  GreenletRecord& to = *hub.return_to;
  if (to.enterable_by != nobody() && hub.exceptions->is_empty()) [[likely]] {
    enter(hub, to, to);
  } else if (&to == &elsewhere()) {
    hub.has_incoming = false;
    ForeignFiber::suspend_running(hub);
  } else {
    switch_stacks(hub, to);
  }
  if (hub.has_incoming) {
    take_incoming(hub);
  }
}

void release_reference(GreenletRecord& greenlet) noexcept {
  if (!is_own(greenlet)) [[unlikely]] {
    release_from_afar(greenlet);
    return;
  }
  --greenlet.local_references;
  if (references(greenlet) == 0) {
    if (greenlet.state == State::dead) [[likely]] {
      reclaim(hub_of(greenlet), greenlet);
    } else {
      destroy(hub_of(greenlet), greenlet);
    }
  }
}

[[gnu::hot]] void collect_orphans(ThreadHub& thread_hub) noexcept {
  Hub& hub = static_cast<Hub&>(thread_hub);
  if (!hub.has_orphans.load(std::memory_order_acquire)) {
    return;
  }
  std::vector<GreenletRecord*> orphans;
  {
    const std::lock_guard lock(hub.orphans_mutex);
    orphans.swap(hub.orphans);
    hub.has_orphans.store(false, std::memory_order_relaxed);
  }
  for (GreenletRecord* orphan : orphans) {
    release_reference(*orphan);
  }
}

}  // namespace greenway::detail
