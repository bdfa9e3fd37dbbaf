// SPDX-License-Identifier: BSL-1.0

// Conformance of hosts: descriptors.

#include <chrono>
#include <memory>
#include <vector>

#include <greenway/base/error.hpp>
#include <greenway/runtime/wait.hpp>

#include "host_under_test.hpp"
#include "sockets.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace greenway;

namespace {

/// No wait of these cases takes that long, unless the host is broken.
Deadline soon() { return Deadline::in(10s); }

/// @return Whether the wait met its deadline.
bool is_never_ready(int fd, Interest interest) {
  try {
    wait_for(fd, interest, Deadline::in(1ms));
    return false;
  } catch (const TimeoutError&) {
    return true;
  }
}

}  // namespace

TEST_CASE("a host ends a wait when the descriptor is ready for what was asked, and not before") {
  const HostUnderTest host = GENERATE(from_range(every_host()));
  CAPTURE(host.name);
  std::vector<bool> seen;
  run(host, [&] {
    const Sockets sockets;
    seen.push_back(is_never_ready(sockets.near(), Interest::read));
    seen.push_back(includes(wait_for(sockets.near(), Interest::write, soon()), Interest::write));
    Companion sender([&] {
      sleep_for(1ms);
      sockets.send();
    });
    seen.push_back(includes(wait_for(sockets.near(), Interest::read, soon()), Interest::read));
    sender.join();
    seen.push_back(sockets.receive());
    seen.push_back(is_never_ready(sockets.near(), Interest::read));
  });
  CHECK(seen == std::vector<bool>(5, true));
}

TEST_CASE("a host lets one wait for reading and another for writing on the same descriptor") {
  const HostUnderTest host = GENERATE(from_range(every_host()));
  CAPTURE(host.name);
  bool has_read = false;
  bool has_written = false;
  run(host, [&] {
    const Sockets sockets;
    sockets.fill();
    Companion reader([&] { has_read = includes(wait_for(sockets.near(), Interest::read, soon()), Interest::read); });
    Companion writer([&] { has_written = includes(wait_for(sockets.near(), Interest::write, soon()), Interest::write); });
    sleep_for(1ms);
    sockets.send();
    reader.join();
    sockets.drain();
    writer.join();
  });
  CHECK(has_read);
  CHECK(has_written);
}

TEST_CASE("a host takes the other end's hang-up for readiness of both kinds, again and again") {
  const HostUnderTest host = GENERATE(from_range(every_host()));
  CAPTURE(host.name);
  int ready = 0;
  run(host, [&] {
    Sockets sockets;
    Descriptor descriptor(sockets.near());
    Companion leaver([&] {
      sleep_for(1ms);
      sockets.close_far();
    });
    ready += includes(descriptor.wait(Interest::read, soon()), Interest::read) ? 1 : 0;
    leaver.join();
    sleep_for(1ms);  // the loop sees it while nobody waits
    ready += includes(descriptor.wait(Interest::read, soon()), Interest::read) ? 1 : 0;
    ready += includes(descriptor.wait(Interest::write, soon()), Interest::write) ? 1 : 0;
  });
  CHECK(ready == 3);
}

TEST_CASE("a host knows a number that was closed and reused for the new file") {
  const HostUnderTest host = GENERATE(from_range(every_host()));
  CAPTURE(host.name);
  std::vector<bool> seen;
  run(host, [&] {
    for (int round = 0; round < 3; ++round) {
      auto old = std::make_unique<Sockets>();
      const int number = old->near();
      seen.push_back(is_never_ready(number, Interest::read));
      old->send();
      wait_readable(number, soon());
      old.reset();
      const Sockets sockets;
      seen.push_back(sockets.near() == number);
      seen.push_back(is_never_ready(number, Interest::read));
      sockets.send();
      wait_readable(number, soon());
    }
  });
  CHECK(seen == std::vector<bool>(9, true));
}

TEST_CASE("a host knows a number that a forgotten registration had for the new file") {
  const HostUnderTest host = GENERATE(from_range(every_host()));
  CAPTURE(host.name);
  std::vector<bool> seen;
  run(host, [&] {
    auto old = std::make_unique<Sockets>();
    const int number = old->near();
    old->send();
    Descriptor registered(number);
    registered.wait(Interest::read, soon());
    registered.forget();
    old.reset();
    const Sockets sockets;
    seen.push_back(sockets.near() == number);
    Descriptor again(number);
    try {
      again.wait(Interest::read, Deadline::in(1ms));
      seen.push_back(false);
    } catch (const TimeoutError&) {
      seen.push_back(true);
    }
    sockets.send();
    again.wait(Interest::read, soon());
  });
  CHECK(seen == std::vector<bool>(2, true));
}

TEST_CASE("a host ends the wait for a descriptor that is closed meanwhile by its deadline, and goes on") {
  const HostUnderTest host = GENERATE(from_range(every_host()));
  CAPTURE(host.name);
  bool has_ended = false;
  bool is_same_number = false;
  run(host, [&] {
    Sockets sockets;
    const int number = sockets.near();
    Companion waiter([&] {
      try {
        wait_readable(number, Deadline::in(20ms));
      } catch (const TimeoutError&) {
        has_ended = true;
      } catch (const InvalidRequestError&) {
        has_ended = true;  // a thread may come too late to wait for it
      }
    });
    sleep_for(1ms);
    sockets.close_near();
    waiter.join();
    const Sockets others;
    is_same_number = others.near() == number;
    others.send();
    wait_readable(others.near(), soon());
  });
  CHECK(has_ended);
  CHECK(is_same_number);
}

TEST_CASE("a host refuses a descriptor that is closed") {
  const HostUnderTest host = GENERATE(from_range(every_host()));
  CAPTURE(host.name);
  CHECK_THROWS_AS(run(host,
                      [] {
                        Sockets sockets;
                        const int number = sockets.near();
                        sockets.close_near();
                        wait_readable(number, soon());
                      }),
                  InvalidRequestError);
}
