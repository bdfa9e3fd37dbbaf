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
#include "loop_turn.hpp"

namespace greenway {

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

[[gnu::hot]] void LoopHost::watch(bool) noexcept {}

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

[[gnu::hot]] void LoopHost::run_until(const bool& is_done) {
  const Turn turn(*this);
  while (!is_done) {
    step();
  }
}

[[gnu::hot]] void LoopHost::step() {
  if (has_work_.exchange(false, std::memory_order_acq_rel)) {
    poll();
  } else {
    wait_and_poll();
  }
}

}  // namespace greenway
