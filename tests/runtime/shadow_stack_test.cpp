// SPDX-License-Identifier: BSL-1.0
#include <string>
#include <thread>

#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/greenlet.hpp>
#include <greenway/runtime/live.hpp>

#include "shadow_stack.hpp"
#include "support/catch.hpp"

namespace {

using greenway::Greenlet;
using greenway::ShadowStackError;

/// Runs `fn` on a thread that has no stacks yet, and that seems to have a shadow stack.
template <class F>
void on_shadowed_thread(F&& fn) {
  greenway::detail::pretend_shadow_stack(true);
  std::thread(fn).join();
  greenway::detail::pretend_shadow_stack(false);
}

}  // namespace

TEST_CASE("with a user shadow stack the first switch to a greenlet says so and what to do, and leaves it fresh") {
  std::string message;
  bool has_run = false;
  bool is_fresh = false;
  on_shadowed_thread([&] {
    Greenlet greenlet([&] { has_run = true; });
    try {
      greenlet.switch_to();
    } catch (const ShadowStackError& error) {
      message = error.what();
    }
    is_fresh = !greenlet.dead() && !greenlet.active();
  });
  CHECK_THAT(message, Catch::Contains("user shadow stack") && Catch::Contains("GLIBC_TUNABLES=glibc.cpu."));
  CHECK(is_fresh);
  CHECK_FALSE(has_run);
}

TEST_CASE("with a user shadow stack a spawn fails with the same error, and leaves no greenlet behind") {
  bool has_thrown = false;
  std::size_t left = 1;
  on_shadowed_thread([&] {
    try {
      greenway::run([] {});
    } catch (const ShadowStackError&) {
      has_thrown = true;
    }
    left = greenway::live_greenlets().size();
  });
  CHECK(has_thrown);
  CHECK(left == 0);
}

TEST_CASE("a spawn whose stack is too large leaves no greenlet behind") {
  greenway::GreenletOptions options;
  options.stack.size_bytes = std::size_t{1} << 40;
  const std::size_t before = greenway::live_greenlets().size();
  CHECK_THROWS_AS(greenway::greenlet_spawn(options, [] {}).get(), greenway::ArgumentError);
  CHECK(greenway::live_greenlets().size() == before);
}
