// SPDX-License-Identifier: BSL-1.0
#include <greenway/runtime/reactor_host.hpp>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include <sys/eventfd.h>
#include <unistd.h>

#include <greenway/base/error.hpp>

#include "host_access.hpp"

namespace greenway {

ReactorHost::Running::Running(ReactorHost& host) noexcept : host_(host) {
  host_.adopt_thread();
  ++host_.running_;
}

ReactorHost::Running::~Running() { --host_.running_; }

ReactorHost::ReactorHost() : wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_ < 0 || !HostAccess::reactor(*this)->add_wake(wake_)) {
    const int error = errno;
    close(wake_);
    throw ResourceExhausted(std::string("making an event loop failed: ") + std::strerror(error) + "; see ulimit -n");
  }
  adopt_thread();
}

ReactorHost::~ReactorHost() {
  end();
  leave_thread();
  close(wake_);
}

void ReactorHost::poll() {
  ++running_;
  Host::poll();
  --running_;
}

void ReactorHost::schedule() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(wake_, &one, sizeof one);
}

}  // namespace greenway
