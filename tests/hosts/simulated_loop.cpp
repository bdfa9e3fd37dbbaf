// SPDX-License-Identifier: BSL-1.0
#include <chrono>

#include <greenway/runtime/simulated_host.hpp>

#include "host_under_test.hpp"
#include "loops.hpp"

namespace {

/// Gives threads and descriptors real time before its own passes them by.
class SimulatedLoop final : public LoopUnderTest {
 public:
  greenway::Host& host() override { return host_; }
  void run_until(const bool& is_done) override { host_.run_until(is_done); }

 private:
  greenway::SimulatedHost host_{{.shuffle = false, .patience = std::chrono::milliseconds(50)}};
};

}  // namespace

void with_simulated_loop(const std::function<void(LoopUnderTest&)>& use) {
  SimulatedLoop loop;
  use(loop);
}
