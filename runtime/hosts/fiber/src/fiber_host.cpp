// SPDX-License-Identifier: BSL-1.0
#include <greenway/fiber/fiber_host.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include <boost/fiber/algo/algorithm.hpp>
#include <boost/fiber/context.hpp>
#include <boost/fiber/operations.hpp>
#include <boost/fiber/properties.hpp>
#include <boost/fiber/scheduler.hpp>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <greenway/base/error.hpp>
#include <greenway/runtime/detail/foreign_fiber.hpp>
#include <greenway/runtime/operation.hpp>

namespace greenway {

namespace fibers = boost::fibers;

namespace {

// While fibers are always ready, the descriptors are looked at once in so many rounds.
constexpr unsigned rounds_per_look = 16;
// Boost does not tell how large a fiber's stack is, only where it begins; none is smaller.
constexpr std::size_t least_stack_size = 16 * 1024;

/// What a fiber has besides Boost's own: lies in its properties, so that it goes with it.
class Fiber final : public fibers::fiber_properties, public detail::ForeignFiber {
 public:
  /// @return That of a context, made when it is first seen.
  static Fiber& of(fibers::context& context) {
    auto* fiber = dynamic_cast<Fiber*>(context.get_properties());
    if (fiber == nullptr) {
      fiber = new Fiber(context);
      context.set_properties(fiber);
    }
    return *fiber;
  }

  [[nodiscard]] bool is_of(const fibers::context& context) const noexcept { return &context_ == &context; }

 private:
  explicit Fiber(fibers::context& context)
      : fiber_properties(&context), ForeignFiber(kind_of(context), &context, least_stack_size), context_(context) {}

  static Kind kind_of(const fibers::context& context) noexcept {
    return context.is_context(fibers::type::main_context)         ? Kind::thread
           : context.is_context(fibers::type::dispatcher_context) ? Kind::loop
                                                                  : Kind::fiber;
  }

  void suspend() noexcept override { context_.suspend(); }
  void wake() noexcept override { fibers::context::active()->schedule(&context_); }

  fibers::context& context_;
};

/// Wakes suspend_until() from any thread; remains when the host goes.
class WakeUp {
 public:
  WakeUp() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (fd_ < 0) {
      throw ResourceExhausted(std::string("making an event loop failed: ") + std::strerror(errno) + "; see ulimit -n");
    }
  }
  ~WakeUp() { close(fd_); }
  WakeUp(const WakeUp&) = delete;
  WakeUp& operator=(const WakeUp&) = delete;

  void notify() noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(fd_, &one, sizeof one);
  }

  /// Waits for a wake-up, or for another descriptor to be readable.
  /// @param other  Or -1.
  void wait(int other, TimePoint until) noexcept {
    std::array<pollfd, 2> items{{{fd_, POLLIN, 0}, {other, POLLIN, 0}}};
    timespec left{};
    const bool is_bounded = until != TimePoint::max();
    if (is_bounded) {
      const Duration rest = std::max(until - Clock::now(), Duration::zero());
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(rest);
      left.tv_sec = seconds.count();
      left.tv_nsec = (rest - seconds).count();
    }
    if (ppoll(items.data(), items.size(), is_bounded ? &left : nullptr, nullptr) > 0 && items[0].revents != 0) {
      std::uint64_t count = 0;
      [[maybe_unused]] const auto drained = read(fd_, &count, sizeof count);
    }
  }

 private:
  int fd_;
};

constinit thread_local detail::FiberAlgorithm* algorithm_of_thread = nullptr;

}  // namespace

/// Round robin, as Boost's own. Each switch begins with pick_next(), on the stack that is left, but for the launch of a fiber
/// that runs at once: that shows in the next call, awakened() for the fiber that launched it, on the new stack.
class detail::FiberAlgorithm final : public fibers::algo::algorithm {
 public:
  FiberAlgorithm() : running_(&Fiber::of(*fibers::context::active())) { algorithm_of_thread = this; }
  ~FiberAlgorithm() override { algorithm_of_thread = nullptr; }

  [[gnu::no_sanitize("address"), gnu::no_sanitize("thread")]] void awakened(fibers::context* context) noexcept override {
    context->ready_link(ready_);
    if (Fiber* const left = launched_from()) {
      running_->switch_from(*left);
    }
  }

  [[gnu::no_sanitize("address"), gnu::no_sanitize("thread")]] fibers::context* pick_next() noexcept override {
    fibers::context* const next = take_next();
    if (Fiber* const left = next != nullptr ? leave_for(*next) : nullptr) {
      running_->switch_from(*left);
    }
    return next;
  }

  bool has_ready_fibers() const noexcept override { return !ready_.empty(); }

  void suspend_until(const std::chrono::steady_clock::time_point& until) noexcept override {
    if (host_ != nullptr) {
      host_->wait(until);
    } else {
      wake_up.wait(-1, until);
    }
  }

  void notify() noexcept override { wake_up.notify(); }

  /// From now on waits use that host; null: none.
  void attach(FiberHost* host) noexcept {
    host_ = host;
    running_->bind(host);
  }

  [[nodiscard]] FiberHost* host() const noexcept { return host_; }

  WakeUp wake_up;

 private:
  using Queue = fibers::scheduler::ready_queue_type;

  [[gnu::noinline]] fibers::context* take_next() noexcept {
    if (host_ != nullptr && fibers::context::active()->is_context(fibers::type::dispatcher_context)) {
      host_->look(!ready_.empty());
    }
    if (ready_.empty()) {
      return nullptr;
    }
    fibers::context* const next = &ready_.front();
    ready_.pop_front();
    return next;
  }

  /// @return The fiber that runs; null if it is `next` itself.
  [[gnu::noinline]] Fiber* leave_for(fibers::context& next) noexcept {
    Fiber* const left = running_;
    running_ = &Fiber::of(next);
    running_->bind(host_);
    return left != running_ ? left : nullptr;
  }

  /// @return The fiber that was left without a word; null if none was.
  [[gnu::noinline]] Fiber* launched_from() noexcept {
    return running_->is_of(*fibers::context::active()) ? nullptr : leave_for(*fibers::context::active());
  }

  FiberHost* host_ = nullptr;
  Fiber* running_;
  Queue ready_;
};

FiberHost::FiberHost() {
  adopt_thread();  // makes the thread's greenlets, which are to outlive its fibers
  if (algorithm_of_thread == nullptr) {
    try {
      fibers::use_scheduling_algorithm<detail::FiberAlgorithm>();
    } catch (...) {
      leave_thread();
      throw;
    }
  } else if (algorithm_of_thread->host() != nullptr) {
    leave_thread();
    throw InvalidRequestError("this thread has a FiberHost already: one serves all its fibers");
  }
  algorithm_ = algorithm_of_thread;
  intrusive_ptr_add_ref(algorithm_);
  algorithm_->attach(this);
}

FiberHost::~FiberHost() {
  end();
  leave_thread();
  algorithm_->attach(nullptr);
  intrusive_ptr_release(algorithm_);
}

bool FiberHost::is_running_here() const noexcept { return is_own_thread() && !detail::in_greenlet(); }

void FiberHost::schedule() noexcept {
  has_work_.store(true, std::memory_order_release);
  if (!is_own_thread()) {
    algorithm_->wake_up.notify();
  }
}

void FiberHost::watch(bool on) noexcept { is_watched_ = on; }

/// In each round of the dispatcher.
void FiberHost::look(bool others_are_ready) noexcept {
  if (has_work_.exchange(false, std::memory_order_acq_rel) ||
      (others_are_ready && is_watched_ && ++rounds_ % rounds_per_look == 0)) {
    poll();
  }
}

/// No fiber is ready.
void FiberHost::wait(TimePoint until) noexcept {
  if (!has_work_.load(std::memory_order_acquire)) {
    algorithm_->wake_up.wait(native_handle(), until);
  }
  has_work_.store(false, std::memory_order_release);
  poll();
}

void FiberHost::turn(Duration length) noexcept {
  if (is_running_here()) {
    Host::turn(length);
  } else if (has_work_.load(std::memory_order_acquire)) {
    boost::this_fiber::yield();
  } else {
    boost::this_fiber::sleep_for(length);
  }
}

}  // namespace greenway
