// SPDX-License-Identifier: BSL-1.0
#include <greenway/asio/asio_host.hpp>

#include <future>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <pthread.h>

#include <greenway/base/error.hpp>

namespace greenway {

namespace asio = boost::asio;

namespace {

// A wake that the wrong thread picks up is handed on so often at once, and then with a pause each time.
constexpr int eager_attempts = 8;
constexpr std::chrono::microseconds attempt_pause{200};

/// How many threads the program has announced for a context; 1 when it has not.
template <class Scheduler = asio::detail::io_context_impl>
int announced_threads(asio::io_context& context) {
  if constexpr (requires(Scheduler& scheduler) { scheduler.concurrency_hint(); }) {
    return asio::use_service<Scheduler>(context).concurrency_hint();
  } else {
    return 1;
  }
}

/// Destroys what was posted to a context that is being destroyed, after Asio did so: the frame of an `asio::awaitable`
/// travels through its executor even then.
template <class Scheduler = asio::detail::io_context_impl>
void destroy_handlers(asio::io_context& context) {
  if constexpr (requires(Scheduler& scheduler) { scheduler.shutdown(); }) {
    asio::use_service<Scheduler>(context).shutdown();
  }
}

}  // namespace

/// What finds the host of a context, and ends it with the context.
class AsioHost::Service final : public asio::execution_context::service {
 public:
  using key_type = Service;
  static asio::execution_context::id id;

  explicit Service(asio::io_context& context) : asio::execution_context::service(context), host(context) {}
  void shutdown() override;

  AsioHost host;
};

/// Asio destroys services in the reverse order of their making: first tells each that it will be, when they destroy their
/// operations, and then deletes each. This one is made while they are told, so that it is deleted first: the operations are
/// gone then, and all services still there for whatever greenlets have on their stacks.
class AsioHost::Farewell final : public asio::execution_context::service {
 public:
  using key_type = Farewell;
  static asio::execution_context::id id;

  explicit Farewell(asio::io_context& context)
      : asio::execution_context::service(context), host_(asio::use_service<Service>(context).host) {}
  ~Farewell() override {
    host_.finish();
    destroy_handlers(static_cast<asio::io_context&>(context()));
  }
  void shutdown() override {}

 private:
  AsioHost& host_;
};

/// A context with one thread that runs the greenlets of another context.
class AsioHost::OwnLoop {
 public:
  explicit OwnLoop(asio::io_context& client) : host_(asio::use_service<Service>(context_).host) {
    host_.client_ = &client;
    std::promise<void> is_adopted;
    try {
      thread_ = std::thread([this, &is_adopted] {
        pthread_setname_np(pthread_self(), "gw-asio");
        host_.take_in_place();
        is_adopted.set_value();
        context_.run();
        host_.leave_thread();
        host_.end();
      });
    } catch (const std::system_error& error) {
      throw ResourceExhausted(std::string("no thread for the greenlets of an io_context can be had: ") + error.what());
    }
    is_adopted.get_future().wait();
  }
  ~OwnLoop() {
    go_on_.set_value();
    work_.reset();
    thread_.join();
  }
  OwnLoop(const OwnLoop&) = delete;
  OwnLoop& operator=(const OwnLoop&) = delete;

  [[nodiscard]] AsioHost& host() noexcept { return host_; }

  /// Lets no greenlet run until the destructor; then only to its end.
  void halt() {
    std::promise<void> is_halted;
    asio::post(context_, [this, &is_halted] {
      is_halted.set_value();
      go_on_.get_future().wait();
      host_.set_ended();
      context_.stop();
    });
    is_halted.get_future().wait();
  }

 private:
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  AsioHost& host_;
  std::promise<void> go_on_;
  std::thread thread_;
};

/// A wake that the wrong thread has picked up.
struct AsioHost::HandedOn {
  explicit HandedOn(asio::io_context& context) : pause(context) {}
  asio::steady_timer pause;
  int attempts = 0;
};

asio::execution_context::id AsioHost::Service::id;
asio::execution_context::id AsioHost::Farewell::id;

void AsioHost::Service::shutdown() {
  host.leave_context();
  asio::use_service<Farewell>(static_cast<asio::io_context&>(context()));
}

AsioHost& AsioHost::of(asio::io_context& context) {
  AsioHost& host = asio::use_service<Service>(context).host;
  if (AsioHost* const elsewhere = host.elsewhere_.load(std::memory_order_acquire)) {
    return *elsewhere;
  }
  return host.is_own_thread() || !host.is_running_here() ? host : host.enter();
}

AsioHost::AsioHost(asio::io_context& context)
    : context_(context), descriptor_(context_, native_handle()) {
  if (announced_threads(context) > 1) {
    own_loop_ = std::make_unique<OwnLoop>(context);
    elsewhere_.store(&own_loop_->host(), std::memory_order_release);
  }
}

AsioHost::~AsioHost() {
  // When threads ask for a context's host at the same time Asio makes several, and destroys all but one. The descriptor is the
  // reactor's: closed by both, the second time it may be somebody else's.
  if (!is_context_gone_) {
    descriptor_.release();
  }
}

/// A thread that runs the context is here. The first one is the one of the greenlets in place.
/// @return Whether it is this one.
bool AsioHost::take_in_place() noexcept {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(has_thread_, true)) {
    adopt_thread();
  }
  return is_own_thread();
}

/// @return The host for new greenlets, seen from a thread that runs the context.
AsioHost& AsioHost::enter() {
  if (take_in_place()) {
    return *this;
  }
  const std::lock_guard lock(mutex_);
  if (own_loop_ == nullptr) {
    own_loop_ = std::make_unique<OwnLoop>(context_);
    elsewhere_.store(&own_loop_->host(), std::memory_order_release);
  }
  return own_loop_->host();
}

/// The context is being destroyed: nothing of it runs any more, but its services are there.
void AsioHost::leave_context() {
  if (std::exchange(is_context_gone_, true)) {
    return;
  }
  leave_thread();
  is_watched_ = false;
  set_ended();
  // The descriptor is the host's: Asio must not close it.
  descriptor_.release();
  if (own_loop_ != nullptr) {
    own_loop_->halt();
  }
}

void AsioHost::finish() noexcept {
  own_loop_.reset();
  end();
}

bool AsioHost::is_running_here() const noexcept { return context_.get_executor().running_in_this_thread(); }

void AsioHost::schedule() noexcept {
  if (is_context_gone_) {
    return;
  }
  if (client_ != nullptr) {
    client_->get_executor().on_work_started();
  }
  asio::post(context_, [this] { on_scheduled(nullptr); });
}

void AsioHost::on_scheduled(std::unique_ptr<HandedOn> wake) {
  if (!is_own_thread() && !take_in_place()) [[unlikely]] {
    hand_on(&AsioHost::on_scheduled, std::move(wake));
    return;
  }
  drain();
  if (client_ != nullptr) {
    client_->get_executor().on_work_finished();
  }
}

void AsioHost::watch(bool on) noexcept {
  if (is_context_gone_) {
    return;
  }
  if (client_ != nullptr) {
    on ? client_->get_executor().on_work_started() : client_->get_executor().on_work_finished();
  }
  is_watched_ = on;
  if (on && !is_armed_) {
    arm();
  } else if (!on && is_armed_) {
    boost::system::error_code ignored;
    descriptor_.cancel(ignored);
  }
}

void AsioHost::arm() {
  is_armed_ = true;
  // Cancelled or readable, a look does no harm; and the wait may be wanted again by then.
  descriptor_.async_wait(asio::posix::descriptor_base::wait_read, [this](const boost::system::error_code&) { on_readable(nullptr); });
}

void AsioHost::on_readable(std::unique_ptr<HandedOn> wake) {
  if (!is_own_thread() && !take_in_place()) [[unlikely]] {
    hand_on(&AsioHost::on_readable, std::move(wake));
    return;
  }
  is_armed_ = false;
  poll();
  if (is_watched_ && !is_armed_) {
    arm();
  }
}

/// Asio cannot be told which thread to call a handler on: has it call `handler` again, until it is the right one.
void AsioHost::hand_on(void (AsioHost::*handler)(std::unique_ptr<HandedOn>), std::unique_ptr<HandedOn> wake) {
  if (wake == nullptr) {
    wake = std::make_unique<HandedOn>(context_);
  }
  if (++wake->attempts <= eager_attempts) {
    asio::post(context_, [this, handler, wake = std::move(wake)]() mutable { (this->*handler)(std::move(wake)); });
    return;
  }
  asio::steady_timer& pause = wake->pause;
  pause.expires_after(attempt_pause);
  pause.async_wait([this, handler, wake = std::move(wake)](const boost::system::error_code&) mutable {
    (this->*handler)(std::move(wake));
  });
}

void AsioHost::turn(Duration length) noexcept {
  if (is_context_gone_) {
    Host::turn(length);
    return;
  }
  if (context_.stopped()) {
    context_.restart();
  }
  context_.run_one_for(length);
}

}  // namespace greenway
