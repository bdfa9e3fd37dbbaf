// SPDX-License-Identifier: BSL-1.0
#include <greenway/runtime/detail/foreign_fiber.hpp>

#include "host_access.hpp"
#include "hub.hpp"
#include "storage.hpp"

namespace greenway::detail {

namespace {

/// Tells the sanitizers of a switch that they cannot be told of on both sides. Not instrumented: neither is what runs until
/// the stack changes.
[[gnu::no_sanitize("address"), gnu::no_sanitize("thread"), gnu::noinline]] void annotate_switch(
    [[maybe_unused]] StackAnnotation& from, [[maybe_unused]] StackAnnotation& to) noexcept {
#if defined(GREENWAY_ASAN)
  __sanitizer_start_switch_fiber(&from.fake_stack, to.bottom, to.size);
  __sanitizer_finish_switch_fiber(to.fake_stack, &from.bottom, &from.size);
#endif
#if defined(GREENWAY_TSAN)
  tell_thread_sanitizer(to);
#endif
}

/// The thread's own stack, for when the library returns to it without a word as the thread ends.
constinit thread_local ForeignFiber* own_stack = nullptr;

}  // namespace

GreenletRecord& elsewhere() noexcept {
  static auto& record = *new GreenletRecord;
  return record;
}

ForeignFiber::ForeignFiber(Kind kind, [[maybe_unused]] const void* top, [[maybe_unused]] std::size_t size) : kind_(kind) {
  Hub& hub = this_hub();
  if (kind == Kind::thread) {
    own_stack = this;
    greenlet_ = hub.main;
  } else {
    greenlet_ = &make_record(hub, 0);
    greenlet_->host = nullptr;
    greenlet_->scopes = {};
    greenlet_->annotation = &annotation_;
    greenlet_->state = State::dead;  // at rest
    annotate_foreign_stack(annotation_, static_cast<const char*>(top) - size, size);
  }
  greenlet_->body = this;
  current_ = greenlet_;
  return_to_ = greenlet_;
  if (kind != Kind::loop) {
    greenlet_->Ready::run = &ForeignFiber::on_ready;
    return_to_ = &elsewhere();
  }
  if (kind == Kind::thread && hub.current == hub.main) {
    hub.return_to = return_to_;
  }
}

ForeignFiber::~ForeignFiber() {
  if (kind_ == Kind::thread) {
    own_stack = nullptr;
  } else if (known_hub != nullptr && this_hub().main == greenlet_ && own_stack != nullptr) {
    own_stack->switch_from(*this);
  }
  if (kind_ != Kind::thread) {
    annotate_dead_foreign_stack(annotation_);
  }
  if (known_hub == nullptr) {
    return;  // the thread ends, and its greenlets have gone before its fibers
  }
  greenlet_->body = nullptr;
  greenlet_->Ready::run = nullptr;
  if (kind_ == Kind::thread) {
    greenlet_->host = nullptr;
    known_hub->return_to = greenlet_;
    return;
  }
  if (greenlet_->storage != nullptr) {
    drop_storage(*greenlet_);
  }
  if (greenlet_->is_queued) {
    HostAccess::unqueue(*greenlet_->host, *greenlet_);
  }
  greenlet_->annotation = nullptr;
  bury(*greenlet_);
  release_reference(*greenlet_);
}

void ForeignFiber::bind(Host* host) noexcept {
  if (kind_ != Kind::loop) {
    greenlet_->host = host;
  }
}

[[gnu::no_sanitize("address"), gnu::no_sanitize("thread")]] void ForeignFiber::switch_from(ForeignFiber& from) noexcept {
  exchange(from);
  annotate_switch(*from.current_annotation_, *current_annotation_);
}

void ForeignFiber::exchange(ForeignFiber& from) noexcept {
  from.exceptions_ = std::exchange(*thread_exception_state(), std::exchange(exceptions_, {}));
  if (known_hub == nullptr) {
    return;
  }
  Hub& hub = this_hub();
  from.current_ = hub.current;
  from.current_annotation_ = hub.current->annotation;
  from.return_to_ = hub.return_to;
  from.greenlet_->state = State::dead;
  greenlet_->state = State::started;
  greenlet_->enterable_by = hub.enterable_by;
  hub.current = current_;
  hub.return_to = return_to_;
  hub.main = greenlet_;
}

void ForeignFiber::on_ready(Ready& item) {
  auto& greenlet = static_cast<GreenletRecord&>(item);
  greenlet.is_queued = false;
  auto& fiber = static_cast<ForeignFiber&>(*greenlet.body);
  if (std::exchange(fiber.is_suspended_, false)) {
    fiber.wake();
  }
}

void ForeignFiber::suspend_running(ThreadHub& hub) {
  GreenletRecord& greenlet = *hub.current;
  if (!is(greenlet)) {
    if (greenlet.is_queued) {
      HostAccess::unqueue(*greenlet.host, greenlet);
    }
    throw GreenletError("a raw greenlet cannot wait on top of another library's fiber: wait in the fiber itself, or in a "
                        "greenlet of greenlet_spawn()");
  }
  auto& fiber = static_cast<ForeignFiber&>(*greenlet.body);
  fiber.is_suspended_ = true;
  fiber.suspend();
}

}  // namespace greenway::detail
