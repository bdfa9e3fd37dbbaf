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

void carrier_entry(boost::context::detail::transfer_t arrival);

/// The private half of a thread's hub.
struct Hub : ThreadHub {
  Hub();
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  StackPool stacks{carrier_entry};
  Context main_context;
  GreenletRecord* main = nullptr;
  GreenletRecord* live = nullptr;

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

GreenletRecord& make_record(Hub& hub, Body* body, StackOptions stack) {
  auto* greenlet = new GreenletRecord;
  greenlet->hub = &hub;
  greenlet->thread = thread_identity();
  greenlet->body = body;
  greenlet->stack = stack;
  greenlet->local_references = 1;
  link_live(hub, *greenlet);
  return *greenlet;
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
  carrier.exceptions = {};
  greenlet.context = &carrier;
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
    Parcel first;
    if (hub.has_incoming) {
      first = take_incoming(hub);
    }
    result = body->run(std::move(first));
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
  } else {
    hand_over_value(hub, std::move(result));
  }
}

void destroy(Hub& hub, GreenletRecord& greenlet) noexcept;

/// Takes a greenlet that has ended, or never ran, out of the world, but for its record.
void bury(Hub& hub, GreenletRecord& greenlet) noexcept {
  greenlet.state = State::dead;
  greenlet.context = nullptr;
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
void carrier_entry(boost::context::detail::transfer_t arrival) {
  Hub& hub = this_hub();
  Carrier& self = static_cast<Carrier&>(*hub.current->context);
  Context& previous = *static_cast<Context*>(arrival.data);
  previous.resume_point = arrival.fctx;
  annotate_enter(self.annotation, previous.annotation);
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
      delete &greenlet;
    }
    if (target.state == State::fresh) {
      start_on(self, target);
      continue;
    }
    *hub.exceptions = target.context->exceptions;
    hub.stacks.release(self);
    jump(self, *target.context);
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
    std::exchange(greenlet.body, nullptr)->discard();
    bury(hub, greenlet);
  }
  if (is_referenced(greenlet)) {
    return;
  }
  drop_parent(greenlet);
  delete &greenlet;
}

Hub::Hub() {
  exceptions = thread_exception_state();
  annotate_thread_stack(main_context.annotation);
  main = new GreenletRecord;
  main->hub = this;
  main->thread = thread_identity();
  main->is_main = true;
  main->state = State::started;
  main->context = &main_context;
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
    greenlet.state = State::dead;
  }
  if (lost != 0) {
    log(LogLevel::error, "greenway.runtime",
        std::to_string(lost) + " greenlet(s) were suspended when their thread ended; their stacks are lost");
  }
  main->state = State::dead;
  main->thread = nullptr;
  if (--main->local_references; !is_referenced(*main)) {
    delete main;
  }
}

}  // namespace

ThreadHub& this_thread_hub() noexcept {
  static thread_local Hub hub;
  return hub;
}

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
      hub.is_traced = false;
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
  greenlet.name = std::move(name);
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

Greenlet::Greenlet(std::unique_ptr<detail::Body> body, StackOptions stack) {
  detail::Hub& hub = detail::this_hub();
  collect_orphans(hub);
  record_ = &detail::make_record(hub, body.get(), stack);
  body.release();
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

Parcel Greenlet::switch_slowly(Parcel value) const {
  detail::Hub& hub = own_hub(record_);
  collect_orphans(hub);
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
}

const Greenlet& Greenlet::current() noexcept { return GreenletAccess::uncounted(*detail::this_thread_hub().current); }

std::function<void(const SwitchEvent&)> set_trace(std::function<void(const SwitchEvent&)> callback) {
  detail::Hub& hub = detail::this_hub();
  std::swap(hub.tracer, callback);
  hub.is_traced = static_cast<bool>(hub.tracer);
  return callback;
}

}  // namespace greenway
