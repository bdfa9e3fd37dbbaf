// SPDX-License-Identifier: BSL-1.0
#include <greenway/runtime/loop_host.hpp>

#include "host_under_test.hpp"
#include "loops.hpp"

namespace {

class OwnLoop final : public LoopUnderTest {
 public:
  OwnLoop() {
    // A loop belongs to the thread that has run it.
    bool is_done = false;
    loop_.post([&] { is_done = true; });
    loop_.run_until(is_done);
  }
  greenway::Host& host() override { return loop_; }
  void run_until(const bool& is_done) override { loop_.run_until(is_done); }

 private:
  greenway::LoopHost loop_;
};

}  // namespace

void with_own_loop(const std::function<void(LoopUnderTest&)>& use) {
  OwnLoop loop;
  use(loop);
}
