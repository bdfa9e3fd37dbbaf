// SPDX-License-Identifier: BSL-1.0
#include "host_under_test.hpp"

#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "loops.hpp"

std::vector<HostUnderTest> every_host() {
  static constexpr HostUnderTest all[] = {
      {"blocking thread", nullptr},
      {"greenway::run", with_own_loop},
      {"simulation", with_simulated_loop},
      {"any reactor", with_poll_loop},
#ifdef GREENWAY_TEST_EPOLL
      {"epoll", with_epoll_loop},
#endif
      {"asio", with_asio_loop},
#ifdef GREENWAY_TEST_UV
      {"uv", with_uv_loop},
#endif
#ifdef GREENWAY_TEST_GLIB
      {"glib", with_glib_loop},
#endif
#ifdef GREENWAY_TEST_FIBER
      {"boost.fiber", with_fiber_loop},
#endif
  };
  const char* const wanted = std::getenv("GREENWAY_TEST_HOST");
  std::vector<HostUnderTest> hosts;
  for (const HostUnderTest& host : all) {
    if (wanted == nullptr || std::string_view(wanted) == host.name) {
      hosts.push_back(host);
    }
  }
  if (hosts.empty()) {
    throw std::runtime_error(std::string("GREENWAY_TEST_HOST names no host: ") + wanted);
  }
  return hosts;
}

std::vector<HostUnderTest> every_loop() {
  std::vector<HostUnderTest> loops = every_host();
  std::erase_if(loops, [](const HostUnderTest& host) { return host.with_loop == nullptr; });
  return loops;
}

void run(const HostUnderTest& host, const std::function<void()>& body) {
  if (host.with_loop == nullptr) {
    body();
  } else {
    host.with_loop([&](LoopUnderTest& loop) { run(loop, body); });
  }
}

void run(LoopUnderTest& loop, const std::function<void()>& body) {
  bool is_done = false;
  greenway::Outcome<void> outcome;
  greenway::greenlet_spawn(on(loop), body).start([&](greenway::Outcome<void>&& ended) {
    outcome = std::move(ended);
    is_done = true;
  });
  if (!is_done) {
    loop.run_until(is_done);
  }
  std::move(outcome).get();
}

greenway::GreenletOptions on(LoopUnderTest& loop) {
  greenway::GreenletOptions options;
  options.host = &loop.host();
  return options;
}

struct Companion::Thread {
  explicit Thread(std::function<void()> fn)
      : thread([this, fn = std::move(fn)] {
          try {
            fn();
          } catch (...) {
            error = std::current_exception();
          }
        }) {}

  std::exception_ptr error = nullptr;
  std::thread thread;
};

Companion::Companion(std::function<void()> fn) {
  if (greenway::in_greenlet()) {
    greenlet_ = greenway::greenlet_spawn(std::move(fn)).to_future();
  } else {
    thread_ = std::make_unique<Thread>(std::move(fn));
  }
}

Companion::~Companion() {
  try {
    join();
  } catch (...) {
    // Of no interest: the case has failed already, or does not ask.
  }
}

void Companion::join() {
  if (greenlet_) {
    std::exchange(greenlet_, std::nullopt)->get();
  } else if (const auto ended = std::move(thread_)) {
    ended->thread.join();
    if (ended->error != nullptr) {
      std::rethrow_exception(ended->error);
    }
  }
}
