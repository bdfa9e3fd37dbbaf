// SPDX-License-Identifier: BSL-1.0
#include <greenway/runtime/detail/interposition.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <new>

#include <dlfcn.h>

#include <greenway/base/log.hpp>
#include <greenway/runtime/interpose_scope.hpp>
#include <greenway/runtime/offload.hpp>

#include "host_access.hpp"
#include "reactor.hpp"
#include "scheduler.hpp"
#include "scopes.hpp"

namespace greenway {

namespace detail {

namespace {

/// So long at most nobody looks: a descriptor may have been closed by a call that nobody intercepts.
constexpr std::chrono::milliseconds blind_limit{1000};
/// The same where even the registration is that of an earlier wait, and may be that of another file.
constexpr std::chrono::milliseconds assumed_limit{50};
/// The same where there is no registration.
constexpr std::chrono::milliseconds unregistered_limit{10};

/// @return 0, or why a call of this greenlet must not wait.
int reason_to_end(const GreenletRecord& greenlet) noexcept {
  if (greenlet.is_unwinding) {
    return ECANCELED;
  }
  if (!is_cancelled_now(greenlet.scopes)) {
    return 0;
  }
  return deadline_of(greenlet.scopes).has_passed() ? ETIMEDOUT : ECANCELED;
}

/// The descriptors of one wait, watched while this exists.
class Watches {
 public:
  Watches(Reactor& reactor, Waiter& waiter, pollfd* items, std::size_t count, std::uint32_t changes)
      : reactor_(reactor), items_(items), count_(count) {
    if (count > few_.size()) {
      many_ = std::make_unique<Watch[]>(count);
    }
    for (std::size_t i = 0; i != count; ++i) {
      Watch& watch = at(i);
      watch.waiter = &waiter;
      watch.fd = items[i].fd;
      watch.events = static_cast<std::uint32_t>(static_cast<std::uint16_t>(items[i].events));
      if (watch.fd >= 0) {
        is_blind_ = reactor.watch(watch, changes) != 0 || is_blind_;
        is_assumed_ = is_assumed_ || watch.is_assumed;
      }
    }
  }
  ~Watches() {
    for (std::size_t i = 0; i != count_; ++i) {
      reactor_.unwatch(at(i));
    }
  }
  Watches(const Watches&) = delete;
  Watches& operator=(const Watches&) = delete;

  /// @return After how long to look, whatever happens. Some cannot be registered: epoll sets within each other, files,
  ///         limits of the system.
  [[nodiscard]] std::chrono::milliseconds limit() const noexcept {
    return is_blind_ ? unregistered_limit : is_assumed_ ? assumed_limit : blind_limit;
  }

  /// Nothing was heard for so long: the next wait assumes nothing.
  void distrust() noexcept {
    for (std::size_t i = 0; i != count_; ++i) {
      if (at(i).is_assumed) {
        reactor_.distrust(at(i));
      }
    }
  }

  /// Says of the only descriptor what the event said of it, if that was just now.
  void tell_news() noexcept {
    if (count_ == 1) {
      items_->revents = static_cast<short>(static_cast<std::uint16_t>(reactor_.news(at(0))));
    }
  }

  /// @return Whether one was closed meanwhile; marks those.
  bool mark_closed() noexcept {
    bool is_any_closed = false;
    for (std::size_t i = 0; i != count_; ++i) {
      items_[i].revents = at(i).is_closed ? POLLNVAL : 0;
      is_any_closed = is_any_closed || at(i).is_closed;
    }
    return is_any_closed;
  }

 private:
  Watch& at(std::size_t i) noexcept { return many_ != nullptr ? many_[i] : few_[i]; }

  Reactor& reactor_;
  pollfd* items_;
  std::size_t count_;
  std::array<Watch, 4> few_{};
  std::unique_ptr<Watch[]> many_;
  bool is_blind_ = false;
  bool is_assumed_ = false;
};

WaitReason reason_of(const pollfd* items, std::size_t count) noexcept {
  if (count != 1) {
    return count == 0 ? WaitKind::timer : WaitKind::descriptors;
  }
  const bool reads = (items->events & (POLLIN | POLLPRI | POLLRDHUP)) != 0;
  const bool writes = (items->events & POLLOUT) != 0;
  return WaitReason(reads && writes ? WaitKind::readable_or_writable : writes ? WaitKind::writable : WaitKind::readable,
                    items->fd);
}

[[gnu::hot]] int wait(pollfd* items, std::size_t count, std::int64_t until) noexcept {
  const GreenletRecord& greenlet = *this_thread_hub().current;
  try {
    Waiter waiter(reason_of(items, count));
    Watches watches(*HostAccess::reactor(*greenlet.host), waiter, items, count, interposer()->changes->load());
    const Deadline bound = until == no_bound ? Deadline() : Deadline::at(TimePoint(Duration(until)));
    const bool is_woken = waiter.wait(count == 0 ? bound : earlier(bound, Deadline::in(watches.limit())));
    if (watches.mark_closed()) {
      return EBADF;
    }
    if (is_woken) {
      watches.tell_news();
    } else {
      watches.distrust();
    }
    return 0;
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  } catch (...) {
    // Cancelled, or the GreenletExit of one that is being destroyed: its next wait throws again.
    const int error = reason_to_end(greenlet);
    return error != 0 ? error : ECANCELED;
  }
}

class Call final : public Job {
 public:
  Call(void (*fn)(void*), void (*discard)(void*), void* argument) noexcept : fn_(fn), discard_(discard), argument_(argument) {}
  ~Call() override {
    if (discard_ != nullptr) {
      discard_(argument_);
    }
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  void run() noexcept override { fn_(argument_); }
  /// The caller has it again.
  void keep_argument() noexcept { discard_ = nullptr; }

 private:
  void (*fn_)(void*);
  void (*discard_)(void*);
  void* argument_;
};

int run_on_helper(void (*fn)(void*), void* argument) noexcept {
  Call call(fn, nullptr, argument);
  try {
    detail::run_on_helper(call);
    return 0;
  } catch (...) {
    return EAGAIN;
  }
}

int run_detached(void (*fn)(void*), void (*discard)(void*), void* argument) noexcept {
  const GreenletRecord& greenlet = *this_thread_hub().current;
  try {
    const auto call = std::make_shared<Call>(fn, discard, argument);
    if (const int error = reason_to_end(greenlet); error != 0) {
      return error;
    }
    run_on_helper_detached(call, {});
    call->keep_argument();
    return 0;
  } catch (const Error&) {
    return EAGAIN;
  } catch (...) {
    const int error = reason_to_end(greenlet);
    return error != 0 ? error : ECANCELED;
  }
}

void closing(int fd) noexcept {
  const ThreadHub& hub = this_thread_hub();
  Host* host = hub.current->host;
  if (host == nullptr && hub.host != nullptr) {
    host = hub.host->load(std::memory_order_acquire);
  }
  if (host != nullptr && host->is_own_thread()) {
    HostAccess::reactor(*host)->closing(fd);
  }
}

void warn(const char* text) noexcept { log(LogLevel::warning, "greenway.interpose", text); }

const Interposer* attach() noexcept {
  static constexpr Interposition runtime{
      .wait = wait, .run_on_helper = run_on_helper, .run_detached = run_detached, .closing = closing, .warn = warn};
  auto* const attach = reinterpret_cast<AttachInterposer*>(dlsym(RTLD_DEFAULT, "greenway_interpose_attach"));
  return attach != nullptr ? attach(runtime) : nullptr;
}

bool is_wanted_everywhere() noexcept {
  const char* const value = std::getenv("GREENWAY_INTERPOSE");
  return value != nullptr && *value != '\0' && *value != '0';
}

void tell_first_use() noexcept {
  static std::atomic<bool> has_told{false};
  if (has_told.load(std::memory_order_relaxed) || has_told.exchange(true)) {
    return;
  }
  if (const Interposer* const attached = interposer(); attached != nullptr) {
    attached->first_use();
  } else {
    warn("a greenlet wants libc's blocking calls to suspend, but nothing intercepts them: link greenway::interpose, or start "
         "the program with LD_PRELOAD=libgreenway_interpose.so");
  }
}

}  // namespace

const Interposer* interposer() noexcept {
  static const Interposer* const attached = attach();
  return attached;
}

Interposing not_interposing() noexcept {
  static const bool is_traced = interposer() != nullptr && interposer()->is_traced;
  return is_traced ? Interposing::told : Interposing::off;
}

Interposing interposing_of(bool wanted) noexcept {
  static const Interposing usual = is_wanted_everywhere() ? Interposing::on : not_interposing();
  const Interposing interposing = wanted ? Interposing::on : usual;
  if (interposing == Interposing::on) [[unlikely]] {
    tell_first_use();
  }
  return interposing;
}

}  // namespace detail

InterposeScope::InterposeScope(bool suspends) noexcept {
  GreenletRecord* const current = detail::this_thread_hub().current;
  greenlet_ = current->host != nullptr ? current : nullptr;
  if (greenlet_ != nullptr) {
    before_ = greenlet_->interposing;
    greenlet_->interposing = suspends ? detail::interposing_of(true) : detail::not_interposing();
  }
}

InterposeScope::~InterposeScope() {
  if (greenlet_ != nullptr) {
    greenlet_->interposing = before_;
  }
}

bool is_interposed() noexcept {
  const GreenletRecord& current = *detail::this_thread_hub().current;
  return current.host != nullptr && current.interposing == detail::Interposing::on && detail::interposer() != nullptr;
}

}  // namespace greenway
