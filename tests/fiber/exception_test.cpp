// SPDX-License-Identifier: BSL-1.0

// The C++ exception state of a fiber travels with it, whoever sets it aside.

#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/fiber/algo/round_robin.hpp>
#include <boost/fiber/fiber.hpp>
#include <boost/fiber/operations.hpp>
#include <boost/version.hpp>

#include <greenway/fiber/fiber_host.hpp>
#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/wait.hpp>

#include "support/catch.hpp"

using namespace greenway;
using namespace std::chrono_literals;

namespace {

std::string handled_now() {
  try {
    std::rethrow_exception(std::current_exception());
  } catch (const std::exception& error) {
    return error.what();
  }
}

/// Two fibers that wait inside `catch` and end in the order of their start: what each finds itself handling then.
std::vector<std::string> handled_after(void (*wait)()) {
  std::vector<std::string> seen;
  const auto handle = [&](const char* text) {
    try {
      throw std::runtime_error(text);
    } catch (const std::exception&) {
      wait();
      seen.push_back(handled_now());
    }
  };
  boost::fibers::fiber first(handle, "first");
  boost::fibers::fiber second(handle, "second");
  first.join();
  second.join();
  return seen;
}

void yield_to_boost() { boost::this_fiber::yield(); }
void sleep_a_moment() { sleep_for(1ms); }
void await_a_greenlet() { greenlet_spawn([] { sleep_for(1ms); }).get(); }

const std::vector<std::string> each_its_own{"first", "second"};

}  // namespace

TEST_CASE("a fiber that yields inside catch goes on with its own exception") {
  const FiberHost host;
  CHECK(handled_after(yield_to_boost) == each_its_own);
}

TEST_CASE("a fiber that waits inside catch goes on with its own exception") {
  const FiberHost host;
  CHECK(handled_after(sleep_a_moment) == each_its_own);
  CHECK(handled_after(await_a_greenlet) == each_its_own);
}

#if BOOST_VERSION < 108800
TEST_CASE("fibers that yield inside catch swap their exceptions without FiberHost") {
  std::vector<std::string> seen;
  std::thread([&] {
    boost::fibers::use_scheduling_algorithm<boost::fibers::algo::round_robin>();
    seen = handled_after(yield_to_boost);
  }).join();
  CHECK(seen == std::vector<std::string>{"second", "first"});
}
#endif

TEST_CASE("a fiber that is launched inside catch and runs at once handles nothing, and its launcher goes on handling") {
  const FiberHost host;
  bool has_one = true;
  int uncaught = 1;
  std::string seen;
  try {
    throw std::runtime_error("the launcher's");
  } catch (const std::exception&) {
    boost::fibers::fiber launched(boost::fibers::launch::dispatch, [&] {
      has_one = std::current_exception() != nullptr;
      uncaught = std::uncaught_exceptions();
      boost::this_fiber::yield();
    });
    seen = handled_now();
    launched.join();
    seen += ", " + handled_now();
  }
  CHECK_FALSE(has_one);
  CHECK(uncaught == 0);
  CHECK(seen == "the launcher's, the launcher's");
}

TEST_CASE("a fiber's destructors wait while an exception unwinds it, and so do another's") {
  const FiberHost host;
  std::vector<std::string> seen;
  struct Waits {
    ~Waits() { sleep_for(1ms); }
  };
  const auto unwind = [&](const char* text) {
    try {
      const Waits waits;
      throw std::runtime_error(text);
    } catch (const std::exception& error) {
      seen.emplace_back(error.what() + std::to_string(std::uncaught_exceptions()));
    }
  };
  boost::fibers::fiber first(unwind, "first ");
  boost::fibers::fiber second(unwind, "second ");
  first.join();
  second.join();
  CHECK(seen == std::vector<std::string>{"first 0", "second 0"});
}

TEST_CASE("a greenlet and a fiber that wait inside catch keep their exceptions apart") {
  const FiberHost host;
  std::string of_greenlet;
  std::string of_fiber;
  boost::fibers::fiber fiber([&] {
    try {
      throw std::runtime_error("fiber");
    } catch (const std::exception&) {
      greenlet_spawn([&] {
        try {
          throw std::runtime_error("greenlet");
        } catch (const std::exception&) {
          sleep_for(1ms);
          of_greenlet = handled_now();
        }
      }).get();
      of_fiber = handled_now();
    }
  });
  fiber.join();
  CHECK(of_greenlet == "greenlet");
  CHECK(of_fiber == "fiber");
}
