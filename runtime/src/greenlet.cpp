// SPDX-License-Identifier: BSL-1.0
#include <mutex>
#include <vector>

#include <greenway/base/log.hpp>
#include <greenway/runtime/greenlet.hpp>

#include "scheduler.hpp"
#include "stack_pool.hpp"

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

namespace {

using State = GreenletRecord::State;

// A greenlet that catches GreenletExit and goes on is thrown at this often before its stack is given up as lost.
constexpr int unwind_attempts = 8;

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

Hub& this_hub() noexcept { return static_cast<Hub&>(this_thread_hub()); }
Hub& hub_of(GreenletRecord& greenlet) noexcept { return static_cast<Hub&>(*greenlet.hub); }

void link_live(Hub& hub, GreenletRecord& greenlet) noexcept {
  greenlet.next_live = hub.live;
  if (hub.live != nullptr) {
    hub.live->previous_live = &greenlet;
  }
  hub.live = &greenlet;
}

void unlink_live(Hub& hub, GreenletRecord& greenlet) noexcept {
  (greenlet.previous_live != nullptr ? greenlet.previous_live->next_live : hub.live) = greenlet.next_live;
  if (greenlet.next_live != nullptr) {
    greenlet.next_live->previous_live = greenlet.previous_live;
  }
  greenlet.previous_live = greenlet.next_live = nullptr;
}

// So many records at most wait to be used again.
constexpr std::size_t spare_limit = 1024;

GreenletRecord& make_record(Hub& hub, Body* body, StackOptions stack) {
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
void free_record(Hub& hub, GreenletRecord& greenlet) noexcept {
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

void retain_reference(GreenletRecord& greenlet) noexcept {
  if (greenlet.thread == thread_identity()) {
    ++greenlet.local_references;
  } else {
    greenlet.foreign_references.fetch_add(1, std::memory_order_relaxed);
  }
}

bool is_referenced(const GreenletRecord& greenlet) noexcept {
  return greenlet.local_references + greenlet.foreign_references.load(std::memory_order_acquire) != 0;
}

/// Where control goes when `greenlet` has no more use for it.
GreenletRecord& landing(Hub& hub, GreenletRecord& greenlet) noexcept {
  if (!greenlet.keeps_parent) {
    return *hub.return_to;
  }
  GreenletRecord* target = greenlet.parent;
  while (target != nullptr && target->state == State::dead) {
    target = target->keeps_parent ? target->parent : hub.return_to;
  }
  return target != nullptr ? *target : *hub.main;
}

void start_on(Carrier& carrier, GreenletRecord& greenlet) noexcept {
  greenlet.carrier = &carrier;
  static_cast<ResumePoint&>(greenlet) = carrier;
  greenlet.annotation = &carrier.annotation;
  greenlet.state = State::started;
}

void hand_over_value(Hub& hub, Parcel value) noexcept {
  hub.value = std::move(value);
  hub.has_incoming = hub.value.has_value() || hub.is_traced;
  hub.incoming_is_throw = false;
}

void hand_over_error(Hub& hub, std::exception_ptr error) noexcept {
  hub.error = std::move(error);
  hub.has_incoming = true;
  hub.incoming_is_throw = true;
}

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

void destroy(Hub& hub, GreenletRecord& greenlet) noexcept;

/// While somebody traces, no greenlet can be entered without a second look.
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

/// Takes a greenlet that has ended, or never ran, out of the world, but for its record.
void bury(Hub& hub, GreenletRecord& greenlet) noexcept {
  greenlet.state = State::dead;
  greenlet.enterable_on = nullptr;
  greenlet.carrier = nullptr;
  unlink_live(hub, greenlet);
}

/// Leaves a reference to be dropped by the greenlet's own thread, where a switch is harmless.
void add_orphan(Hub& hub, GreenletRecord& greenlet) noexcept {
  const std::lock_guard lock(hub.orphans_mutex);
  hub.orphans.push_back(&greenlet);
  hub.has_orphans.store(true, std::memory_order_release);
}

void drop_parent(GreenletRecord& greenlet) noexcept {
  if (GreenletRecord* parent = std::exchange(greenlet.parent, nullptr)) {
    if (parent->is_main) {
      --parent->local_references;
    } else {
      // Not destroyed here and now: it may be where control is about to land.
      add_orphan(hub_of(*parent), *parent);
    }
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

}  // namespace

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

}  // namespace detail

StackUsage stack_usage() noexcept { return detail::this_hub().stacks.usage(); }

Greenlet::Greenlet(StackOptions stack) {
  detail::Hub& hub = detail::this_hub();
  if (hub.has_orphans.load(std::memory_order_relaxed)) [[unlikely]] {
    collect_orphans(hub);
  }
  record_ = &detail::make_record(hub, nullptr, stack);
  record_->parent = hub.current;
  ++hub.current->local_references;
  record_->host = hub.current->host;
}

void Greenlet::retain() const noexcept {
  if (record_ != nullptr) {
    detail::retain_reference(*record_);
  }
}

void Greenlet::release() noexcept {
  if (record_ != nullptr) {
    detail::release_reference(*std::exchange(record_, nullptr));
  }
}

namespace {

detail::Hub& own_hub(const GreenletRecord* record) {
  if (record == nullptr) {
    throw GreenletError("the handle refers to no greenlet: make one with Greenlet{fn} first");
  }
  if (record->thread != detail::thread_identity()) {
    throw GreenletError("cannot switch to a greenlet of another thread: greenlets stay on the thread that made them");
  }
  return static_cast<detail::Hub&>(*record->hub);
}

/// Goes to `target` with what has been handed over, and takes what comes back.
Parcel transfer(detail::Hub& hub, GreenletRecord& target) {
  hub.switch_origin = hub.current;
  if (&target == hub.current) {
    return hub.has_incoming ? detail::take_incoming(hub) : Parcel();
  }
  if (target.state == GreenletRecord::State::fresh) {
    try {
      detail::start_on(hub.stacks.acquire(target.stack), target);
    } catch (...) {
      hub.has_incoming = false;
      hub.value.reset();
      throw;
    }
  }
  detail::switch_stacks(hub, target);
  return hub.has_incoming ? detail::take_incoming(hub) : Parcel();
}

}  // namespace

Parcel Greenlet::switch_slowly() const {
  if (record_ == nullptr || record_->state != GreenletRecord::State::fresh || record_->thread != detail::thread_identity() ||
      record_->hub->is_traced) {
    return switch_slowly(Parcel());
  }
  detail::Hub& hub = static_cast<detail::Hub&>(*record_->hub);
  detail::start_on(hub.stacks.acquire(record_->stack), *record_);
  detail::switch_stacks(hub, *record_);
  return hub.has_incoming ? detail::take_incoming(hub) : Parcel();
}

Parcel Greenlet::switch_slowly(Parcel value) const {
  detail::Hub& hub = own_hub(record_);
  if (hub.has_orphans.load(std::memory_order_relaxed)) [[unlikely]] {
    collect_orphans(hub);
  }
  detail::hand_over_value(hub, std::move(value));
  return transfer(hub, dead() ? detail::landing(hub, *record_) : *record_);
}

Parcel Greenlet::throw_in(std::exception_ptr error) const {
  detail::Hub& hub = own_hub(record_);
  if (record_->state == GreenletRecord::State::started) {
    detail::hand_over_error(hub, std::move(error));
    return transfer(hub, *record_);
  }
  if (record_->state == GreenletRecord::State::fresh) {
    std::exchange(record_->body, nullptr)->discard();
    detail::bury(hub, *record_);
  }
  try {
    std::rethrow_exception(error);
  } catch (const GreenletExit& exit) {
    detail::hand_over_value(hub, exit);
  } catch (...) {
    detail::hand_over_error(hub, std::move(error));
  }
  return transfer(hub, detail::landing(hub, *record_));
}

const Greenlet& Greenlet::parent() const noexcept {
  static const Greenlet none;
  return record_ != nullptr && record_->parent != nullptr ? GreenletAccess::uncounted(*record_->parent) : none;
}

void Greenlet::set_parent(const Greenlet& parent) const {
  detail::Hub& hub = own_hub(record_);
  if (record_->is_main) {
    throw GreenletError("a main greenlet has no parent");
  }
  if (&own_hub(parent.record_) != &hub) {
    throw GreenletError("the parent belongs to another thread");
  }
  for (const GreenletRecord* ancestor = parent.record_; ancestor != nullptr; ancestor = ancestor->parent) {
    if (ancestor == record_) {
      throw GreenletError("the new parent descends from this greenlet: parents must not form a cycle");
    }
  }
  ++parent.record_->local_references;
  detail::drop_parent(*record_);
  record_->parent = parent.record_;
}

bool Greenlet::dead() const noexcept { return record_ == nullptr || record_->state == GreenletRecord::State::dead; }

bool Greenlet::active() const noexcept {
  return record_ != nullptr && record_->state == GreenletRecord::State::started;
}

const std::string& Greenlet::name() const noexcept {
  static const std::string none;
  return record_ != nullptr ? record_->name : none;
}

void Greenlet::set_name(std::string name) const {
  own_hub(record_);
  record_->name = std::move(name);
  record_->has_name = true;
}

const Greenlet& Greenlet::current() noexcept { return GreenletAccess::uncounted(*detail::this_thread_hub().current); }

std::function<void(const SwitchEvent&)> set_trace(std::function<void(const SwitchEvent&)> callback) {
  detail::Hub& hub = detail::this_hub();
  std::swap(hub.tracer, callback);
  detail::update_tracing(hub);
  return callback;
}

}  // namespace greenway
