// SPDX-License-Identifier: BSL-1.0
#include "epoll_host.hpp"

EpollHost::EpollHost(EpollLoop& loop) : loop_(loop), self_(std::make_shared<EpollHost*>(this)) { adopt_thread(); }

EpollHost::~EpollHost() {
  end();           // the greenlets that are left
  leave_thread();  // nobody asks for a turn any more
  loop_.forget(native_handle());
}

bool EpollHost::is_running_here() const noexcept { return is_own_thread() && loop_.is_running(); }

// Called from any thread, once until drain() or poll() has been called.
void EpollHost::schedule() noexcept {
  loop_.post([self = std::weak_ptr(self_)] {
    if (const auto host = self.lock()) {
      (*host)->drain();
    }
  });
}

// Greenlets wait (or do not any more) for what native_handle() tells by being readable.
void EpollHost::watch(bool on) noexcept {
  if (on) {
    loop_.watch(native_handle(), [this] { poll(); });
  } else {
    loop_.forget(native_handle());
  }
}
