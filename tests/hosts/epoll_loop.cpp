// SPDX-License-Identifier: BSL-1.0
#include "epoll_host.hpp"
#include "host_under_test.hpp"
#include "loops.hpp"

namespace {

class EpollLoopUnderTest final : public LoopUnderTest {
 public:
  greenway::Host& host() override { return host_; }
  void run_until(const bool& is_done) override {
    while (!is_done) {
      loop_.run_one();
    }
  }

 private:
  EpollLoop loop_;
  EpollHost host_{loop_};
};

}  // namespace

void with_epoll_loop(const std::function<void(LoopUnderTest&)>& use) {
  EpollLoopUnderTest loop;
  use(loop);
}
