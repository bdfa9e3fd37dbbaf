// SPDX-License-Identifier: BSL-1.0
#include "rows/rows.hpp"

#include <stdexcept>
#include <string>

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <greenway/runtime/bridge.hpp>

#include "rows/socket_pair.hpp"
#include "timed_row.hpp"

namespace greenway::bench {

namespace {

/// @return What a call would be without Greenway.
template <class F>
F* libcs(const char* name, F* greenways) {
  auto* const next = reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
  if (next == nullptr || next == greenways) {
    throw NotMeasured(std::string(name) + "() is not intercepted in this program");
  }
  return next;
}

/// Outside of greenlets, on a thread that has had some: the call looks whether it is in one that allows it.
/// @param poll  By its address, as a shared library has it.
void poll_what_is_ready(benchmark::State& state, decltype(&::poll) poll) {
  run([] {});
  const SocketPair sockets;
  sockets.send();
  pollfd item{sockets.near_end(), POLLIN, 0};
  benchmark::DoNotOptimize(poll);
  for (auto _ : state) {
    if (poll(&item, 1, -1) != 1) {
      throw std::runtime_error("poll() has not found the byte");
    }
  }
}

/// Likewise.
void read_a_byte(benchmark::State& state, decltype(&::read) read) {
  run([] {});
  const int zeros = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  char byte;
  benchmark::DoNotOptimize(read);
  for (auto _ : state) {
    if (read(zeros, &byte, 1) != 1) {
      throw std::runtime_error("read() has not found the byte");
    }
  }
  close(zeros);
}

}  // namespace

Family interpose_outside_rows() {
  using benchmark::State;
  return {
      counted_row("interpose/poll_outside/greenway", [](State& state) { poll_what_is_ready(state, ::poll); }),
      counted_row("interpose/poll_outside/libc",
                  [](State& state) { poll_what_is_ready(state, libcs("poll", ::poll)); }),
      counted_row("interpose/read_outside/greenway", [](State& state) { read_a_byte(state, ::read); }),
      counted_row("interpose/read_outside/libc", [](State& state) { read_a_byte(state, libcs("read", ::read)); }),
  };
}

}  // namespace greenway::bench
