// SPDX-License-Identifier: BSL-1.0
#include <greenway/runtime/loop_host.hpp>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include <sys/eventfd.h>
#include <unistd.h>

#include <greenway/base/error.hpp>
#include <greenway/runtime/operation.hpp>

#include "host_access.hpp"
#include "scheduler.hpp"

namespace greenway {

/// While it exists, this thread's loop is `host`; before and after, what it was.
class LoopHost::Turn {
 public:
  explicit Turn(LoopHost& host) : host_(host), outer_(detail::this_thread_hub().host) {
    if (!host.is_own_thread() && !host.is_idle()) {
      throw GreenletError("greenlets of this loop are suspended on the thread that ran it before: run it there, or shut it "
                          "down there first");
    }
    host_.adopt_thread();
    host_.is_running_ = true;
  }
  ~Turn() {
    host_.leave_thread();
    host_.is_running_ = false;
    detail::this_thread_hub().host = outer_;
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  LoopHost& host_;
  std::shared_ptr<std::atomic<Host*>> outer_;
};

LoopHost::LoopHost() : wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_ < 0 || !HostAccess::reactor(*this)->add_wake(wake_)) {
    const int error = errno;
    close(wake_);
    throw ResourceExhausted(std::string("making an event loop failed: ") + std::strerror(error) + "; see ulimit -n");
  }
}

LoopHost::~LoopHost() {
  end();
  close(wake_);
}

void LoopHost::schedule() noexcept {
  has_work_.store(true, std::memory_order_release);
  if (!is_own_thread()) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(wake_, &one, sizeof one);
  }
}

void LoopHost::watch(bool) noexcept {}

void LoopHost::turn(Duration length) noexcept {
  const Turn here(*this);
  Host::turn(length);
}

void LoopHost::run(detail::OperationState& operation) {
  const Turn turn(*this);
  bool is_done = false;
  if (operation.start(*this, [](void* done) { *static_cast<bool*>(done) = true; }, &is_done) ==
      detail::OperationState::Progress::pending) {
    run_until(is_done);
  }
}

void LoopHost::run_until(const bool& is_done) {
  const Turn turn(*this);
  while (!is_done) {
    if (has_work_.exchange(false, std::memory_order_acq_rel)) {
      poll();
    } else {
      wait_and_poll();
    }
  }
}

}  // namespace greenway
