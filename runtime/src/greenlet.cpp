// SPDX-License-Identifier: BSL-1.0
#include "hub.hpp"

namespace greenway {

StackUsage stack_usage() noexcept { return detail::this_hub().stacks.usage(); }

Greenlet::Greenlet(std::uint8_t stack_class) {
  detail::Hub& hub = detail::this_hub();
  if (hub.has_orphans.load(std::memory_order_relaxed)) [[unlikely]] {
    collect_orphans(hub);
  }
  GreenletRecord& parent = *hub.current;
  GreenletRecord& record = detail::make_record(hub, stack_class);
  record.parent = &parent;
  ++parent.local_references;
  record.host = parent.host;
  record.scopes = {};
  record.spawned_at = __builtin_return_address(0);
  record_ = &record;
}

void Greenlet::retain() const noexcept {
  if (record_ != nullptr) {
    detail::retain_reference(*record_);
  }
}

namespace {

detail::Hub& own_hub(const GreenletRecord* record) {
  if (record == nullptr) {
    throw GreenletError("the handle refers to no greenlet: make one with Greenlet{fn} first");
  }
  if (!detail::is_own(*record)) {
    throw GreenletError("cannot switch to a greenlet of another thread: greenlets stay on the thread that made them");
  }
  return static_cast<detail::Hub&>(*record->hub);
}

/// Goes to `target` with what has been handed over, and takes what comes back.
Parcel transfer(detail::Hub& hub, GreenletRecord& target) {
  hub.switch_origin = hub.current;
  if (target.state == GreenletRecord::State::fresh) {
    detail::Carrier* carrier;
    try {
      carrier = &hub.stacks.acquire(target.stack_class);
    } catch (...) {
      hub.has_incoming = false;
      hub.value.reset();
      throw;
    }
    detail::enter_fresh(hub, target, *carrier);
  } else if (&target != hub.current) {
    detail::switch_stacks(hub, target);
  }
  return hub.has_incoming ? detail::take_incoming(hub) : Parcel();
}

}  // namespace

detail::Carrier* detail::start_fresh(GreenletRecord* greenlet) {
  if (greenlet == nullptr || greenlet->state != State::fresh || !is_own(*greenlet)) {
    return nullptr;
  }
  Hub& hub = hub_of(*greenlet);
  if (hub.is_traced || !hub.exceptions->is_empty()) [[unlikely]] {
    return nullptr;
  }
  Carrier& carrier = hub.stacks.acquire(greenlet->stack_class);
  start_on(hub, carrier, *greenlet);
  return &carrier;
}

Parcel Greenlet::switch_slowly() const { return switch_slowly(Parcel()); }

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
    detail::bury(*record_);
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
