// SPDX-License-Identifier: BSL-1.0
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <system_error>

#include <sys/timerfd.h>
#include <unistd.h>

#include "bank/callback_clients.hpp"
#include "bank/caller.hpp"
#include "epoll_host.hpp"

namespace bank {

namespace {

/// Asks the loop to come back in a millisecond, again and again, and notes by how much it is late.
class Ticker {
 public:
  Ticker(EpollLoop& loop, Run& run) : loop_(loop), run_(run), timer_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)) {
    if (timer_ < 0) {
      throw std::system_error(errno, std::generic_category(), "timerfd_create");
    }
    tick();
    loop_.watch(timer_, [this] {
      run_.held(greenway::Clock::now() - due_);
      tick();
    });
  }
  ~Ticker() {
    loop_.forget(timer_);
    close(timer_);
  }
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

 private:
  void tick() {
    due_ = greenway::Clock::now() + std::chrono::milliseconds(1);
    itimerspec in_a_millisecond{};
    in_a_millisecond.it_value.tv_nsec = 1'000'000;
    timerfd_settime(timer_, 0, &in_a_millisecond, nullptr);
  }

  EpollLoop& loop_;
  Run& run_;
  int timer_;
  greenway::TimePoint due_;
};

}  // namespace

void call_from_epoll(const greenway::Engine& engine, Run& run) {
  EpollLoop loop;
  EpollHost host(loop);
  const Ticker ticker(loop, run);
  // In the loop, so that its end is not missed when the clients end at once.
  loop.post([&] { start_clients(host, engine, run, [&] { loop.stop(); }); });
  loop.run();
}

}  // namespace bank
