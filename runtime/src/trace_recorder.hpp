// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include <sys/types.h>

#include <greenway/runtime/wait_reason.hpp>

#include "switch_observer.hpp"

namespace greenway::detail {

/// Something that happened to a greenlet.
struct TraceEvent {
  enum class Kind : std::uint8_t { run, begin, end, wait_begin, wait_end };

  Kind kind;
  std::uint64_t greenlet;      // a number of its own: records are used again
  std::uint64_t since;         // ticks; of a run when it began …
  std::uint64_t until;         // … and when it ended
  WaitReason reason;           // of a wait, at its end too
  const void* spawned_at;      // of a greenlet that begins
};

/// What one thread's greenlets do, as long as a trace is recorded.
///
/// @par Threads
/// switched() is called by that thread, everything else by any; nothing of a greenlet's record is read but in switched().
class TraceRecorder final : public SwitchObserver {
 public:
  /// On the thread to be observed.
  TraceRecorder();

  bool switched(const GreenletRecord& origin, const GreenletRecord& target) noexcept override;

  /// Ends the recording: what runs, waits and lives is cut off now.
  void stop();

  // What has been recorded; after stop().
  [[nodiscard]] const std::vector<TraceEvent>& events() const noexcept { return events_; }
  [[nodiscard]] const std::string& name_of(std::uint64_t greenlet) const;
  [[nodiscard]] const std::string& thread_name() const noexcept { return thread_name_; }
  [[nodiscard]] pid_t thread() const noexcept { return thread_; }
  [[nodiscard]] std::size_t dropped() const noexcept { return dropped_; }

 private:
  /// A greenlet that lives.
  struct Life {
    std::uint64_t number = 0;
    std::uint64_t running_since = 0;  // 0: it does not run
    bool is_waiting = false;
    WaitReason reason;
  };

  Life& life_of(const GreenletRecord& greenlet, std::uint64_t now);
  void leave(const GreenletRecord& greenlet, std::uint64_t now);
  void enter(const GreenletRecord& greenlet, std::uint64_t now);
  void add(const TraceEvent& event);
  void cut(Life& life, std::uint64_t now);

  std::mutex mutex_;
  bool is_stopped_ = false;
  std::uint64_t began_;
  pid_t thread_;
  std::string thread_name_;
  std::unordered_map<const GreenletRecord*, Life> lives_;
  std::unordered_map<std::uint64_t, std::string> names_;
  std::vector<TraceEvent> events_;
  std::size_t dropped_ = 0;
};

}  // namespace greenway::detail
