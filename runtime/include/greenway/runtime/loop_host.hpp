// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/loop_host.hpp
/// @brief A loop of Greenway's own, for programs that have no other: what greenway::run() and get() make.
///
/// Layer: runtime.

#include <atomic>

#include <greenway/runtime/host.hpp>

namespace greenway {

namespace detail {
class OperationState;
}

/// An event loop on the thread that makes it, for as long as run() is under way.
class LoopHost : public Host {
 public:
  /// Makes the loop; nothing runs yet.
  /// @throws ResourceExhausted  The system refused a descriptor.
  LoopHost();
  ~LoopHost() override;

  [[nodiscard]] bool is_running_here() const noexcept override { return is_own_thread() && is_running_; }

  /// Starts an operation and runs the loop until it has ended. Blocks this thread.
  /// @param operation  Claimed, not started.
  /// @throws GreenletError  As run_until().
  void run(detail::OperationState& operation);

  /// Runs the loop until `is_done` is set, by something that the loop runs.
  /// @param is_done  Looked at after each turn.
  /// @throws GreenletError  Greenlets of the loop are suspended on another thread, where it ran before.
  void run_until(const bool& is_done);

 protected:
  class Turn;

  void schedule() noexcept override;
  void watch(bool on) noexcept override;
  void turn(Duration length) noexcept override;

  /// Resumes what is ready, or waits until something is.
  virtual void step();

 private:
  int wake_ = -1;
  bool is_running_ = false;
  std::atomic<bool> has_work_{false};
};

}  // namespace greenway
