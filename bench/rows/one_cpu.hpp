// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file rows/one_cpu.hpp
/// @brief Keeps a client on the CPU of its server.

#include <sched.h>

namespace greenway::bench {

/// While it exists, this thread and what it starts runs on the first of its CPUs only. On a virtual machine waking
/// another CPU costs more than a short query takes. scripts/bench.sh puts the server on the same one.
class OneCpu {
 public:
  OneCpu() noexcept {
    sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t first;
    CPU_ZERO(&first);
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &before_)) {
        CPU_SET(cpu, &first);
        break;
      }
    }
    sched_setaffinity(0, sizeof first, &first);
  }
  ~OneCpu() { sched_setaffinity(0, sizeof before_, &before_); }
  OneCpu(const OneCpu&) = delete;
  OneCpu& operator=(const OneCpu&) = delete;

 private:
  cpu_set_t before_{};
};

}  // namespace greenway::bench
