// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <iostream>
#include <sstream>

#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/cancel.hpp>
#include <greenway/runtime/greenlet.hpp>
#include <greenway/runtime/wait.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;

namespace {

/// Runs `body` as a plain function and in a greenlet.
template <class F>
void in_thread_and_greenlet(F body) {
  SECTION("in a thread") { body(); }
  SECTION("in a greenlet") { greenway::run(body); }
}

}  // namespace

TEST_CASE("with_timeout cancels inside and is a TimeoutError at its boundary") {
  in_thread_and_greenlet([] {
    bool was_cancelled = false;
    CHECK_THROWS_AS(greenway::with_timeout(2ms,
                                           [&] {
                                             try {
                                               greenway::sleep_for(10s);
                                             } catch (const greenway::Cancelled&) {
                                               was_cancelled = true;
                                               throw;
                                             }
                                           }),
                    greenway::TimeoutError);
    CHECK(was_cancelled);
  });
}

TEST_CASE("with_timeout returns what the function returns") {
  in_thread_and_greenlet([] { CHECK(greenway::with_timeout(10s, [] { return 7; }) == 7); });
}

TEST_CASE("a handler for std::exception does not swallow a cancellation") {
  in_thread_and_greenlet([] {
    bool was_swallowed = false;
    CHECK_THROWS_AS(greenway::with_timeout(1ms,
                                           [&] {
                                             try {
                                               greenway::sleep_for(10s);
                                             } catch (const std::exception&) {
                                               was_swallowed = true;
                                             }
                                           }),
                    greenway::TimeoutError);
    CHECK_FALSE(was_swallowed);
  });
}

TEST_CASE("a swallowed cancellation is thrown again at each further suspension point") {
  in_thread_and_greenlet([] {
    int refusals = 0;
    CHECK_THROWS_AS(greenway::with_timeout(1ms,
                                           [&] {
                                             for (; refusals < 3; ++refusals) {
                                               try {
                                                 greenway::sleep_for(10s);
                                               } catch (...) {
                                               }
                                             }
                                             greenway::yield();
                                           }),
                    greenway::TimeoutError);
    CHECK(refusals == 3);
  });
}

TEST_CASE("of two nested bounds the one that is met shows at its own boundary") {
  in_thread_and_greenlet([] {
    bool inner_was_timed_out = false;
    CHECK_THROWS_AS(greenway::with_timeout(1ms,
                                           [&] {
                                             try {
                                               greenway::with_timeout(10s, [] { greenway::sleep_for(20s); });
                                             } catch (const greenway::TimeoutError&) {
                                               inner_was_timed_out = true;
                                             }
                                           }),
                    greenway::TimeoutError);
    CHECK_FALSE(inner_was_timed_out);
    CHECK_THROWS_AS(greenway::with_timeout(
                        10s, [] { greenway::with_timeout(1ms, [] { greenway::sleep_for(20s); }); }),
                    greenway::TimeoutError);
  });
}

TEST_CASE("a shield keeps a cancellation out until it ends, and is bounded itself") {
  in_thread_and_greenlet([] {
    bool is_clean = false;
    bool was_bounded = false;
    CHECK_THROWS_AS(greenway::with_timeout(1ms,
                                           [&] {
                                             try {
                                               greenway::sleep_for(10s);
                                             } catch (const greenway::Cancelled&) {
                                               {
                                                 const greenway::Shield shield(10s);
                                                 greenway::sleep_for(1ms);
                                                 is_clean = true;
                                               }
                                               try {
                                                 const greenway::Shield shield(1ms);
                                                 greenway::sleep_for(10s);
                                               } catch (const greenway::Cancelled&) {
                                                 was_bounded = true;
                                               }
                                               throw;
                                             }
                                           }),
                    greenway::TimeoutError);
    CHECK(is_clean);
    CHECK(was_bounded);
  });
}

TEST_CASE("a scope cancelled by another greenlet ends the wait inside it") {
  greenway::run([] {
    greenway::CancelScope* inner = nullptr;
    auto sleeper = greenway::greenlet_spawn([&] {
                     greenway::CancelScope scope;
                     inner = &scope;
                     try {
                       greenway::sleep_for(10s);
                     } catch (const greenway::Cancelled&) {
                       return scope.is_cancelled();
                     }
                     return false;
                   }).to_future();
    inner->cancel();
    CHECK(sleeper.get());
  });
}

TEST_CASE("cancelling an operation unwinds its function and shows as OperationCancelled") {
  greenway::run([] {
    bool is_unwound = false;
    auto operation = greenway::greenlet_spawn([&] {
      struct Guard {
        bool& flag;
        ~Guard() { flag = true; }
      } guard{is_unwound};
      greenway::sleep_for(10s);
    });
    const auto cancel = operation.canceller();
    auto future = operation.to_future();
    cancel();
    CHECK_THROWS_AS(future.get(), greenway::OperationCancelled);
    CHECK(is_unwound);
    cancel();
  });
}

TEST_CASE("an operation cancelled before it starts never runs its function") {
  greenway::run([] {
    bool has_run = false;
    auto operation = greenway::greenlet_spawn([&] { has_run = true; });
    operation.cancel();
    CHECK_THROWS_AS(operation.get(), greenway::OperationCancelled);
    CHECK_FALSE(has_run);
  });
}

TEST_CASE("cancelling a greenlet cancels what it awaits, which has ended before it goes on") {
  greenway::run([] {
    bool child_has_ended = false;
    bool order_is_right = false;
    auto operation = greenway::greenlet_spawn([&] {
      try {
        greenway::await_only(greenway::greenlet_spawn([&] {
          struct Guard {
            bool& flag;
            ~Guard() { flag = true; }
          } guard{child_has_ended};
          greenway::sleep_for(10s);
        }));
      } catch (const greenway::Cancelled&) {
        order_is_right = child_has_ended;
        throw;
      }
    });
    const auto cancel = operation.canceller();
    auto future = operation.to_future();
    cancel();
    CHECK_THROWS_AS(future.get(), greenway::OperationCancelled);
    CHECK(order_is_right);
  });
}

TEST_CASE("a greenlet that is being destroyed cannot wait, shielded or not") {
  bool was_refused = false;
  {
    greenway::Greenlet greenlet([&] {
      struct Guard {
        bool& refused;
        ~Guard() {
          try {
            const greenway::Shield shield(10s);
            greenway::sleep_for(10s);
          } catch (const greenway::Cancelled&) {
            refused = greenway::is_unwinding();
          }
        }
      } guard{was_refused};
      greenway::Greenlet::current().parent().switch_to();
    });
    greenlet.switch_to();
  }
  CHECK(was_refused);
}
