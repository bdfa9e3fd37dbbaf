// SPDX-License-Identifier: BSL-1.0
#include <greenway/runtime/operation.hpp>

#include <greenway/runtime/context.hpp>
#include <greenway/runtime/detail/interposition.hpp>
#include <greenway/runtime/greenlet.hpp>
#include <greenway/runtime/loop_host.hpp>

#include "host_access.hpp"
#include "scheduler.hpp"
#include "scopes.hpp"
#include "storage.hpp"

namespace greenway::detail {

/// The greenlet's side of an operation, which is kept alive until the function has ended.
class OperationState::GreenletBody final : public Body {
 public:
  explicit GreenletBody(OperationState& state) noexcept : state_(&state) {}
  void run(ThreadHub& hub, std::any&) override {
    if (hub.has_incoming) {
      take_incoming(hub);
    }
    state_->run_in_greenlet(*hub.current);
  }
  void discard() noexcept override {}

 private:
  OperationState* state_;
};

OperationState::OperationState(GreenletOptions&& options)
    : options_(std::move(options)), spawned_at_(__builtin_return_address(0)) {
  run = &OperationState::notify;
}

OperationState::~OperationState() = default;

void OperationState::claim() {
  // No exchange: who consumes one object from two threads at once has a race already.
  if (is_claimed_.load(std::memory_order_relaxed)) {
    throw InvalidRequestError("the operation has been consumed already: an Operation is awaited once");
  }
  is_claimed_.store(true, std::memory_order_relaxed);
}

Host* OperationState::choose_host() const noexcept {
  return options_.host != nullptr ? options_.host : Host::current();
}

Host& OperationState::require_host(Host* otherwise) const {
  Host* host = choose_host();
  host = host != nullptr ? host : otherwise;
  if (host == nullptr) {
    throw NoHost("no event loop runs on this thread: name one in GreenletOptions::host, use get(), or greenway::run()");
  }
  return *host;
}

void OperationState::run_in_greenlet(GreenletRecord& greenlet) noexcept {
  CancelScope scope;
  scope_ = &scope;
  greenlet.interposing = interposing_of(options_.interpose);
  if (is_cancel_requested_.load(std::memory_order_acquire)) {
    fail(std::make_exception_ptr(Cancelled()));
  } else {
    execute();
  }
  greenlet.interposing = Interposing::off;
  if (greenlet.storage != nullptr) [[unlikely]] {
    drop_storage(greenlet);
  }
  scope_ = nullptr;
  if (options_.require_await && !greenlet.has_suspended) {
    fail(std::make_exception_ptr(AwaitRequired("the function ended without waiting once, though it was spawned with "
                                               "require_await: does it use a blocking driver?")));
  }
  finished();
}

void OperationState::finished() noexcept {
  if (!host_->is_own_thread()) {
    // A coroutine may end on whichever thread resumed it last.
    host_->post([this] {
      is_done_.store(true, std::memory_order_release);
      notify(*this);
    });
    return;
  }
  is_done_.store(true, std::memory_order_release);
  if (!is_starting_) {
    HostAccess::enqueue(*host_, *this);
  }
}

void OperationState::launch() {
  if (HostAccess::is_closed(*host_)) [[unlikely]] {
    throw HostClosed("the event loop is being shut down: no new greenlet starts on it");
  }
  start_greenlet();
}

void OperationState::start_greenlet() {
  GreenletRecord& greenlet = make_bridge_greenlet(*host_, options_.stack, options_.name);
  greenlet.spawned_at = spawned_at_;
  static_assert(sizeof(GreenletBody) <= inline_body_size);
  greenlet.body = new (greenlet.inline_body) GreenletBody(*this);
  try {
    resume(greenlet);
  } catch (const Error&) {
    if (greenlet.storage != nullptr) {
      drop_storage(greenlet);
    }
    release_reference(greenlet);
    throw;
  }
}

OperationState::Progress OperationState::start_here() noexcept {
  is_starting_ = true;
  retain();  // until notify(), or the end of this function
  try {
    launch();
  } catch (...) {
    fail(std::current_exception());
    is_done_.store(true, std::memory_order_release);
  }
  is_starting_ = false;
  if (!is_done_.load(std::memory_order_relaxed)) {
    return Progress::pending;
  }
  release();
  return Progress::done;
}

OperationState::Progress OperationState::start(Host& host, void (*continuation)(void*), void* argument) {
  host_ = &host;
  continuation_ = continuation;
  argument_ = argument;
  if (host.is_own_thread()) {
    return start_here();
  }
  retain();
  auto start_there = [this] {
    if (start_here() == Progress::done) {
      notify(*this);
    } else {
      release();
    }
  };
  if (context_in_force() == nullptr) {
    host.post(start_there);
  } else {
    host.post(GreenletContext::current().bind(start_there));
  }
  return Progress::pending;
}

void OperationState::notify(Ready& self) {
  auto& state = static_cast<OperationState&>(self);
  if (auto* const continuation = std::exchange(state.continuation_, nullptr)) {
    continuation(state.argument_);
  }
  state.release();
}

void OperationState::abandon() noexcept {
  continuation_ = nullptr;
  cancel();
}

void OperationState::cancel() noexcept {
  is_cancel_requested_.store(true, std::memory_order_release);
  if (host_ == nullptr || is_done_.load(std::memory_order_acquire)) {
    return;  // the host may have gone since
  }
  if (!host_->is_own_thread()) {
    retain();
    host_->post([this] {
      cancel();
      release();
    });
  } else {
    deliver_cancel();
  }
}

void OperationState::deliver_cancel() noexcept {
  if (scope_ != nullptr) {
    scope_->cancel();
  }
}

void OperationState::finish_blocking() {
  ThreadHub& hub = this_thread_hub();
  Host* host = choose_host();
  if (hub.current->host == nullptr && host != nullptr && host->is_running_here()) {
    throw WouldBlockLoop("get() here would block the event loop that has to run the operation: use co_await");
  }
  if (host == nullptr) {
    LoopHost loop;
    loop.run(*this);
    return;
  }
  if (hub.current->is_unwinding) [[unlikely]] {
    throw Cancelled();  // what is started now could not be waited for
  }
  Waiter waiter(WaitReason(WaitKind::operation, this));
  if (start(*host, [](void* self) { static_cast<Waiter*>(self)->wake(); }, &waiter) == Progress::done) {
    return;
  }
  try {
    waiter.wait();
  } catch (...) {
    // The function may use this stack: it has to end first.
    cancel();
    waiter.wait_always();
    throw;
  }
}

bool in_greenlet() noexcept {
  const GreenletRecord& current = *this_thread_hub().current;
  return current.host != nullptr;
}

void throw_missing_greenlet() {
  throw MissingGreenlet("await_only() was called outside a greenlet, where nothing can be set aside: call the function "
                        "through greenlet_spawn() or AsyncConnection::run_sync(), or use await_fallback() to block");
}

void throw_operation_cancelled() { throw OperationCancelled("the operation was cancelled before it was awaited"); }

OutsideGreenlet::OutsideGreenlet() noexcept : host_(std::exchange(this_thread_hub().current->host, nullptr)) {}

OutsideGreenlet::~OutsideGreenlet() { this_thread_hub().current->host = host_; }

std::exception_ptr translate_cancelled(std::exception_ptr error) noexcept {
  try {
    std::rethrow_exception(error);
  } catch (const Cancelled&) {
    return std::make_exception_ptr(OperationCancelled("the operation was cancelled; its function has been unwound"));
  } catch (const GreenletExit&) {
    return std::make_exception_ptr(OperationCancelled("the operation's greenlet was destroyed before its function ended"));
  } catch (...) {
    return error;
  }
}

}  // namespace greenway::detail
