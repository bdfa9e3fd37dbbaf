// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/fiber/fiber_host.hpp
/// @brief Greenway in the threads of Boost.Fiber: waits suspend the fiber that makes them.
///
/// Layer: hosts/fiber.

#include <atomic>

#include <greenway/runtime/host.hpp>

namespace greenway {

namespace detail {
class FiberAlgorithm;
}

/// A thread's Boost.Fiber scheduler with Greenway's reactor inside.
///
///     greenway::FiberHost host;                                   // from here on, on this thread
///     boost::fibers::fiber a([&] { transfer(conn_a, 1, 2, 500); });  // each statement suspends the fiber
///     boost::fibers::fiber b([&] { transfer(conn_b, 3, 4, 500); });
///     a.join(), b.join();
///
/// It sets the thread's scheduling algorithm: round robin, and while no fiber is ready it waits for Greenway's descriptors and
/// timers as well. Every fiber of the thread, the main one among them, then is to Greenway what a greenlet is:
///
/// - each wait (wait_readable(), sleep_for(), Mutex, Channel, offload(), a driver's) suspends that fiber only;
/// - `op.get()` and await_only() suspend the fiber until the operation has ended; in_greenlet() is true;
/// - CancelScope, with_timeout() and Shield belong to the fiber that opens them, and GreenletLocal to the fiber as well;
/// - the C++ exception state is the fiber's: it may wait, by Greenway's means or Boost's, inside `catch`. Boost.Fiber 1.81
///   itself does not see to that.
///
/// Greenlets that are spawned on the thread run in the same loop, between the fibers.
///
/// @par In a greenlet, Greenway's waits
/// A greenlet of this host, a callback of Operation::start() and what post() runs must not block by Boost.Fiber's means
/// (`boost::fibers::mutex`, `future`, `join`): they run on the stack of Boost's dispatcher, which cannot be set aside. Waking
/// fibers and launching them is allowed.
///
/// @par Cancellation
/// Nothing but a scope of its own cancels a fiber, and shutdown(): then what waits in Greenway throws Cancelled. As an exception
/// that leaves a fiber's function ends the program, a fiber that may be alive then catches Cancelled at its outermost.
///
/// @par Threads
/// One for each thread. The fibers of the thread stay on it.
///
/// @par Sanitizers
/// They are told of each switch between fibers. Of the jumps by which Boost begins a fiber's stack and leaves it for good nobody
/// can be told. So AddressSanitizer has to run with `detect_stack_use_after_return=0` where fibers are launched, and for
/// ThreadSanitizer what includes Boost.Fiber's headers has to be optimised (`-O1`); it does not see what Boost's own library
/// does, its mutexes among it.
///
/// @par Lifetime
/// Made and destroyed in the thread's main fiber. While it exists no other scheduling algorithm is set, and fiber properties are
/// its own. After it has gone the algorithm stays, without a reactor: fibers go on, and their waits in Greenway block the
/// thread.
class FiberHost final : public Host {
 public:
  /// Sets this thread's scheduling algorithm.
  /// @throws InvalidRequestError  The thread has a FiberHost already.
  /// @throws ResourceExhausted    The system refused a descriptor.
  FiberHost();
  /// Shuts down what waits, as ~Host says.
  ~FiberHost() override;

  /// @return Whether nothing can be set aside here, as in a callback of the loop.
  [[nodiscard]] bool is_running_here() const noexcept override;

 protected:
  void schedule() noexcept override;
  void watch(bool on) noexcept override;
  void turn(Duration length) noexcept override;

 private:
  friend class detail::FiberAlgorithm;

  void look(bool others_are_ready) noexcept;
  void wait(TimePoint until) noexcept;

  detail::FiberAlgorithm* algorithm_;  // counted
  std::atomic<bool> has_work_{false};
  bool is_watched_ = false;
  unsigned rounds_ = 0;  // in which there was nothing for us to do
};

}  // namespace greenway
