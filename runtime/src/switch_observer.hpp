// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace greenway {

struct GreenletRecord;

namespace detail {

/// Is told of every switch of one thread, besides the function that set_trace() was given.
class SwitchObserver {
 public:
  virtual ~SwitchObserver() = default;
  /// Called after the switch, on the target's stack; must not switch or wait.
  /// @param origin  Who was left. May be dead, but its record is still as it was.
  /// @param target  Who runs.
  /// @return Whether it wants to be told of the next switch too.
  virtual bool switched(const GreenletRecord& origin, const GreenletRecord& target) noexcept = 0;
};

struct Hub;

/// What else observes each new hub; null for nothing. Set before the program's threads begin.
inline void (*observe_new_hub)(Hub& hub) = nullptr;

/// Observes a new hub if a trace is being recorded, or the environment asks for one.
void trace_new_hub(Hub& hub) noexcept;

}  // namespace detail

}  // namespace greenway
