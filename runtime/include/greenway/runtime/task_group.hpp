// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/task_group.hpp
/// @brief Structure: greenlets that none outlives the block that spawned them.
///
/// Layer: runtime. Source: Trio's nurseries, Python's `asyncio.TaskGroup`.

#include <cstddef>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/loop_host.hpp>
#include <greenway/runtime/outcome.hpp>

namespace greenway {

/// Greenlets that belong together: the first error cancels the others, and nothing is left running.
///
///     open  --spawn()-->            open, one child more
///     open  --a child throws-->     failing: the others are cancelled
///     open  --cancel()-->           cancelled: all are
///     any   --wait()-->             open, empty: all have ended, the first error is thrown
///
/// ```cpp
/// TaskGroup group;
/// group.spawn(fetch, url_a, std::ref(a));
/// group.spawn(fetch, url_b, std::ref(b));
/// group.wait();
/// ```
///
/// @par Threads
/// Belongs to the greenlet that makes it, and its children run on the same loop. Made in a plain thread it brings a loop of
/// its own, on which the children run while wait() does.
///
/// @par Lifetime
/// The destructor cancels what still runs and waits for its end: children may use the stack of whoever spawned them.
class TaskGroup {
 public:
  /// Empty.
  TaskGroup();
  /// See Lifetime. An error that nobody took by wait() is dropped.
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts a child, as greenlet_spawn() does; it runs at once up to its first suspension. In a group that is cancelled, or
  /// failing, it is cancelled there.
  /// @param fn    Its result is dropped; an exception is the group's.
  /// @param args  As greenlet_spawn().
  template <class F, class... A>
  void spawn(F&& fn, A&&... args) {
    GreenletOptions options;
    options.host = host();
    adopt(greenlet_spawn(std::move(options), std::forward<F>(fn), std::forward<A>(args)...));
  }

  /// Waits until all children have ended.
  /// @throws ...        What the first child that failed let out; the others have been cancelled and have ended.
  /// @throws Cancelled  The caller was cancelled; so were the children, and they have ended.
  void wait();

  /// Cancels all children. They end at their next suspension point; wait() waits for that.
  void cancel() noexcept;

 private:
  using Children = std::list<std::function<void()>>;

  [[nodiscard]] Host* host() noexcept { return loop_ ? &*loop_ : nullptr; }

  template <class T>
  void adopt(Operation<T> child) {
    const auto place = children_.insert(children_.end(), child.canceller());
    is_empty_ = false;
    const std::function<void()> cancel_late = is_cancelled_ ? *place : nullptr;  // a copy: it may end while it starts
    child.start([this, place](Outcome<T>&& outcome) { end(place, outcome.error()); });
    if (cancel_late != nullptr) {
      cancel_late();
    }
  }

  void end(Children::iterator child, std::exception_ptr error) noexcept;
  void wait_for_children() noexcept;

  std::optional<LoopHost> loop_;  // a plain thread's
  Children children_;             // by what cancels them
  bool is_empty_ = true;
  bool is_cancelled_ = false;
  std::exception_ptr error_;
  Waiter* waiter_ = nullptr;
};

/// Runs several operations at the same time.
/// @param operations  Consumed.
/// @return Their values, in order; std::monostate for void.
/// @throws ...  The first error; the others have been cancelled and have ended.
template <class... T>
std::tuple<typename Outcome<T>::Stored...> when_all(Operation<T>... operations) {
  std::tuple<Outcome<T>...> outcomes;
  TaskGroup group;
  std::apply(
      [&](Outcome<T>&... outcome) {
        (group.spawn(
             [](Outcome<T>& into, Operation<T>& from) {
               into.capture([&]() -> T { return await_only(std::move(from)); });
               if (std::exception_ptr error = into.error()) {
                 std::rethrow_exception(std::move(error));
               }
             },
             std::ref(outcome), std::ref(operations)),
         ...);
      },
      outcomes);
  group.wait();
  return std::apply(
      [](Outcome<T>&... outcome) {
        return std::tuple<typename Outcome<T>::Stored...>([&]() -> typename Outcome<T>::Stored {
          if constexpr (std::is_void_v<T>) {
            return std::monostate();
          } else if constexpr (std::is_reference_v<T>) {
            return std::addressof(std::move(outcome).get());
          } else {
            return std::move(outcome).get();
          }
        }()...);
      },
      outcomes);
}

/// Runs several operations at the same time until one ends.
/// @param first  Consumed.
/// @param rest   Likewise, of the same type.
/// @return Which one ended first, and its value; the others have been cancelled and have ended.
/// @throws ...  Its error.
template <class T, class... Rest>
  requires(std::is_same_v<T, Rest> && ...)
std::pair<std::size_t, typename Outcome<T>::Stored> when_any(Operation<T> first, Operation<Rest>... rest) {
  std::optional<std::size_t> winner;
  Outcome<T> outcome;
  {
    TaskGroup group;
    std::size_t index = 0;
    const auto race = [&](Operation<T>& operation) {
      group.spawn(
          [&, self = index++](Operation<T>& from) {
            Outcome<T> mine;
            mine.capture([&]() -> T { return await_only(std::move(from)); });
            if (!winner) {
              winner = self;
              outcome = std::move(mine);
              group.cancel();
            }
          },
          std::ref(operation));
    };
    race(first);
    (race(rest), ...);
    group.wait();
  }
  if constexpr (std::is_void_v<T>) {
    std::move(outcome).get();
    return {*winner, std::monostate()};
  } else {
    return {*winner, std::move(outcome).get()};
  }
}

}  // namespace greenway
