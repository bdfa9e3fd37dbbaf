// SPDX-License-Identifier: BSL-1.0
#include <chrono>

#include <boost/fiber/operations.hpp>

#include <greenway/fiber/fiber_host.hpp>

#include "host_under_test.hpp"
#include "loops.hpp"

namespace {

class FiberLoop final : public LoopUnderTest {
 public:
  greenway::Host& host() override { return host_; }
  void run_until(const bool& is_done) override {
    // The loop runs whenever the main fiber does not.
    while (!is_done) {
      boost::this_fiber::sleep_for(std::chrono::microseconds(100));
    }
  }

 private:
  greenway::FiberHost host_;
};

}  // namespace

void with_fiber_loop(const std::function<void(LoopUnderTest&)>& use) {
  FiberLoop loop;
  use(loop);
}
