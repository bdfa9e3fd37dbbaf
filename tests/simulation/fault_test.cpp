// SPDX-License-Identifier: BSL-1.0

// What a simulation lets go wrong.

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include <greenway/base/error.hpp>
#include <greenway/runtime/event.hpp>
#include <greenway/runtime/simulated_host.hpp>
#include <greenway/runtime/task_group.hpp>
#include <greenway/runtime/wait.hpp>

#include "support/catch.hpp"

using namespace greenway;
using namespace std::chrono_literals;

namespace {

bool tells(const SimulatedHost& host, const std::string& what) {
  return std::any_of(host.trace().begin(), host.trace().end(),
                     [&](const std::string& line) { return line.find(what) != std::string::npos; });
}

/// Three waits of one second each; says how far it came and how it ended.
std::string three_waits(SimulatedHost& host) {
  std::string seen;
  try {
    host.run([&] {
      for (int i = 1; i <= 3; ++i) {
        try {
          seen += std::to_string(i);
          sleep_for(1s);
        } catch (const Cancelled&) {
          seen += " cancelled";
          throw;
        }
      }
    });
  } catch (const OperationCancelled&) {
    seen += " for good";
  }
  return seen;
}

}  // namespace

TEST_CASE("a wait is cancelled in a simulation by its number, and each after it too") {
  SimulatedHost host;
  host.inject(Fault::cancelled, 2);
  CHECK(three_waits(host) == "12 cancelled for good");
  CHECK(host.elapsed() == 1s);
  CHECK(tells(host, "'main' is cancelled in wait 2"));
}

TEST_CASE("a wait's deadline passes first in a simulation, though what it waits for was about to come") {
  SimulatedHost host;
  host.inject(Fault::timed_out, 2);
  std::vector<bool> in_time;
  host.run([&] {
    Event event;
    TaskGroup group;
    group.spawn([&] {
      sleep_for(1s);
      event.set();
    });
    try {
      event.wait(Deadline::in(10s));
      in_time.push_back(true);
    } catch (const TimeoutError&) {
      in_time.push_back(false);
    }
    group.wait();
  });
  CHECK(in_time == std::vector<bool>{false});
  CHECK(host.elapsed() == 10s);
  CHECK(tells(host, "is timed out in wait 2"));
}

TEST_CASE("a descriptor is reported ready in a simulation that is not") {
  SimulatedHost host;
  host.inject(Fault::woken_early, 1);
  std::array<int, 2> ends{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
  std::vector<std::string> seen;
  host.run([&] {
    sleep_for(1s);  // is none: the fault is kept for the next wait that it can befall
    Descriptor descriptor(ends[0]);
    descriptor.wait(Interest::read, Deadline::in(10s));
    char byte = 0;
    seen.emplace_back(read(ends[0], &byte, 1) < 0 ? "not ready" : "ready");
    try {
      descriptor.wait(Interest::read, Deadline::in(10s));
    } catch (const TimeoutError&) {
      seen.emplace_back("timed out");
    }
  });
  close(ends[0]);
  close(ends[1]);
  CHECK(seen == std::vector<std::string>{"not ready", "timed out"});
  CHECK(host.elapsed() == 11s);
  CHECK(tells(host, "is woken early in wait 2"));
}

TEST_CASE("a wake comes late in a simulation, and others go on meanwhile") {
  SimulationOptions options;
  options.longest_delay = 100s;
  SimulatedHost host(options);
  host.inject(Fault::woken_late, 1);
  std::string order;
  Duration late{};
  host.run([&] {
    TaskGroup group;
    group.spawn([&] {
      const TimePoint due = Clock::now() + 1s;
      sleep_for(1s);
      late = Clock::now() - due;
      order += 'a';
    });
    group.spawn([&] {
      sleep_for(1s);
      order += 'b';
    });
    group.wait();
  });
  CHECK(order == "ba");
  CHECK(late > 0s);
  CHECK(late <= 100s);
  CHECK(tells(host, "is woken late in wait 1"));
}

TEST_CASE("faults of chance come from the seed, as often as was asked for, and each is named in the trace") {
  const auto course = [](std::uint64_t seed, unsigned per_thousand) {
    SimulationOptions options;
    options.seed = seed;
    options.faults_per_thousand = per_thousand;
    SimulatedHost host(options);
    static_cast<void>(three_waits(host));
    return host.trace();
  };
  std::vector<std::string> seen;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const std::vector<std::string> trace = course(seed, 500);
    CHECK(trace == course(seed, 500));
    seen.insert(seen.end(), trace.begin(), trace.end());
    for (const std::string& line : course(seed, 0)) {
      CHECK(line.find(" is ") == std::string::npos);
    }
  }
  for (const Fault fault : {Fault::cancelled, Fault::timed_out, Fault::woken_late}) {
    CHECK(std::any_of(seen.begin(), seen.end(), [&](const std::string& line) {
      return line.find("is " + std::string(name_of(fault))) != std::string::npos;
    }));
  }
}
