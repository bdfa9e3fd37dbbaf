// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/reactor_host.hpp
/// @brief Greenlets in any reactor that can watch one descriptor.
///
/// Layer: runtime. For a loop that Greenway has no host of its own for; `docs/embedding.md` shows how to write one.

#include <greenway/runtime/host.hpp>

namespace greenway {

/// A host for whatever watches native_handle() and calls poll() when that is readable. Descriptors, timers and wake-ups from
/// other threads are all behind it.
///
/// ```cpp
/// greenway::ReactorHost host;
/// reactor.on_readable(host.native_handle(), [&] { host.poll(); });
/// const greenway::ReactorHost::Running running(host);
/// reactor.run();                                              // greenlets run in it
/// ```
///
/// @par Threads
/// Belongs to the thread that makes it, which runs the reactor.
///
/// @par Lifetime
/// The reactor ends its watch before the host is destroyed; that ends the greenlets that are left, as ~Host says, without
/// the reactor.
///
/// @par Cost
/// What becomes ready outside poll() takes a write to an eventfd and a turn of the reactor.
class ReactorHost : public Host {
 public:
  /// While it exists, the reactor runs further up this thread's stack: an operation finds the host by itself, and to block
  /// is WouldBlockLoop. Without it that is known inside poll() only, and the host has to be named in GreenletOptions.
  class Running {
   public:
    /// @param host  On its own thread.
    explicit Running(ReactorHost& host) noexcept;
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    ReactorHost& host_;
  };

  /// Makes the host; nothing is watched yet.
  /// @throws ResourceExhausted  The system refused a descriptor.
  ReactorHost();
  ~ReactorHost() override;

  /// @return The descriptor to watch for reading, level-triggered; readable when poll() has something to do.
  [[nodiscard]] int native_handle() const noexcept { return Host::native_handle(); }

  /// Resumes what is ready, a bounded number of greenlets. Never waits. To be called when native_handle() is readable; at any
  /// other time it does no harm.
  void poll();

  /// @return Whether greenlets wait: a reactor that ends when it has nothing left to do goes on meanwhile.
  [[nodiscard]] bool has_waiters() const noexcept { return has_waiters_; }

  [[nodiscard]] bool is_running_here() const noexcept override { return running_ != 0 && is_own_thread(); }

 protected:
  void schedule() noexcept override;
  void watch(bool on) noexcept override { has_waiters_ = on; }

 private:
  int wake_ = -1;
  int running_ = 0;  // how often, further up the stack
  bool has_waiters_ = false;
};

}  // namespace greenway
