// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <greenway/runtime/cancel.hpp>
#include <greenway/runtime/interpose_scope.hpp>
#include <greenway/runtime/task_group.hpp>
#include <greenway/runtime/wait.hpp>

#include "support/catch.hpp"

/// Legacy code that is called in two ways: by threads, and by greenlets of one thread.
namespace visitors {

namespace gw = greenway;
using namespace std::chrono_literals;

/// What a script has set; fails the test when it has not.
inline std::string setting(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr) {
    throw std::runtime_error(std::string(name) + " is not set: run these tests through scripts/test.sh, or under " +
                             "scripts/postgresql.sh run, scripts/mariadb.sh run and scripts/redis.sh run");
  }
  return value;
}

/// What `visit(0)`, `visit(1)`, … return, each called by a thread of its own.
template <class F>
auto by_threads(int count, F visit) {
  std::vector<std::invoke_result_t<F&, int>> results(static_cast<std::size_t>(count));
  std::vector<std::exception_ptr> errors(results.size());
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&, i] {
        try {
          results[static_cast<std::size_t>(i)] = visit(i);
        } catch (...) {
          errors[static_cast<std::size_t>(i)] = std::current_exception();
        }
      });
    }
  }
  for (const std::exception_ptr& error : errors) {
    if (error != nullptr) {
      std::rethrow_exception(error);
    }
  }
  return results;
}

/// As by_threads(), each called by a greenlet of this thread.
template <class F>
auto by_greenlets(int count, F visit) {
  std::vector<std::invoke_result_t<F&, int>> results(static_cast<std::size_t>(count));
  gw::run([&] {
    gw::TaskGroup group;
    for (int i = 0; i < count; ++i) {
      group.spawn([&, i] {
        const gw::InterposeScope scope;
        results[static_cast<std::size_t>(i)] = visit(i);
      });
    }
    group.wait();
  });
  return results;
}

/// Counts who is in a stretch of code at the same time.
class Crowd {
 public:
  template <class F>
  void admit(F&& stretch) {
    most_ = std::max(most_, ++inside_);
    std::forward<F>(stretch)();
    --inside_;
  }
  [[nodiscard]] int most() const noexcept { return most_; }

 private:
  int inside_ = 0;
  int most_ = 0;
};

/// How a greenlet fares whose legacy call is cut short.
struct CutShort {
  std::string library_says;         ///< The library's own error; empty: none.
  bool next_call_returned = false;  ///< The next call of Greenway did not throw.
  bool timed_out = false;           ///< The bound around both showed as what it is.
  bool cancelled = false;           ///< Likewise the cancellation.

  /// Calls, and keeps what the library says of it.
  template <class F>
  void call_library(F& call) {
    try {
      call();
    } catch (const std::exception& error) {
      library_says = error.what();
    }
    gw::sleep_for(1ms);
    next_call_returned = true;
  }
};

/// Bounds `call` in time, in a greenlet.
template <class F>
CutShort cut_short(gw::Duration limit, F call) {
  CutShort result;
  gw::run([&] {
    const gw::InterposeScope scope;
    try {
      gw::with_timeout(limit, [&] { result.call_library(call); });
    } catch (const gw::TimeoutError&) {
      result.timed_out = true;
    }
  });
  return result;
}

/// Cancels the greenlet of `call` once that waits.
template <class F>
CutShort cancel_within(F call) {
  CutShort result;
  gw::run([&] {
    gw::CancelScope* scope_of_call = nullptr;
    gw::TaskGroup group;
    group.spawn([&] {
      const gw::InterposeScope interpose;
      gw::CancelScope scope;
      scope_of_call = &scope;
      try {
        result.call_library(call);
      } catch (const gw::Cancelled&) {
        result.cancelled = scope.is_cancelled();
      }
    });
    group.spawn([&] { scope_of_call->cancel(); });
    group.wait();
  });
  return result;
}

}  // namespace visitors
