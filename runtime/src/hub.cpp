// SPDX-License-Identifier: BSL-1.0
#include "hub.hpp"

#include <greenway/base/log.hpp>

namespace greenway::detail {

namespace {

// A greenlet that catches GreenletExit and goes on is thrown at this often before its stack is given up as lost.
constexpr int unwind_attempts = 8;

/// Runs the body to its end on its own stack. What it returns or lets out is handed over.
void run_body(Hub& hub, GreenletRecord& greenlet) noexcept {
  Body* const body = std::exchange(greenlet.body, nullptr);
  Parcel result;
  std::exception_ptr error;
  try {
    body->run(hub, result);
  } catch (const GreenletExit& exit) {
    result = exit;
  } catch (...) {
    error = std::current_exception();
  }
  body->discard();
  if (error != nullptr && greenlet.is_unwinding) {
    log(LogLevel::error, "greenway.runtime",
        "a greenlet that was being destroyed threw; the exception is dropped" +
            (greenlet.name.empty() ? "" : ": greenlet '" + greenlet.name + "'"));
    error = nullptr;
  }
  hub.switch_origin = &greenlet;
  if (error != nullptr) {
    hand_over_error(hub, std::move(error));
  } else if (result.has_value() || hub.is_traced) {
    hand_over_value(hub, std::move(result));
  }
}

/// Throws GreenletExit into a suspended greenlet that nobody refers to, until it has ended.
void unwind(Hub& hub, GreenletRecord& greenlet) noexcept {
  // Errors and values on their way elsewhere must not get lost in here.
  const bool had_incoming = std::exchange(hub.has_incoming, false);
  Parcel value = std::exchange(hub.value, {});
  std::exception_ptr error = std::exchange(hub.error, nullptr);

  greenlet.is_unwinding = true;
  greenlet.local_references += 1;
  for (int attempt = 0; attempt < unwind_attempts && greenlet.state != State::dead; ++attempt) {
    if (greenlet.keeps_parent) {
      ++hub.current->local_references;
      drop_parent(greenlet);
      greenlet.parent = hub.current;
    }
    GreenletRecord* const return_to = std::exchange(hub.return_to, hub.current);
    hand_over_error(hub, std::make_exception_ptr(GreenletExit()));
    hub.switch_origin = hub.current;
    switch_stacks(hub, greenlet);
    hub.return_to = return_to;
    try {
      if (hub.has_incoming) {
        take_incoming(hub);
      }
    } catch (...) {
      log(LogLevel::error, "greenway.runtime", "an exception reached the destructor of a greenlet and is dropped");
    }
  }
  greenlet.local_references -= 1;
  hub.has_incoming = had_incoming;
  hub.value = std::move(value);
  hub.error = std::move(error);
}

void destroy(Hub& hub, GreenletRecord& greenlet) noexcept {
  if (greenlet.state == State::started) {
    if (hub.current == &greenlet) {
      ++greenlet.local_references;
      add_orphan(hub, greenlet);
      return;
    }
    unwind(hub, greenlet);
    if (greenlet.state != State::dead) {
      log(LogLevel::error, "greenway.runtime",
          "a greenlet went on after GreenletExit when it was destroyed; its stack is lost: let GreenletExit pass");
      return;
    }
  } else if (greenlet.state == State::fresh) {
    if (Body* const body = std::exchange(greenlet.body, nullptr)) {
      body->discard();
    }
    bury(hub, greenlet);
  }
  if (is_referenced(greenlet)) {
    return;
  }
  drop_parent(greenlet);
  free_record(hub, greenlet);
}

}  // namespace

void update_tracing(Hub& hub) noexcept {
  hub.is_traced = static_cast<bool>(hub.tracer);
  hub.enterable_on = hub.is_traced ? nullptr : thread_identity();
  for (GreenletRecord* greenlet = hub.live; greenlet != nullptr; greenlet = greenlet->next_live) {
    if (greenlet->state == State::started && greenlet != hub.current) {
      greenlet->enterable_on = greenlet->exceptions.is_empty() ? hub.enterable_on : nullptr;
    }
  }
  if (hub.main != hub.current) {
    hub.main->enterable_on = hub.main->exceptions.is_empty() ? hub.enterable_on : nullptr;
  }
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
    bury(hub, greenlet);
    hub.current = &target;
    if (!greenlet.keeps_parent) {
      --greenlet.local_references;
    }
    if (!is_referenced(greenlet)) {
      drop_parent(greenlet);
      free_record(hub, greenlet);
    }
    if (target.state == State::fresh) {
      start_on(self, target);
      continue;
    }
    target.enterable_on = nullptr;
    exchange_exceptions(*hub.exceptions, self, target);
    hub.stacks.release(self);
    annotate_leave(&self.annotation, target.annotation, hub.left);
    jump(self, target);
    annotate_enter(&self.annotation, hub.left);
  }
}

Hub::Hub() {
  exceptions = thread_exception_state();
  enterable_on = thread_identity();
  annotate_thread_stack(main_annotation);
  main = new GreenletRecord;
  main->hub = this;
  main->thread = thread_identity();
  main->is_main = true;
  main->state = State::started;
  main->annotation = &main_annotation;
  main->local_references = 1;
  current = main;
  return_to = main;
}

Hub::~Hub() {
  collect_orphans(*this);
  std::size_t lost = 0;
  while (live != nullptr) {
    GreenletRecord& greenlet = *live;
    lost += greenlet.state == State::started ? 1 : 0;
    unlink_live(*this, greenlet);
    greenlet.thread = nullptr;
    greenlet.enterable_on = nullptr;
    greenlet.state = State::dead;
  }
  while (spare != nullptr) {
    delete std::exchange(spare, spare->next_live);
  }
  if (lost != 0) {
    log(LogLevel::error, "greenway.runtime",
        std::to_string(lost) + " greenlet(s) were suspended when their thread ended; their stacks are lost");
  }
  main->state = State::dead;
  main->thread = nullptr;
  main->enterable_on = nullptr;
  if (--main->local_references; !is_referenced(*main)) {
    delete main;
  }
}

namespace {

// Found without the check whether the hub has been made, which a thread_local with a constructor costs each time.
constinit thread_local ThreadHub* known_hub = nullptr;

ThreadHub& make_hub() noexcept {
  static thread_local Hub hub;
  known_hub = &hub;
  return hub;
}

}  // namespace

ThreadHub& this_thread_hub() noexcept { return known_hub != nullptr ? *known_hub : make_hub(); }

Parcel take_incoming(ThreadHub& thread_hub) {
  Hub& hub = static_cast<Hub&>(thread_hub);
  hub.has_incoming = false;
  Parcel value = std::exchange(hub.value, {});
  std::exception_ptr error = std::exchange(hub.error, nullptr);
  if (hub.is_traced) {
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

GreenletRecord& make_bridge_greenlet(Body& body, Host& host, StackOptions stack, std::string name) {
  GreenletRecord& greenlet = make_record(this_hub(), &body, stack);
  greenlet.keeps_parent = false;
  greenlet.host = &host;
  if (!name.empty()) {
    greenlet.name = std::move(name);
    greenlet.has_name = true;
  }
  return greenlet;
}

void resume(GreenletRecord& greenlet) {
  Hub& hub = hub_of(greenlet);
  if (greenlet.state == State::fresh) {
    start_on(hub.stacks.acquire(greenlet.stack), greenlet);
  }
  GreenletRecord* const return_to = std::exchange(hub.return_to, hub.current);
  hub.switch_origin = hub.current;
  hub.has_incoming = hub.is_traced;
  switch_stacks(hub, greenlet);
  hub.return_to = return_to;
  if (hub.has_incoming) {
    take_incoming(hub);
  }
}

void suspend(ThreadHub& thread_hub) {
  Hub& hub = static_cast<Hub&>(thread_hub);
  hub.current->has_suspended = true;
  hub.switch_origin = hub.current;
  hub.has_incoming = hub.is_traced;
  switch_stacks(hub, *hub.return_to);
  if (hub.has_incoming) {
    take_incoming(hub);
  }
}

void release_reference(GreenletRecord& greenlet) noexcept {
  if (greenlet.thread == thread_identity()) {
    if (--greenlet.local_references; !is_referenced(greenlet)) {
      destroy(hub_of(greenlet), greenlet);
    }
    return;
  }
  if (greenlet.thread != nullptr) {
    add_orphan(hub_of(greenlet), greenlet);
  } else if (greenlet.foreign_references.fetch_sub(1, std::memory_order_acq_rel) + greenlet.local_references == 1) {
    delete &greenlet;
  }
}

void collect_orphans(ThreadHub& thread_hub) noexcept {
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
