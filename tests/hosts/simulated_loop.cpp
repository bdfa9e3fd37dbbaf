// SPDX-License-Identifier: BSL-1.0
#include <chrono>

#include <greenway/runtime/simulated_host.hpp>

#include "host_under_test.hpp"
#include "loops.hpp"

namespace {

/// A simulation that leaves nothing to chance and gives other threads, signals and descriptors their time: whatever waits for
/// them may take that long in earnest before the simulation's time passes it by.
class SimulatedLoop final : public LoopUnderTest {
 public:
  greenway::Host& host() override { return host_; }
  void run_until(const bool& is_done) override { host_.run_until(is_done); }

 private:
  static greenway::SimulationOptions in_order() {
    greenway::SimulationOptions options;
    options.shuffle = false;
    options.patience = std::chrono::milliseconds(20);
    return options;
  }

  greenway::SimulatedHost host_{in_order()};
};

}  // namespace

void with_simulated_loop(const std::function<void(LoopUnderTest&)>& use) {
  SimulatedLoop loop;
  use(loop);
}
