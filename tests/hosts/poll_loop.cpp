// SPDX-License-Identifier: BSL-1.0
#include <poll.h>

#include <greenway/runtime/reactor_host.hpp>

#include "host_under_test.hpp"
#include "loops.hpp"

namespace {

/// The least of all reactors: one descriptor, and poll().
class PollLoop final : public LoopUnderTest {
 public:
  greenway::Host& host() override { return host_; }
  void run_until(const bool& is_done) override {
    const greenway::ReactorHost::Running running(host_);
    while (!is_done) {
      pollfd item{host_.native_handle(), POLLIN, 0};
      if (::poll(&item, 1, -1) == 1) {
        host_.poll();
      }
    }
  }

 private:
  greenway::ReactorHost host_;
};

}  // namespace

void with_poll_loop(const std::function<void(LoopUnderTest&)>& use) {
  PollLoop loop;
  use(loop);
}
