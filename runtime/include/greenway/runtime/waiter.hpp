// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/runtime/waiter.hpp
/// @brief The one blocking primitive: somebody, a greenlet or a thread, waits here until woken.
///
/// Layer: runtime. Pools, worker threads, mutexes and futures are all built on it, and so work for greenlets and for
/// threads without knowing which they serve. Source: folly's `Baton`.

#include <atomic>
#include <cstdint>

#include <greenway/runtime/deadline.hpp>
#include <greenway/runtime/wait_reason.hpp>

namespace greenway {

struct GreenletRecord;
class Host;

/// One wait of one waiter. Lives on the waiter's own stack.
///
///     fresh  --wake()------->  woken           wake() came first: wait() does not suspend
///     fresh  --wait()------->  waiting
///     waiting --wake()------>  woken           wait() returns true
///     waiting --deadline---->  fresh           wait() returns false
///     waiting --cancelled--->  fresh           wait() throws Cancelled
///
/// @par Threads
/// wake() may be called from any thread, any number of times. The caller sees to it that the Waiter still exists: most
/// simply by waking under a lock that the waiter takes before it goes away.
class Waiter {
 public:
  /// Belongs to the greenlet or thread that makes it, which alone may wait.
  /// @param reason  What it will wait for: shown to whoever looks at a running program.
  explicit Waiter(WaitReason reason = {}) noexcept;
  /// Not while waiting.
  ~Waiter();
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  /// Waits until woken.
  /// @param deadline  Until when at most; a bound around the caller that is earlier cancels instead.
  /// @return True when woken, even if the deadline has passed as well; false when the deadline passed first.
  /// @throws Cancelled       The scope around the caller was cancelled, and nobody had called wake().
  /// @throws WouldBlockLoop  Outside a greenlet, on a thread whose loop is running: the wake could never come.
  bool wait(Deadline deadline = {});

  /// Waits until woken, whatever is cancelled: for what still uses the waiter's stack. Where nothing may suspend, the
  /// thread blocks.
  void wait_always() noexcept;

  /// Wakes the waiter; the first call does it, later ones do nothing.
  void wake() noexcept;

  /// @return Whether wake() has been called.
  [[nodiscard]] bool is_woken() const noexcept { return state_.load(std::memory_order_acquire) >= woken; }

  /// @return What it waits for.
  [[nodiscard]] WaitReason reason() const noexcept { return reason_; }

 private:
  friend class CancelScope;
  friend class Host;
  friend class Reactor;
  friend struct ScopeAccess;
  friend struct WaiterAccess;
  enum State : std::uint32_t { fresh, waiting, woken, woken_from_afar };

  bool wait_in_greenlet(Deadline deadline);
  bool wait_in_thread(Deadline deadline);
  void interrupt() noexcept;  // on the loop's thread: lets the greenlet look why it was woken
  void settle() noexcept;     // after a wait: nobody refers to this any more

  GreenletRecord* greenlet_;     // null: a thread waits
  Host* host_;                   // whose loop runs the greenlet
  Waiter* next_ = nullptr;       // in the host's inbox, while linked there
  Waiter* previous_ = nullptr;
  WaitReason reason_;
  std::uint64_t since_ = 0;      // the processor's counter when the greenlet went to rest
  bool in_inbox_ = false;
  std::atomic<std::uint32_t> state_{fresh};  // the word of a thread's futex as well
};

}  // namespace greenway
