// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/uv/uv_host.hpp
/// @brief Greenlets on a libuv loop.
///
/// Layer: host. Only programs that use libuv include it.

#include <uv.h>

#include <greenway/runtime/host.hpp>

namespace greenway {

/// The host of one `uv_loop_t`.
///
/// ```cpp
/// greenway::UvHost host(uv_default_loop());
/// uv_timer_start(&timer, [](uv_timer_t*) {
///   greenway::greenlet_spawn(load_user, 42).start(show);      // load_user is synchronous; the loop goes on meanwhile
/// }, 0, 0);
/// host.run();
/// ```
///
/// Greenlets run on the loop's thread, inside its callbacks. Those that wait keep the loop alive, as active handles do; a
/// function that another thread posts does not, which is libuv's rule for `uv_async_t`.
///
/// libuv does not tell whether a loop is running. run() makes it known; where `uv_run` itself is called, it is known inside
/// Greenway's callbacks only, and from others an operation has to name the host: `GreenletOptions::host = &UvHost::of(loop)`.
///
/// @par Threads
/// Made, run and destroyed on the loop's thread.
///
/// @par Lifetime
/// The loop outlives the host. Destroying the host, while the loop does not run, ends the greenlets that are left, closes the
/// two handles that it has in the loop and gives the loop the turns that this takes: `uv_loop_close` succeeds afterwards.
class UvHost final : public Host {
 public:
  /// @param loop  Initialised; it has no host yet.
  /// @throws InvalidRequestError  It has one.
  /// @throws ResourceExhausted    The system refused a descriptor.
  explicit UvHost(uv_loop_t* loop);
  ~UvHost() override;

  /// @param loop  Any.
  /// @return The host that has been made for it.
  /// @throws NoHost  There is none.
  [[nodiscard]] static UvHost& of(const uv_loop_t* loop);

  /// `uv_run`, known to be running.
  /// @param mode  As there.
  /// @return As there.
  int run(uv_run_mode mode = UV_RUN_DEFAULT);

  [[nodiscard]] bool is_running_here() const noexcept override { return running_ != 0 && is_own_thread(); }

 private:
  class Running;
  struct Handles;

  void schedule() noexcept override;
  void watch(bool on) noexcept override;
  void turn(Duration length) noexcept override;

  void close() noexcept;

  uv_loop_t* loop_;
  Handles* handles_;  // deleted by the loop, when it has closed them
  int running_ = 0;   // how often, further up the stack
};

}  // namespace greenway
