// SPDX-License-Identifier: BSL-1.0

// Knows nothing of traces; run with GREENWAY_TRACE.

#include <greenway/runtime/bridge.hpp>

int main() {
  return greenway::run([] {
    return greenway::await_only(greenway::greenlet_spawn(greenway::GreenletOptions{.name = "from the environment"}, [] {
      greenway::yield();
      return 0;
    }));
  });
}
